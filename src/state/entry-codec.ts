import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { Failure } from '../../actors/failure.ts';
import type { StoreKey, StoreValue } from '../../actors/store.ts';

/*
 * How an entry lies on disk.
 *
 * Key: the bytes of the key. LMDB takes keys of 1 to 1,978 bytes, so there are two exceptions that callers never see. One that is empty or begins
 * with a zero byte gets a zero byte in front, which keeps the order. One that is longer than `longest` is its first bytes and its SHA-256; such keys
 * lie in the order of their first bytes, and the value has the whole key.
 *
 * Value: one byte of flags, CRC-32 of flags, key and value, [length of the key, key,] JSON text.
 */

/** Keys on disk of more bytes are shortened. */
const longest = 1900;

/** Bytes in front of a value. */
export const headerLength = 5;

const flagLongKey = 1;

/** An entry as it lies on disk; `value` null: deleted. `key` is the original one. */
export interface EncodedEntry {
  readonly key: Buffer;
  readonly value: Buffer | null;
}

/** The bytes of a key. */
export function keyBytes(key: StoreKey): Buffer {
  return Buffer.from(key, 'latin1');
}

/** The key of the bytes. */
export function keyOf(bytes: Uint8Array): StoreKey {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/** Under which key an entry lies on disk. */
export function diskKey(key: Buffer): Buffer {
  const escaped = key.length === 0 || key[0] === 0 ? Buffer.concat([Buffer.of(0), key]) : key;
  if (escaped.length <= longest) return escaped;
  return Buffer.concat([escaped.subarray(0, longest), createHash('sha256').update(escaped).digest()]);
}

/** A key on disk that is not above that of any key >= `key`: where to begin reading. */
export function diskBound(key: StoreKey): Buffer {
  const bytes = keyBytes(key);
  const escaped = bytes.length === 0 || bytes[0] === 0 ? Buffer.concat([Buffer.of(0), bytes]) : bytes;
  return escaped.subarray(0, longest);
}

/** A key on disk that is above that of every key < `key`: where to stop reading. */
export function diskEnd(key: StoreKey): Buffer {
  const bound = diskBound(key);
  // Shortened keys with the same first bytes may be smaller.
  return bound.length < longest ? bound : Buffer.concat([bound, Buffer.alloc(33, 0xff)]);
}

/** An entry of a value that was never encoded. */
export function encodeEntry(key: StoreKey, value: StoreValue): EncodedEntry {
  const text = JSON.stringify(value);
  const bytes = keyBytes(key);
  const front = frontLength(bytes);
  const encoded = Buffer.allocUnsafe(front + Buffer.byteLength(text));
  encoded.write(text, front);
  return { key: bytes, value: finish(encoded, bytes) };
}

/** An entry as the changelog has it: JSON text, or null. */
export function entryOfJson(key: Uint8Array, json: Uint8Array | null): EncodedEntry {
  const bytes = Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  if (json === null) return { key: bytes, value: null };
  const front = frontLength(bytes);
  const encoded = Buffer.allocUnsafe(front + json.length);
  encoded.set(json, front);
  return { key: bytes, value: finish(encoded, bytes) };
}

/** The JSON text in an encoded value. */
export function jsonOf(entry: EncodedEntry): Uint8Array | null {
  return entry.value === null ? null : entry.value.subarray(frontLength(entry.key));
}

/** Whether a key on disk is not the whole key. */
export function isShortened(found: Buffer): boolean {
  return found.length > longest;
}

function isLong(key: Buffer): boolean {
  return key.length + (key[0] === 0 ? 1 : 0) > longest;
}

function frontLength(key: Buffer): number {
  return isLong(key) ? headerLength + 4 + key.length : headerLength;
}

function finish(encoded: Buffer, key: Buffer): Buffer {
  const long = isLong(key);
  encoded[0] = long ? flagLongKey : 0;
  if (long) {
    encoded.writeUInt32BE(key.length, headerLength);
    encoded.set(key, headerLength + 4);
  }
  encoded.writeUInt32BE(checksum(encoded, key, encoded.length), 1);
  return encoded;
}

/** Of the key, the flags and what is behind the checksum. */
function checksum(encoded: Buffer, key: Uint8Array, end: number): number {
  return crc32(encoded.subarray(headerLength, end), crc32(key, encoded[0]));
}

/** A value as it was put. Throws `state_corrupt`. `bytes` may be longer than the value, whose end is `end`. */
export function decodeValue(bytes: Buffer, end: number, key: Buffer): StoreValue {
  return parse(bytes, frontLength(key), end, key);
}

/** Key and value of what was found under a key on disk, where the original key is not known. Throws `state_corrupt`. */
export function decodeEntry(found: Buffer, bytes: Buffer): readonly [StoreKey, StoreValue] {
  const key = originalKey(found, bytes);
  return [key.toString('latin1'), parse(bytes, frontLength(key), bytes.length, key)];
}

function originalKey(found: Buffer, bytes: Buffer): Buffer {
  if (bytes[0] !== flagLongKey) return found[0] === 0 ? found.subarray(1) : found;
  const length = bytes.length < headerLength + 4 ? 0 : bytes.readUInt32BE(headerLength);
  return bytes.subarray(headerLength + 4, headerLength + 4 + length);
}

function parse(bytes: Buffer, front: number, end: number, key: Buffer): StoreValue {
  const flags = bytes[0];
  if (end < front || flags !== (isLong(key) ? flagLongKey : 0) || checksum(bytes, key, end) !== bytes.readUInt32BE(1)) {
    throw damaged(key, 'its checksum does not fit');
  }
  try {
    return JSON.parse(bytes.toString('utf8', front, end)) as StoreValue;
  } catch {
    // With a right checksum: it came so from the changelog.
    throw damaged(key, 'its value is not JSON');
  }
}

function damaged(key: Buffer, why: string): Failure {
  return new Failure('state_corrupt', `The entry with key ${JSON.stringify(key.toString('latin1', 0, 60))} is damaged on disk: ${why}.`);
}
