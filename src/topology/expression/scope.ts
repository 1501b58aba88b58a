import { isUtf8 } from 'node:buffer';
import { Failure } from '../../../actors/failure.ts';
import type { Header, StreamRecord } from '../../../actors/record.ts';

/**
 * The variables of one expression, as CEL looks them up. One object serves all records; key and headers are decoded
 * only when an expression asks for them, and once per record.
 */
export class Scope {
  #record: StreamRecord | null = null;
  #key: unknown;
  #headers: Map<string, string | null> | undefined;
  value: unknown;

  /** Points the variables at a record; null lets go of the last one. */
  enter(record: StreamRecord | null): void {
    this.#record = record;
    this.#key = undefined;
    this.#headers = undefined;
    this.value = record?.value;
  }

  get key(): unknown {
    if (this.#key !== undefined) return this.#key;
    const { key, decodedKey } = this.#current();
    return (this.#key = decodedKey === undefined ? decodeKey(key) : decodedKey);
  }

  get headers(): Map<string, string | null> {
    return (this.#headers ??= decodeHeaders(this.#current().headers));
  }

  get topic(): string {
    return this.#current().origin.topic;
  }

  get partition(): number {
    return this.#current().origin.partition;
  }

  get offset(): number {
    return this.#current().offset;
  }

  get timestamp(): number {
    return this.#current().timestamp;
  }

  #current(): StreamRecord {
    if (this.#record === null) throw new Error('an expression is evaluated on a record');
    return this.#record;
  }
}

function decodeKey(key: Uint8Array | null): string | null {
  if (key === null) return null;
  if (!isUtf8(key)) throw new Failure('expression_failed', 'key: expected UTF-8, found bytes that are not UTF-8');
  return text(key);
}

/** A Map, because a header may be called `__proto__`. Bytes that are not UTF-8 are replaced: another header may be meant. */
function decodeHeaders(headers: readonly Header[]): Map<string, string | null> {
  const result = new Map<string, string | null>();
  for (const [name, value] of headers) result.set(name, value === null ? null : text(value));
  return result;
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
