import { compressSync, uncompressSync } from 'snappy';

/*
 * Snappy as Kafka has it: the Java client frames it the way of the library snappy-java (SnappyOutputStream), librdkafka and others write one plain
 * block. Both are read, as by the Java client; the framed form is written.
 */

/** snappy-java's magic; two versions of four bytes each, both 1, follow. */
const magic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const header = Buffer.concat([magic, Buffer.from([0, 0, 0, 1, 0, 0, 0, 1])]);
/** Snappy looks back no further within a block. */
const blockSize = 65_536;
/** Two bytes of snappy stand for at most 64. */
const ratio = 32;

/** Frames some bytes as snappy-java does. */
export function packSnappy(body: Buffer): Buffer {
  const parts: Buffer[] = [header];
  for (let at = 0; at < body.length; at += blockSize) {
    const block = compressSync(body.subarray(at, at + blockSize));
    const size = Buffer.allocUnsafe(4);
    size.writeUInt32BE(block.length, 0);
    parts.push(size, block);
  }
  return Buffer.concat(parts);
}

/** The bytes of a frame or of a plain block; throws an `Error` for more than `limit`, and for what is damaged. */
export function unpackSnappy(packed: Buffer, limit: number): Buffer {
  if (!packed.subarray(0, magic.length).equals(magic)) return unpackBlock(packed, limit);
  const blocks: Buffer[] = [];
  let left = limit;
  let at = header.length;
  while (at < packed.length) {
    if (at + 4 > packed.length) throw new Error('it ends inside of a block');
    const size = packed.readUInt32BE(at);
    if (at + 4 + size > packed.length) throw new Error('it ends inside of a block');
    const block = unpackBlock(packed.subarray(at + 4, at + 4 + size), left);
    blocks.push(block);
    left -= block.length;
    at += 4 + size;
  }
  if (at < header.length) throw new Error('it ends inside of its header');
  return blocks.length === 1 ? blocks[0]! : Buffer.concat(blocks);
}

/** What a block says that it holds is what the library makes room for, so it is looked at first. */
function unpackBlock(block: Buffer, limit: number): Buffer {
  const claimed = lengthOf(block);
  if (claimed > limit) throw new Error(`it says that it holds ${claimed} bytes, more than ${limit}`);
  if (claimed > block.length * ratio) throw new Error(`it says that ${block.length} bytes hold ${claimed}`);
  return uncompressSync(block, { asBuffer: true }) as Buffer;
}

/** The length of what is in a block: a varint of at most five bytes before it. */
function lengthOf(block: Buffer): number {
  let length = 0;
  for (let index = 0; index < 5; index++) {
    const byte = block[index];
    if (byte === undefined) break;
    length += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return length;
  }
  throw new Error('it does not begin with its length');
}
