import { ScalarType } from '@bufbuild/protobuf';
import type { DescEnum } from '@bufbuild/protobuf';
import { WireType } from '@bufbuild/protobuf/wire';
import { Failure } from '../../../actors/failure.ts';
import { Bytes } from '../bytes.ts';
import type { Cursor } from './cursor.ts';

/** What integers of 64 bits become: `auto`, a number up to 2^53 and a big integer beyond; `number`, and beyond that the record fails. */
export type Long = 'auto' | 'number' | 'bigint' | 'string';

/** Reads one value at the cursor. */
export type Read = (cursor: Cursor) => unknown;

/** The wire type of a scalar type. */
export function wireTypeOf(type: ScalarType): WireType {
  switch (type) {
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return WireType.Bit64;
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return WireType.Bit32;
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return WireType.LengthDelimited;
    case ScalarType.BOOL:
    case ScalarType.INT32:
    case ScalarType.INT64:
    case ScalarType.UINT32:
    case ScalarType.UINT64:
    case ScalarType.SINT32:
    case ScalarType.SINT64:
      return WireType.Varint;
  }
}

/** What reads a scalar type. Text is strict UTF-8: what is not is refused, also where proto2 would let it pass, because a text cannot hold it. */
export function scalarReader(type: ScalarType, long: Long): Read {
  const convert = converter(long);
  switch (type) {
    case ScalarType.DOUBLE:
      return (cursor) => cursor.double();
    case ScalarType.FLOAT:
      return (cursor) => cursor.float();
    case ScalarType.INT32:
      return (cursor) => cursor.int32();
    case ScalarType.UINT32:
      return (cursor) => cursor.uint32();
    case ScalarType.SINT32:
      return (cursor) => cursor.sint32();
    case ScalarType.SFIXED32:
      return (cursor) => cursor.sfixed32();
    case ScalarType.FIXED32:
      return (cursor) => cursor.fixed32();
    case ScalarType.BOOL:
      return (cursor) => cursor.bool();
    case ScalarType.STRING:
      return (cursor) => cursor.string(true);
    case ScalarType.BYTES:
      return (cursor) => Bytes.view(cursor.bytes());
    case ScalarType.INT64:
      return (cursor) => convert(cursor.int64());
    case ScalarType.UINT64:
      return (cursor) => convert(cursor.uint64());
    case ScalarType.SINT64:
      return (cursor) => convert(cursor.sint64());
    case ScalarType.FIXED64:
      return (cursor) => convert(cursor.fixed64());
    case ScalarType.SFIXED64:
      return (cursor) => convert(cursor.sfixed64());
  }
}

/** What reads an enum: its name, or its number where it has none. */
export function enumReader({ typeName, value }: DescEnum): Read {
  if (typeName === 'google.protobuf.NullValue') {
    return (cursor) => {
      cursor.int32();
      return null;
    };
  }
  return (cursor) => {
    const number = cursor.int32();
    return value[number]?.name ?? number;
  };
}

/** What an unset field of implicit presence is. */
export function zeroOf(type: ScalarType, long: Long): unknown {
  switch (type) {
    case ScalarType.STRING:
      return '';
    case ScalarType.BYTES:
      return Bytes.view(new Uint8Array(0));
    case ScalarType.BOOL:
      return false;
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return long === 'bigint' ? 0n : long === 'string' ? '0' : 0;
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
    case ScalarType.INT32:
    case ScalarType.UINT32:
    case ScalarType.SINT32:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return 0;
  }
}

/** The package gives texts instead where the environment says BUF_BIGINT_DISABLE. */
function converter(long: Long): (value: bigint | string) => unknown {
  if (long === 'string') return String;
  if (long === 'bigint') return BigInt;
  return (value) => {
    const number = Number(value);
    if (Number.isSafeInteger(number)) return number;
    if (long === 'number') throw new Failure('undecodable', `expected integers up to 2^53, found ${value}; long: auto reads larger ones`);
    return BigInt(value);
  };
}
