import { Failure } from '../../../actors/failure.ts';
import type { Part } from '../../../actors/codec.ts';
import type { Header } from '../../../actors/record.ts';

/*
 * Where a record says with which schema it was written, in Confluent's wire format: before the payload, a zero byte and four bytes of id (big endian); or in a
 * header, a byte 1 and the 16 bytes of a GUID, behind which Protobuf has its message indexes.
 * https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format
 */

/** Bytes before the payload. */
export const prefixLength = 5;

const guidLength = 16;

/** The header of a part. */
export function schemaHeader(part: Part): string {
  return part === 'key' ? '__key_schema_id' : '__value_schema_id';
}

/** The id before the payload; null where there is none. */
export function prefixId(bytes: Uint8Array): number | null {
  if (bytes.length < prefixLength || bytes[0] !== 0) return null;
  return (((bytes[1] as number) << 24) | ((bytes[2] as number) << 16) | ((bytes[3] as number) << 8) | (bytes[4] as number)) >>> 0;
}

/** The last header of this name that has a value; null for none. */
export function headerValue(headers: readonly Header[], name: string): Uint8Array | null {
  for (let index = headers.length - 1; index >= 0; index--) {
    const header = headers[index] as Header;
    if (header[0] === name) return header[1];
  }
  return null;
}

/** The GUID in a header's value, as text; null where it holds none. */
export function headerGuid(value: Uint8Array): string | null {
  if (value.length < 1 + guidLength || value[0] !== 1) return null;
  const hex = Buffer.from(value.buffer, value.byteOffset + 1, guidLength).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** What follows the GUID. */
export function behindGuid(value: Uint8Array): Uint8Array {
  return value.subarray(1 + guidLength);
}

/** Payload behind a zero byte and the id. */
export function withPrefix(id: number, payload: Uint8Array): Uint8Array {
  const bytes = Buffer.allocUnsafe(prefixLength + payload.length);
  bytes[0] = 0;
  bytes.writeUInt32BE(id, 1);
  bytes.set(payload, prefixLength);
  return bytes;
}

/** A header's value for a GUID. */
export function guidHeader(guid: string, indexes: Uint8Array): Uint8Array {
  const bytes = Buffer.from(guid.replaceAll('-', ''), 'hex');
  if (bytes.length !== guidLength) throw new Failure('registry_unavailable', `expected a GUID of 16 bytes from the registry, found ${guid.slice(0, 60)}`);
  return Buffer.concat([Buffer.from([1]), bytes, indexes]);
}
