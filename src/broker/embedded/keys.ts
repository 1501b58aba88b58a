/*
 * Keys in LMDB. Numbers are big endian, so that LMDB's byte order is their order: a partition is one contiguous range
 * of records, in offset order.
 */

const recordKeyLength = 16;
const high = 0x1_0000_0000;

/** Key of a record: topic id u32, partition u32, offset u64. Pass `into` to use a key again where LMDB copies it. */
export function recordKey(topic: number, partition: number, offset: number, into: Buffer = Buffer.allocUnsafe(recordKeyLength)): Buffer {
  into.writeUInt32BE(topic, 0);
  into.writeUInt32BE(partition, 4);
  into.writeUInt32BE(Math.floor(offset / high), 8);
  into.writeUInt32BE(offset % high, 12);
  return into;
}

/** The offset in a record's key. */
export function offsetOf(key: Buffer): number {
  return key.readUInt32BE(8) * high + key.readUInt32BE(12);
}
