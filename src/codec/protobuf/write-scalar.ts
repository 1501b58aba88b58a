import { ScalarType } from '@bufbuild/protobuf';
import type { DescEnum } from '@bufbuild/protobuf';
import { Failure } from '../../../actors/failure.ts';
import { parseBase64 } from './base64.ts';
import type { Output } from './output.ts';

/** Writes one value, without its tag. Throws a `Failure` that says what was expected. */
export type Write = (output: Output, value: unknown) => void;

/** What writes a scalar type. Numbers may be texts, as the JSON mapping has it. The package's writer would take other values, too, and change them. */
export function scalarWriter(type: ScalarType): Write {
  switch (type) {
    case ScalarType.DOUBLE:
      return (output, value) => { output.double(typeof value === 'number' ? value : fraction(value)); };
    case ScalarType.FLOAT:
      return (output, value) => { output.float(float(typeof value === 'number' ? value : fraction(value))); };
    case ScalarType.INT32:
      return (output, value) => { output.int32(signed32(value)); };
    case ScalarType.UINT32:
      return (output, value) => { output.uint32(unsigned32(value)); };
    case ScalarType.SINT32:
      return (output, value) => { output.sint32(signed32(value)); };
    case ScalarType.SFIXED32:
      return (output, value) => { output.sfixed32(signed32(value)); };
    case ScalarType.FIXED32:
      return (output, value) => { output.fixed32(unsigned32(value)); };
    case ScalarType.INT64:
      return (output, value) => { output.int64(signed64(value)); };
    case ScalarType.UINT64:
      return (output, value) => { output.uint64(unsigned64(value)); };
    case ScalarType.SINT64:
      return (output, value) => { output.sint64(signed64(value)); };
    case ScalarType.FIXED64:
      return (output, value) => { output.fixed64(unsigned64(value)); };
    case ScalarType.SFIXED64:
      return (output, value) => { output.sfixed64(signed64(value)); };
    case ScalarType.BOOL:
      return (output, value) => {
        if (typeof value !== 'boolean') throw mismatch('true or false', value);
        output.bool(value);
      };
    case ScalarType.STRING:
      return (output, value) => {
        if (typeof value !== 'string') throw mismatch('text', value);
        output.string(value);
      };
    case ScalarType.BYTES:
      return (output, value) => { output.bytes(bytesOf(value)); };
  }
}

/** What writes an enum: by name, or by number, also one that has no name. */
export function enumWriter({ typeName, values }: DescEnum): Write {
  const numbers = new Map<unknown, number>(values.map(({ name, number }) => [name, number]));
  return (output, value) => {
    const number = numbers.get(value);
    if (number !== undefined) output.int32(number);
    else if (value === null && typeName === 'google.protobuf.NullValue') output.int32(0);
    else if (typeof value === 'number') output.int32(signed32(value));
    else throw mismatch(`a name of ${typeName}`, value);
  };
}

/** The failure of a value of another kind; of the value only its beginning. */
export function mismatch(expected: string, value: unknown): Failure {
  return new Failure('unencodable', `expected ${expected}, found ${shortOf(value)}`);
}

function shortOf(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 40));
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value).slice(0, 40);
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (value instanceof Uint8Array) return 'bytes';
  return typeof value === 'object' ? 'an object' : typeof value;
}

/** Tells what is not written where a field has no presence: zero, but not -0 where there is one, false, an empty text, no bytes. */
export function zeroTest(type: ScalarType): (value: unknown) => boolean {
  switch (type) {
    case ScalarType.BOOL:
      return (value) => value === false;
    case ScalarType.STRING:
      return (value) => value === '';
    case ScalarType.BYTES:
      return (value) => value === '' || (value instanceof Uint8Array && value.length === 0);
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return (value) => Object.is(value, 0) || value === 0n || value === '0';
    case ScalarType.INT32:
    case ScalarType.INT64:
    case ScalarType.UINT32:
    case ScalarType.UINT64:
    case ScalarType.SINT32:
    case ScalarType.SINT64:
    case ScalarType.FIXED32:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED32:
    case ScalarType.SFIXED64:
      return (value) => value === 0 || value === 0n || value === '0';
  }
}

function signed32(value: unknown): number {
  return integer32(value, -0x8000_0000, 0x7fff_ffff);
}

function unsigned32(value: unknown): number {
  return integer32(value, 0, 0xffff_ffff);
}

/** From numbers that are exact, big integers and texts of digits. */
function signed64(value: unknown): number | bigint {
  return Number.isSafeInteger(value) ? (value as number) : integer64(value, -(2n ** 63n), 2n ** 63n - 1n);
}

function unsigned64(value: unknown): number | bigint {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : integer64(value, 0n, 2n ** 64n - 1n);
}

function integer64(value: unknown, min: bigint, max: bigint): bigint {
  const big = typeof value === 'bigint' ? value : typeof value === 'string' && /^(?:0|-?[1-9]\d{0,19})$/.test(value) ? BigInt(value) : null;
  if (big === null || big < min || big > max) throw mismatch(`an integer from ${min} to ${max} without loss`, value);
  return big;
}

function integer32(value: unknown, min: number, max: number): number {
  const number = typeof value === 'number' ? value : typeof value === 'bigint' ? Number(value) : typeof value === 'string' && /^(?:0|-?[1-9]\d{0,9})$/.test(value) ? Number(value) : NaN;
  if (Number.isInteger(number) && number >= min && number <= max) return number;
  throw mismatch(`an integer from ${min} to ${max}`, value);
}

function fraction(value: unknown): number {
  if (value === 'NaN') return NaN;
  if (value === 'Infinity') return Infinity;
  if (value === '-Infinity') return -Infinity;
  const number = typeof value === 'bigint' ? Number(value) : typeof value === 'string' && /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(value) ? Number(value) : NaN;
  if (!Number.isFinite(number) || (typeof value === 'bigint' && BigInt(number) !== value)) throw mismatch('a number', value);
  return number;
}

/** Rounds to what 32 bits have; what they have not at all is refused. */
function float(value: number): number {
  const rounded = Math.fround(value);
  if (!Number.isFinite(rounded) && Number.isFinite(value)) throw mismatch('a number that 32 bits hold', value);
  return rounded;
}

/** Bytes, or those of base64. */
export function bytesOf(value: unknown): Uint8Array {
  const bytes = value instanceof Uint8Array ? value : typeof value === 'string' ? parseBase64(value) : null;
  if (bytes === null) throw mismatch('bytes or base64', value);
  return bytes;
}
