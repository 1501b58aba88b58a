import type { PlainCodec } from '../codec.ts';
import type { BuildContext, Expression, Path } from '../component.ts';
import { Failure } from '../failure.ts';
import type { StreamRecord } from '../record.ts';
import { toBinary, toBytes } from './binary.ts';

const ascii = /^[\x00-\x7f]*$/;

/** What records are grouped by, as a binary string of the group key's bytes. */
export class GroupKey {
  readonly #text: PlainCodec;
  readonly #expression: Expression | null;
  readonly #source: string;

  /** Without an expression it is the record's own key. */
  constructor(source: string | undefined, context: BuildContext, at: Path = ['key']) {
    this.#text = context.plain('text');
    this.#source = source ?? 'key';
    // A record's own key counts as it is, bytes that are not UTF-8 too.
    this.#expression = ownKey(source) ? null : context.expression(this.#source, at);
  }

  /** True where it is another than the record's own. */
  get regroups(): boolean {
    return this.#expression !== null;
  }

  /** What it is, for the description of a store; null for the record's own key. */
  get source(): string | null {
    return this.#expression === null ? null : this.#source;
  }

  /** The group of a record. Throws a poison `Failure`, also where there is none. */
  of(record: StreamRecord, now: number): string {
    const key = this.find(record, now);
    if (key !== null) return key;
    throw new Failure('key_missing', this.#expression === null ? 'key: expected a key to group by, the record has none' : `key: expected something to group by, ${this.#source} gives null`);
  }

  /** The group of a record; null for a record without a key, and where the expression gives null. Throws a poison `Failure`. */
  find(record: StreamRecord, now: number): string | null {
    if (this.#expression !== null) return this.#ofValue(this.#expression(record, now));
    return record.key === null ? null : toBinary(record.key);
  }

  /** The key as text; as base64 where it is not UTF-8. */
  show(key: string): string {
    if (ascii.test(key)) return key;
    const bytes = toBytes(key);
    try {
      return this.#text.decode(bytes) as string;
    } catch {
      return base64(bytes);
    }
  }

  #ofValue(value: unknown): string | null {
    if (value === null) return null;
    if (value instanceof Uint8Array) return toBinary(value);
    const text = typeof value === 'string' ? value : typeof value === 'bigint' ? String(value) : JSON.stringify(value);
    if (ascii.test(text)) return text;
    return toBinary(this.#text.encode(text));
  }
}

function ownKey(source: string | undefined): boolean {
  return source === undefined || source.trim() === 'key';
}

const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function base64(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const bits = ((bytes[i] as number) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    text += digits.charAt(bits >> 18) + digits.charAt((bits >> 12) & 63) + (left > 1 ? digits.charAt((bits >> 6) & 63) : '=') + (left > 2 ? digits.charAt(bits & 63) : '=');
  }
  return text;
}
