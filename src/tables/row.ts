import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { Failure } from '../../actors/failure.ts';

/*
 * How a row lies on disk. Key: its bytes; LMDB takes 1 to 1,978 of them, so one that is empty or begins with a zero byte gets a zero byte in front, and
 * a longer one is its SHA-256 behind a zero and a one. Value: CRC-32 of the JSON text, and that text. Both are binary strings here
 * (`actors/keyed/binary.ts`): many of them take less memory than as many buffers.
 */

/** Keys of more bytes are hashed. */
const longest = 1900;

const headerLength = 4;

/** A row of a table as it is to be written; `json` null: there is none any more. */
export interface Row {
  /** As `diskKey` gives it. */
  readonly key: string;
  readonly json: string | null;
}

/** A row on disk that is not what was written. */
export class DamagedRow extends Error {}

/** Under which key a row lies on disk. */
export function diskKey(key: string): string {
  if (key.length > longest) return `\x00\x01${createHash('sha256').update(key, 'latin1').digest().toString('latin1')}`;
  return key === '' || key.charCodeAt(0) === 0 ? `\x00${key}` : key;
}

/** The key that a value of a row stands for; null where it is none. */
export function keyOfValue(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  const text = typeof value === 'string' ? value : typeof value === 'bigint' ? String(value) : JSON.stringify(value);
  return Buffer.from(text).toString('latin1');
}

/** A value as JSON text, as a binary string. Throws a `Failure` for integers that would be rounded when they are read again. */
export function jsonBytes(value: unknown): string {
  return Buffer.from(JSON.stringify(value, exact)).toString('latin1');
}

function exact(_: string, value: unknown): unknown {
  if (typeof value !== 'bigint') return value;
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw new Failure('row_unusable', 'expected integers up to 2^53, found a larger one; read them with long: string');
}

/** A key, for people. */
export function showKey(key: string): string {
  const text = Buffer.from(key, 'latin1').toString();
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

/** JSON text as it lies on disk, and its checksum. */
export function encodeRow(json: string): { readonly bytes: Buffer; readonly checksum: number } {
  const bytes = Buffer.allocUnsafe(headerLength + json.length);
  bytes.write(json, headerLength, 'latin1');
  const checksum = crc32(bytes.subarray(headerLength));
  bytes.writeUInt32BE(checksum, 0);
  return { bytes, checksum };
}

/** The JSON text of a row. `bytes` may be longer than it, whose end is `end`. Throws `DamagedRow`. */
export function decodeRow(bytes: Buffer, end: number): string {
  if (end < headerLength || crc32(bytes.subarray(headerLength, end)) !== bytes.readUInt32BE(0)) throw new DamagedRow();
  return bytes.toString('utf8', headerLength, end);
}
