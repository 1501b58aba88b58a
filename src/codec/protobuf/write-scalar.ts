import { Failure } from '../../../actors/failure.ts';
import { parseBase64 } from './base64.ts';
import { writeLong } from './write-long.ts';
import type { Output } from './output.ts';
import type { EnumType, ScalarType } from './types.ts';

/** Writes one value, without its tag. Throws a `Failure` that says what was expected. */
export type Write = (output: Output, value: unknown) => void;

/** What writes a scalar type. Numbers may be texts, as the JSON mapping has it. */
export function scalarWriter(type: ScalarType): Write {
  switch (type) {
    case 'double':
      return (output, value) => { output.double(typeof value === 'number' ? value : fraction(value)); };
    case 'float':
      return (output, value) => { output.float(float(typeof value === 'number' ? value : fraction(value))); };
    case 'int32':
      return (output, value) => { signed32(output, integer32(value, -0x8000_0000, 0x7fff_ffff)); };
    case 'uint32':
      return (output, value) => { output.varint32(integer32(value, 0, 0xffff_ffff)); };
    case 'sint32':
      return (output, value) => {
        const number = integer32(value, -0x8000_0000, 0x7fff_ffff);
        output.varint32(((number << 1) ^ (number >> 31)) >>> 0);
      };
    case 'sfixed32':
      return (output, value) => { output.fixed32(integer32(value, -0x8000_0000, 0x7fff_ffff)); };
    case 'fixed32':
      return (output, value) => { output.fixed32(integer32(value, 0, 0xffff_ffff)); };
    case 'bool':
      return (output, value) => {
        if (typeof value !== 'boolean') throw mismatch('true or false', value);
        output.varint32(value ? 1 : 0);
      };
    case 'string':
      return (output, value) => {
        if (typeof value !== 'string') throw mismatch('text', value);
        output.string(value);
      };
    case 'bytes':
      return (output, value) => { output.bytes(value instanceof Uint8Array ? value : base64(value)); };
    case 'int64':
    case 'uint64':
    case 'sint64':
    case 'fixed64':
    case 'sfixed64':
      return writeLong(type);
  }
}

/** What writes an enum: by name, or by number, also one that has no name. */
export function enumWriter({ name, numbers }: EnumType): Write {
  return (output, value) => {
    if (value === null && name === 'google.protobuf.NullValue') output.varint32(0);
    else if (typeof value === 'string' && numbers.has(value)) signed32(output, numbers.get(value) as number);
    else if (typeof value === 'number') signed32(output, integer32(value, -0x8000_0000, 0x7fff_ffff));
    else throw mismatch(`a name of ${name}`, value);
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
    case 'bool':
      return (value) => value === false;
    case 'string':
      return (value) => value === '';
    case 'bytes':
      return (value) => value === '' || (value instanceof Uint8Array && value.length === 0);
    case 'double':
    case 'float':
      return (value) => Object.is(value, 0) || value === 0n || value === '0';
    case 'int32':
    case 'int64':
    case 'uint32':
    case 'uint64':
    case 'sint32':
    case 'sint64':
    case 'fixed32':
    case 'fixed64':
    case 'sfixed32':
    case 'sfixed64':
      return (value) => value === 0 || value === 0n || value === '0';
  }
}

function signed32(output: Output, number: number): void {
  if (number >= 0) output.varint32(number);
  else output.varint64(number, -1);
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

function base64(value: unknown): Uint8Array {
  const bytes = typeof value === 'string' ? parseBase64(value) : null;
  if (bytes === null) throw mismatch('bytes or base64', value);
  return bytes;
}
