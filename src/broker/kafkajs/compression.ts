import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { compressFrameSync, decompressFrameSync } from 'lz4-napi';
import type { Compression } from '../../../actors/component.ts';
import { packSnappy, unpackSnappy } from './snappy.ts';

/*
 * How the records of a batch are compressed. The numbers are those in a batch's attributes (Kafka's CompressionType.java).
 */

/** The number of each codec on the wire. */
export const codecNumbers: Readonly<Record<Compression, number>> = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 };

interface Codec {
  readonly name: Compression;
  readonly pack: (body: Buffer) => Buffer;
  /** At most `limit` bytes come out; throws an `Error` for more, and for what cannot be read. */
  readonly unpack: (packed: Buffer, limit: number) => Buffer;
}

const codecs: readonly (Codec | undefined)[] = [
  undefined,
  { name: 'gzip', pack: (body) => gzipSync(body), unpack: (packed, limit) => gunzipSync(packed, { maxOutputLength: limit }) },
  { name: 'snappy', pack: packSnappy, unpack: unpackSnappy },
  { name: 'lz4', pack: (body) => compressFrameSync(body), unpack: unpackLz4 },
  { name: 'zstd', pack: (body) => zstdCompressSync(body), unpack: (packed, limit) => zstdDecompressSync(packed, { maxOutputLength: limit }) }
];

/** The bytes of a batch's records, compressed. */
export function compress(codec: number, body: Buffer): Buffer {
  return named(codec).pack(body);
}

/** The bytes of a batch's records as they were. Throws an `Error` that names the codec and what is wrong, never more than `limit` bytes. */
export function decompress(codec: number, packed: Buffer, limit: number): Buffer {
  const { name, unpack } = named(codec);
  try {
    return unpack(packed, limit);
  } catch (error) {
    throw new Error(`${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function named(codec: number): Codec {
  const found = codecs[codec];
  if (found === undefined) throw new Error(`there is no codec number ${codec}`);
  return found;
}

const lz4Magic = 0x184d2204;
const lz4BlockSizes: readonly number[] = [0, 0, 0, 0, 65_536, 262_144, 1_048_576, 4_194_304];
const uncompressed = 0x8000_0000;
/** No byte of LZ4 stands for more bytes than this. */
const lz4Ratio = 255;

/** One LZ4 frame (lz4_Frame_format.md 1.6). Its blocks are measured first: the library has no bound of its own. */
function unpackLz4(packed: Buffer, limit: number): Buffer {
  const { end, most } = measureLz4(packed);
  if (most > limit) throw new Error(`it may hold ${most} bytes, more than ${limit}`);
  return decompressFrameSync(packed.subarray(0, end));
}

function measureLz4(packed: Buffer): { end: number; most: number } {
  if (packed.length < 7 || packed.readUInt32LE(0) !== lz4Magic) throw new Error('it does not begin as a frame');
  const flags = packed[4]!;
  const blockSize = lz4BlockSizes[(packed[5]! >> 4) & 7]!;
  const blockChecksum = flags & 0x10 ? 4 : 0;
  const contentChecksum = flags & 0x04 ? 4 : 0;
  let at = 6 + (flags & 0x08 ? 8 : 0) + (flags & 0x01 ? 4 : 0) + 1;
  let most = 0;
  while (at + 4 <= packed.length) {
    const word = packed.readUInt32LE(at);
    if (word === 0) return { end: Math.min(at + 4 + contentChecksum, packed.length), most };
    const size = word % uncompressed;
    most += Math.min(blockSize, word >= uncompressed ? size : size * lz4Ratio);
    at += 4 + size + blockChecksum;
  }
  throw new Error('it ends before its last block');
}
