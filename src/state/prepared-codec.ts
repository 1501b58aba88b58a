import { crc32 } from 'node:zlib';
import { Failure } from '../../actors/failure.ts';
import type { EncodedEntry } from './entry-codec.ts';

/*
 * An epoch's changes as they wait to be applied: chunks of some hundred kilobytes, each a CRC-32 of the rest and then, per change, name of the store,
 * key and value, each behind its length; a value of `absent` bytes is a deletion.
 */

/** A change of a store. */
export interface PreparedChange {
  readonly store: string;
  readonly entry: EncodedEntry;
}

const chunkBytes = 256 * 1024;
const absent = 0xffff_ffff;
const front = 10;

/** Bytes that a change takes on disk, about. */
export function changeBytes({ store, entry }: PreparedChange): number {
  return front + store.length + entry.key.length + (entry.value?.length ?? 0);
}

/** Chunks of changes; a change is never cut. */
export function* encodeChunks(changes: readonly PreparedChange[]): Iterable<Buffer> {
  let from = 0;
  while (from < changes.length) {
    let size = 4;
    let to = from;
    while (to < changes.length && (to === from || size < chunkBytes)) size += sizeOf(changes[to++] as PreparedChange);
    yield encodeChunk(changes, from, to, size);
    from = to;
  }
}

function sizeOf({ store, entry }: PreparedChange): number {
  return front + Buffer.byteLength(store) + entry.key.length + (entry.value?.length ?? 0);
}

function encodeChunk(changes: readonly PreparedChange[], from: number, to: number, size: number): Buffer {
  const chunk = Buffer.allocUnsafe(size);
  let at = 4;
  for (let index = from; index < to; index++) {
    const { store, entry: { key, value } } = changes[index] as PreparedChange;
    const nameLength = chunk.write(store, at + front);
    chunk.writeUInt16BE(nameLength, at);
    chunk.writeUInt32BE(key.length, at + 2);
    chunk.writeUInt32BE(value === null ? absent : value.length, at + 6);
    at += front + nameLength;
    chunk.set(key, at);
    at += key.length;
    if (value === null) continue;
    chunk.set(value, at);
    at += value.length;
  }
  chunk.writeUInt32BE(crc32(chunk.subarray(4)), 0);
  return chunk;
}

/** The changes of a chunk. Throws `state_corrupt`. */
export function decodeChunk(chunk: Buffer): PreparedChange[] {
  if (chunk.length < 4 || crc32(chunk.subarray(4)) !== chunk.readUInt32BE(0)) throw new Failure('state_corrupt', 'A prepared epoch is damaged on disk: its checksum does not fit.');
  const changes: PreparedChange[] = [];
  let at = 4;
  while (at < chunk.length) {
    const nameEnd = at + front + chunk.readUInt16BE(at);
    const keyEnd = nameEnd + chunk.readUInt32BE(at + 2);
    const length = chunk.readUInt32BE(at + 6);
    const store = chunk.toString('utf8', at + front, nameEnd);
    const value = length === absent ? null : chunk.subarray(keyEnd, keyEnd + length);
    changes.push({ store, entry: { key: chunk.subarray(nameEnd, keyEnd), value } });
    at = keyEnd + (value?.length ?? 0);
  }
  return changes;
}
