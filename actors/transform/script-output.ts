import type { PlainCodec } from '../codec.ts';
import { asFailure } from '../failure.ts';
import type { Header, StreamRecord } from '../record.ts';
import { changeRecord, withKey } from '../record.ts';
import type { ScriptChanges } from '../script.ts';

/** What an output holds: the record's own bytes and value, another value, or none. */
export type Content = { readonly kind: 'same' } | { readonly kind: 'value'; readonly value: unknown } | { readonly kind: 'none' };

const known = ['key', 'headers', 'timestamp'];

/** An output record of a script. Throws, for the script to see, where it asked for what cannot be. */
export function outputOf(source: StreamRecord, content: Content, changes: ScriptChanges | undefined, text: PlainCodec): StreamRecord {
  if (content.kind === 'value') checkValue(content.value);
  if (changes === undefined && content.kind !== 'none') return content.kind === 'same' ? source : changeRecord(source, content.value);
  checkChanges(changes ?? {});
  const { key = source.key, headers, timestamp } = changes ?? {};
  const output = withKey(key === source.key ? source.decodedKey : undefined, {
    key: bytesOf(key, 'key', text),
    ...contentOf(source, content),
    headers: headers === undefined ? source.headers : mergeHeaders(source.headers, headers, text),
    timestamp: timestamp === undefined ? source.timestamp : checkTimestamp(timestamp),
    offset: source.offset,
    origin: { ...source.origin, original: source.origin.original ?? source },
    time: source.time,
    stamp: source.stamp
  });
  if (content.kind === 'none' && output.key === null) throw new Error('delete: expected a key to delete, the record has none');
  return output;
}

function contentOf({ bytes, value, changed }: StreamRecord, content: Content): Pick<StreamRecord, 'bytes' | 'value' | 'changed'> {
  switch (content.kind) {
    case 'same':
      return { bytes, value, changed };
    case 'value':
      return { bytes, value: content.value, changed: true };
    case 'none':
      return { bytes: null, value: null, changed: false };
  }
}

/** The rest is the codec's to judge; these two would be written as something that nobody meant. */
function checkValue(value: unknown): void {
  if (value === undefined) throw new Error('send: expected a value, found undefined; out.delete sends a tombstone');
  if (isPromise(value)) throw new Error('send: expected a value, found a promise; scripts are synchronous');
}

/** True for what `await` would wait for. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

function checkChanges(changes: ScriptChanges): void {
  const unknown = Object.keys(changes).find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`expected changes of ${known.join(', ')}, found ${unknown}`);
}

function checkTimestamp(timestamp: number): number {
  if (Number.isSafeInteger(timestamp) && timestamp >= 0) return timestamp;
  throw new Error(`timestamp: expected whole milliseconds since 1970, found ${typeof timestamp === 'number' ? timestamp : typeof timestamp}`);
}

function mergeHeaders(own: readonly Header[], changes: NonNullable<ScriptChanges['headers']>, text: PlainCodec): Header[] {
  const headers = own.filter(([name]) => !Object.hasOwn(changes, name));
  for (const [name, value] of Object.entries(changes)) {
    const bytes = bytesOf(value, `header ${name}`, text);
    if (bytes !== null) headers.push([name, bytes]);
  }
  return headers;
}

function bytesOf(value: string | Uint8Array | null, what: string, text: PlainCodec): Uint8Array | null {
  if (value === null || value instanceof Uint8Array) return value;
  if (typeof value !== 'string') throw new Error(`${what}: expected text, bytes or null, found ${typeof value}`);
  try {
    return text.encode(value);
  } catch (error) {
    throw new Error(`${what}: ${asFailure(error, 'script_failed').message}`, { cause: error });
  }
}
