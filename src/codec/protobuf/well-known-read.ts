import type { DescMessage } from '@bufbuild/protobuf';
import { Failure } from '../../../actors/failure.ts';
import { Bytes } from '../bytes.ts';
import { Cursor } from './cursor.ts';
import { plainReader } from './read-message.ts';
import type { Draft, ReadMessage, Readers } from './read-message.ts';
import { durationText, timestampText } from './time-text.ts';
import type { SecondsAndNanos } from './time-text.ts';

type Make = (type: DescMessage, readers: Readers) => ReadMessage;

/** Messages that the JSON mapping has in a form of their own, by full name. */
export const wellKnownReaders: ReadonlyMap<string, Make> = new Map<string, Make>([
  ['google.protobuf.Timestamp', then((raw) => timestampText(parts(raw)) ?? refuse('a time in the years 1 to 9999'))],
  ['google.protobuf.Duration', then((raw) => durationText(parts(raw)) ?? refuse('a duration of at most 10,000 years, its parts of one sign'))],
  ['google.protobuf.FieldMask', then((raw) => (raw['paths'] as string[]).map(camelCase).join(','))],
  ['google.protobuf.Struct', then((raw) => raw['fields'] ?? {})],
  ['google.protobuf.ListValue', then((raw) => raw['values'] ?? [])],
  ['google.protobuf.Value', then((raw) => Object.values(raw)[0] ?? null)],
  ...['Double', 'Float', 'Int64', 'UInt64', 'Int32', 'UInt32', 'Bool', 'String', 'Bytes'].map((name) => [`google.protobuf.${name}Value`, then((raw) => raw['value'] ?? null)] as const),
  ['google.protobuf.Any', anyReader]
]);

function then(convert: (raw: Draft) => unknown): Make {
  return (type, readers) => {
    const read = plainReader(readers.fieldsOf(type), readers);
    return (cursor, depth) => convert(read(cursor, depth) as Draft);
  };
}

function parts({ seconds, nanos }: Draft): SecondsAndNanos {
  return { seconds: Number(seconds), nanos: Number(nanos) };
}

/** A path of field names as the JSON mapping writes them; those that would not come back are refused. */
function camelCase(path: string): string {
  if (/[A-Z]|_(?![a-z])/.test(path)) return refuse('paths of lower case that can be written in camel case');
  return path.replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}

/** The message inside, with its type; of a type that the schema does not have its bytes. */
function anyReader(type: DescMessage, readers: Readers): ReadMessage {
  const read = plainReader(readers.fieldsOf(type), readers);
  return (cursor, depth) => {
    const raw = read(cursor, depth) as { type_url?: unknown; value?: unknown };
    const { type_url: url, value } = raw;
    if (typeof url !== 'string' || !(value instanceof Uint8Array)) return refuse('google.protobuf.Any with its two fields');
    if (url === '' && value.length === 0) return {};
    const name = url.slice(url.lastIndexOf('/') + 1);
    const held = readers.named(name);
    if (held === null) return { '@type': url, value: Bytes.view(value) };
    const inner = new Cursor(value, cursor.joinable);
    inner.path.push(...cursor.path);
    const content = readers.of(held)(inner, depth - 1);
    cursor.joinable = inner.joinable;
    return wellKnownReaders.has(name) ? { '@type': url, value: content } : { '@type': url, ...(content as object) };
  };
}

function refuse(expected: string): never {
  throw new Failure('undecodable', `expected ${expected}, found another`);
}
