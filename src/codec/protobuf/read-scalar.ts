import { Failure } from '../../../actors/failure.ts';
import { Bytes } from '../bytes.ts';
import type { Cursor } from './cursor.ts';
import type { EnumType, ScalarType } from './types.ts';

/** What integers of 64 bits become: `auto`, a number up to 2^53 and a big integer beyond; `number`, and beyond that the record fails. */
export type Long = 'auto' | 'number' | 'bigint' | 'string';

/** Reads one value at the cursor. */
export type Read = (cursor: Cursor) => unknown;

/** Wire type of each scalar type: 0 varint, 1 eight bytes, 2 with a length, 5 four bytes. */
export const wireTypes: Readonly<Record<ScalarType, 0 | 1 | 2 | 5>> = {
  double: 1, float: 5, int32: 0, int64: 0, uint32: 0, uint64: 0, sint32: 0, sint64: 0, fixed32: 5, fixed64: 1, sfixed32: 5, sfixed64: 1, bool: 0, string: 2, bytes: 2
};

/** What reads a scalar type. */
export function scalarReader(type: ScalarType, long: Long): Read {
  switch (type) {
    case 'double':
      return (cursor) => cursor.double();
    case 'float':
      return (cursor) => cursor.float();
    case 'int32':
      return (cursor) => cursor.varint32();
    case 'uint32':
      return (cursor) => cursor.varint32() >>> 0;
    case 'sint32':
      return (cursor) => unzigzag(cursor.varint32());
    case 'sfixed32':
      return (cursor) => cursor.fixed32();
    case 'fixed32':
      return (cursor) => cursor.fixed32() >>> 0;
    case 'bool':
      return (cursor) => {
        cursor.varint64();
        return (cursor.low | cursor.high) !== 0;
      };
    case 'string':
      return (cursor) => cursor.string();
    case 'bytes':
      return (cursor) => Bytes.view(cursor.slice(cursor.end()));
    case 'int64':
    case 'uint64':
    case 'sint64':
    case 'fixed64':
    case 'sfixed64':
      return longReader(type, long);
  }
}

/** What reads an enum: its name, or its number where it has none. */
export function enumReader({ name, names }: EnumType): Read {
  if (name === 'google.protobuf.NullValue') {
    return (cursor) => {
      cursor.varint32();
      return null;
    };
  }
  return (cursor) => {
    const number = cursor.varint32();
    return names.get(number) ?? number;
  };
}

/** What an unset field of implicit presence is. */
export function zeroOf(type: ScalarType, long: Long): unknown {
  switch (type) {
    case 'string':
      return '';
    case 'bytes':
      return Bytes.view(new Uint8Array(0));
    case 'bool':
      return false;
    case 'int64':
    case 'uint64':
    case 'sint64':
    case 'fixed64':
    case 'sfixed64':
      return long === 'bigint' ? 0n : long === 'string' ? '0' : 0;
    case 'double':
    case 'float':
    case 'int32':
    case 'uint32':
    case 'sint32':
    case 'fixed32':
    case 'sfixed32':
      return 0;
  }
}

function unzigzag(value: number): number {
  return (value >>> 1) ^ -(value & 1);
}

type LongType = 'int64' | 'uint64' | 'sint64' | 'fixed64' | 'sfixed64';

function longReader(type: LongType, long: Long): Read {
  const convert = type === 'uint64' || type === 'fixed64' ? unsigned : signed;
  if (type === 'sint64') {
    return (cursor) => {
      cursor.varint64();
      const { low, high } = cursor;
      const sign = -(low & 1);
      return convert(((low >>> 1) | (high << 31)) ^ sign, (high >>> 1) ^ sign, long);
    };
  }
  const varint = type === 'int64' || type === 'uint64';
  return (cursor) => {
    if (varint) cursor.varint64();
    else cursor.fixed64();
    return convert(cursor.low, cursor.high, long);
  };
}

function signed(low: number, high: number, long: Long): unknown {
  return exact((high | 0) * 4_294_967_296 + (low >>> 0), low, high | 0, long);
}

function unsigned(low: number, high: number, long: Long): unknown {
  return exact((high >>> 0) * 4_294_967_296 + (low >>> 0), low, high >>> 0, long);
}

/** `number` is the value where it is at most 2^53, else near it. */
function exact(number: number, low: number, high: number, long: Long): unknown {
  const safe = Number.isSafeInteger(number);
  if (safe && (long === 'auto' || long === 'number')) return number;
  if (safe) return long === 'string' ? String(number) : BigInt(number);
  const value = (BigInt(high) << 32n) | BigInt(low >>> 0);
  if (long === 'number') throw new Failure('undecodable', `expected integers up to 2^53, found ${value}; long: auto reads larger ones`);
  return long === 'string' ? String(value) : value;
}
