import type { DescMessage } from '@bufbuild/protobuf';
import { Failure } from '../../../actors/failure.ts';
import { Output } from './output.ts';
import { parseDuration, parseTimestamp, timestampOf } from './time-text.ts';
import type { SecondsAndNanos } from './time-text.ts';
import { isObject, plainWriter } from './write-message.ts';
import type { Fields, WriteMessage, Writers } from './write-message.ts';
import { bytesOf, mismatch } from './write-scalar.ts';

type Make = (type: DescMessage, writers: Writers) => WriteMessage;

/** Messages that the JSON mapping has in a form of their own, by full name. */
export const wellKnownWriters: ReadonlyMap<string, Make> = new Map<string, Make>([
  ['google.protobuf.Timestamp', first(timestamp)],
  ['google.protobuf.Duration', first(duration)],
  ['google.protobuf.FieldMask', first((value) => ({ paths: fieldMask(value) }))],
  ['google.protobuf.Struct', first((value) => (isObject(value) ? { fields: value } : fail('an object', value)))],
  ['google.protobuf.ListValue', first((value) => (Array.isArray(value) ? { values: value } : fail('a list', value)))],
  ['google.protobuf.Value', first(plainValue)],
  ...['Double', 'Float', 'Int64', 'UInt64', 'Int32', 'UInt32', 'Bool', 'String', 'Bytes'].map((name) => [`google.protobuf.${name}Value`, first((value) => ({ value }))] as const),
  ['google.protobuf.Any', anyWriter]
]);

function first(convert: (value: unknown) => object): Make {
  return (type, writers) => {
    const write = plainWriter(type, writers);
    return (output, value, depth) => { write(output, convert(value), depth); };
  };
}

/** A text of RFC 3339, or milliseconds since 1970, which is how event times are numbers elsewhere. */
function timestamp(value: unknown): SecondsAndNanos {
  const time = typeof value === 'string' ? parseTimestamp(value) : typeof value === 'number' ? timestampOf(value) : null;
  return time ?? fail('a time such as 2024-01-31T12:00:00.5Z, or milliseconds since 1970', value);
}

function duration(value: unknown): SecondsAndNanos {
  return (typeof value === 'string' ? parseDuration(value) : null) ?? fail('a duration such as 1.5s', value);
}

function fieldMask(value: unknown): string[] {
  if (typeof value !== 'string' || value.includes('_')) return fail('paths in camel case, with commas between', value);
  return value === '' ? [] : value.split(',').map((path) => path.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
}

function plainValue(value: unknown): object {
  if (value === null) return { null_value: null };
  if (typeof value === 'string') return { string_value: value };
  if (typeof value === 'number') return { number_value: value };
  if (typeof value === 'bigint') return { number_value: value };
  if (typeof value === 'boolean') return { bool_value: value };
  if (value instanceof Uint8Array) return { string_value: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64') };
  if (Array.isArray(value)) return { list_value: value };
  return typeof value === 'object' ? { struct_value: value } : fail('a value that JSON has', value);
}

/** The message inside by the type that it says; of a type that the schema does not have its bytes. */
function anyWriter(_type: DescMessage, writers: Writers): WriteMessage {
  return (output, value, depth) => {
    if (!isObject(value)) throw mismatch('an object with @type', value);
    const { '@type': url, ...rest } = value;
    if (url === undefined && Object.keys(rest).length === 0) return;
    if (typeof url !== 'string') throw mismatch('an object with @type', url === undefined ? value : url);
    const held = writers.named(url.slice(url.lastIndexOf('/') + 1));
    output.uint32(0x0a).string(url);
    if (held !== null) writeHeld(output, held, rest, writers, depth);
    else writePart(output, bytesOf(only(rest)));
  };
}

/** In a writer of its own, since of what is empty nothing is written. */
function writeHeld(output: Output, held: DescMessage, rest: Fields, writers: Writers, depth: number): void {
  if (depth <= 0) throw new Failure('unencodable', 'expected a value that is nested less deeply');
  const inner = new Output();
  try {
    writers.of(held)(inner, wellKnownWriters.has(held.typeName) ? only(rest) : rest, depth - 1);
  } catch (error) {
    output.path.push(...inner.path);
    throw error;
  }
  writePart(output, inner.finish());
}

function writePart(output: Output, bytes: Uint8Array): void {
  if (bytes.length > 0) output.uint32(0x12).bytes(bytes);
}

/** The field `value`, and no other. */
function only(rest: Fields): unknown {
  const keys = Object.keys(rest);
  if (keys.length > 1 || (keys.length === 1 && keys[0] !== 'value')) throw new Failure('unencodable', 'expected @type and value, found other fields');
  return keys.length === 0 ? new Uint8Array(0) : rest['value'];
}

function fail(expected: string, value: unknown): never {
  throw mismatch(expected, value);
}
