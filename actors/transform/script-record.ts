import type { PlainCodec } from '../codec.ts';
import { asFailure } from '../failure.ts';
import type { Header, StreamRecord } from '../record.ts';
import { isTombstone } from '../record.ts';
import type { ScriptRecord } from '../script.ts';

/** What a script holds in the place of a record. */
export class RecordView implements ScriptRecord<unknown> {
  /** The record itself, and its place in the batch. Not for scripts: their type does not have them. */
  readonly source: StreamRecord;
  readonly index: number;
  readonly #text: PlainCodec;

  constructor(source: StreamRecord, index: number, text: PlainCodec) {
    this.source = source;
    this.index = index;
    this.#text = text;
  }

  get value(): Readonly<unknown> {
    return this.source.value as Readonly<unknown>;
  }

  get tombstone(): boolean {
    return isTombstone(this.source);
  }

  get key(): Uint8Array | null {
    return this.source.key;
  }

  get keyValue(): Readonly<unknown> {
    const { key, decodedKey } = this.source;
    return (decodedKey !== undefined || key === null ? (decodedKey ?? null) : this.keyText) as Readonly<unknown>;
  }

  get keyText(): string | null {
    return this.#decode(this.source.key, 'key');
  }

  get headers(): readonly Header[] {
    return this.source.headers;
  }

  header(name: string): string | null {
    return this.#decode(this.source.headers.findLast(([key]) => key === name)?.[1] ?? null, `header ${name}`);
  }

  get topic(): string {
    return this.source.origin.topic;
  }

  get partition(): number {
    return this.source.origin.partition;
  }

  get offset(): number {
    return this.source.offset;
  }

  get timestamp(): number {
    return this.source.timestamp;
  }

  #decode(bytes: Uint8Array | null, what: string): string | null {
    if (bytes === null) return null;
    try {
      return this.#text.decode(bytes) as string;
    } catch (error) {
      throw new Error(`${what}: ${asFailure(error, 'script_failed').message}`, { cause: error });
    }
  }
}
