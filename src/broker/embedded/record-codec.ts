import type { FetchedRecord, OutgoingRecord } from '../../../actors/port.ts';
import type { Header } from '../../../actors/record.ts';

/*
 * A record as one value in LMDB:
 *
 *   flags      u8, bits: 1 it has a key, 2 it has a value, 4 it has headers
 *   timestamp  f64, big endian
 *   key        varint length, bytes                             with flag 1
 *   headers    varint count, then for each: varint length, name in UTF-8, varint length + 1 (0: null), value     with flag 4
 *   value      the rest                                         with flag 2
 *
 * Varints are unsigned LEB128. The offset is in the key.
 */

const hasKey = 1;
const hasValue = 2;
const hasHeaders = 4;
const fixedLength = 9;
const noHeaders: readonly Header[] = [];

type Content = Pick<OutgoingRecord, 'key' | 'value' | 'headers' | 'timestamp'>;

/** Bytes of a record. */
export function encodeRecord({ key, value, headers, timestamp }: Content): Buffer {
  const bytes = Buffer.allocUnsafe(lengthOf(key, value, headers));
  bytes[0] = (key === null ? 0 : hasKey) | (value === null ? 0 : hasValue) | (headers.length === 0 ? 0 : hasHeaders);
  let at = bytes.writeDoubleBE(timestamp, 1);
  if (key !== null) at = writeBytes(bytes, key, writeVarint(bytes, key.length, at));
  if (headers.length > 0) at = writeHeaders(bytes, headers, at);
  if (value !== null) bytes.set(value, at);
  return bytes;
}

/** The record in these bytes; its key, value and headers are slices of them. */
export function decodeRecord(bytes: Buffer, offset: number): FetchedRecord {
  const flags = bytes[0] as number;
  const cursor = { at: fixedLength };
  const timestamp = timestampOf(bytes);
  const key = (flags & hasKey) === 0 ? null : readBytes(bytes, cursor);
  const headers = (flags & hasHeaders) === 0 ? noHeaders : readHeaders(bytes, cursor);
  const value = (flags & hasValue) === 0 ? null : bytes.subarray(cursor.at);
  return { offset, timestamp, key, value, headers };
}

/** Only the timestamp of an encoded record. */
export function timestampOf(bytes: Buffer): number {
  return bytes.readDoubleBE(1);
}

function lengthOf(key: Uint8Array | null, value: Uint8Array | null, headers: readonly Header[]): number {
  let length = fixedLength + (value?.length ?? 0);
  if (key !== null) length += varintLength(key.length) + key.length;
  if (headers.length === 0) return length;
  length += varintLength(headers.length);
  for (const [name, content] of headers) {
    const nameLength = Buffer.byteLength(name);
    length += varintLength(nameLength) + nameLength;
    length += content === null ? 1 : varintLength(content.length + 1) + content.length;
  }
  return length;
}

function writeHeaders(bytes: Buffer, headers: readonly Header[], start: number): number {
  let at = writeVarint(bytes, headers.length, start);
  for (const [name, content] of headers) {
    at = writeVarint(bytes, Buffer.byteLength(name), at);
    at += bytes.write(name, at);
    at = writeVarint(bytes, content === null ? 0 : content.length + 1, at);
    if (content !== null) at = writeBytes(bytes, content, at);
  }
  return at;
}

function writeBytes(bytes: Buffer, content: Uint8Array, at: number): number {
  bytes.set(content, at);
  return at + content.length;
}

function writeVarint(bytes: Buffer, value: number, start: number): number {
  let at = start;
  let rest = value;
  while (rest >= 0x80) {
    bytes[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[at++] = rest;
  return at;
}

function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest >>>= 7) length++;
  return length;
}

function readHeaders(bytes: Buffer, cursor: { at: number }): Header[] {
  const headers: Header[] = [];
  for (let count = readVarint(bytes, cursor); count > 0; count--) {
    const name = readBytes(bytes, cursor).toString();
    const length = readVarint(bytes, cursor) - 1;
    headers.push([name, length < 0 ? null : take(bytes, cursor, length)]);
  }
  return headers;
}

function readBytes(bytes: Buffer, cursor: { at: number }): Buffer {
  return take(bytes, cursor, readVarint(bytes, cursor));
}

function take(bytes: Buffer, cursor: { at: number }, length: number): Buffer {
  const start = cursor.at;
  cursor.at += length;
  return bytes.subarray(start, cursor.at);
}

function readVarint(bytes: Buffer, cursor: { at: number }): number {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[cursor.at++] as number;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
}
