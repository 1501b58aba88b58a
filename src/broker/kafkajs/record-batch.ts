import { Failure } from '../../../actors/failure.ts';
import type { FetchedRecord } from '../../../actors/port.ts';
import type { Header } from '../../../actors/record.ts';
import { decompress } from './compression.ts';
import { Cursor, readInt64 } from './reading.ts';

/** A transaction that was aborted, and where its records begin in this partition. */
export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

/** What a partition's bytes in a fetch response hold. */
export interface DecodedRecords {
  readonly records: FetchedRecord[];
  /** The position after the last whole batch, whether or not records of it are left. */
  readonly nextOffset: number;
  /** Size of the batches that were read, after decompression. */
  readonly bytes: number;
}

/** From where, and of which transactions, records are wanted. */
export interface DecodeOptions {
  /** Records below it are dropped: a batch is only ever sent whole. */
  readonly position: number;
  /** Aborted transactions, when reading committed; null takes every record. */
  readonly aborted: readonly AbortedTransaction[] | null;
}

const headerSize = 61;
const codecMask = 0x07;
const logAppendTime = 0x08;
const transactional = 0x10;
const control = 0x20;
const noHeaders: readonly Header[] = [];
const noTimestamp = -1;
/** A record of nothing: attributes, two deltas, no key, no value, no headers. */
const smallestRecord = 6;
/** Once so much came out of compressed batches the rest of the answer is left for the next fetch: a small answer may hold a thousand times its size. */
const mostDecompressed = 8 * 1024 * 1024;
/** A single batch that holds more than this is refused rather than let fill the memory. */
const largestBatch = 256 * 1024 * 1024;

/**
 * The records of one partition's part of a fetch response: record batches of format 2 (KIP-98), one after the other, of which the
 * last may be cut off. Aborted and control records are left out the way the Java client does (CompletedFetch.java).
 * The CRC is not checked: TCP and the broker's own check on append cover the ways here, and it would cost a fifth of the time.
 */
export function decodeRecords(buffer: Buffer, { position, aborted }: DecodeOptions): DecodedRecords {
  const records: FetchedRecord[] = [];
  const filter = aborted === null ? null : new AbortedFilter(aborted);
  let nextOffset = position;
  let at = 0;
  let bytes = 0;
  while (at + headerSize <= buffer.length && (bytes < mostDecompressed || bytes <= at)) {
    const end = at + 12 + buffer.readInt32BE(at + 8);
    if (end > buffer.length) break;
    if (end < at + headerSize) throw new Failure('unsupported_broker', `A record batch says that it has ${end - at} bytes, fewer than its header`);
    try {
      const batch = new Batch(buffer, at, end);
      if (batch.lastOffset >= position) {
        const skipped = filter !== null && filter.skips(batch);
        bytes += skipped || batch.isControl ? end - at : batch.read(records, position);
        nextOffset = Math.max(nextOffset, batch.lastOffset + 1);
      }
    } catch (error) {
      if (error instanceof Failure) throw error;
      // The broker checked the batch when it took it: this is a client's mistake that it let pass, or damage since.
      throw new Failure('unsupported_broker', `The record batch at offset ${buffer.readBigInt64BE(at)} is damaged: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
    at = end;
  }
  return { records, nextOffset, bytes };
}

/** Which batches belong to aborted transactions: from a transaction's first offset to its producer's next abort marker. */
class AbortedFilter {
  private readonly waiting: AbortedTransaction[];
  private readonly producers = new Set<number>();
  private next = 0;

  constructor(aborted: readonly AbortedTransaction[]) {
    this.waiting = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset);
  }

  skips(batch: Batch): boolean {
    for (; this.next < this.waiting.length && this.waiting[this.next]!.firstOffset <= batch.lastOffset; this.next++) {
      this.producers.add(this.waiting[this.next]!.producerId);
    }
    if (batch.isControl) {
      if (batch.isAbortMarker()) this.producers.delete(batch.producerId);
      return true;
    }
    return batch.isTransactional && this.producers.has(batch.producerId);
  }
}

/** What reading a batch goes by, and adds to. */
interface Reading {
  readonly records: FetchedRecord[];
  readonly position: number;
  readonly baseTimestamp: number;
  /** The broker's own time of appending, where that counts. */
  readonly appended: number | null;
}

class Batch {
  readonly lastOffset: number;
  readonly producerId: number;
  readonly isControl: boolean;
  readonly isTransactional: boolean;
  private readonly baseOffset: number;
  private readonly attributes: number;
  private readonly buffer: Buffer;
  private readonly start: number;
  private readonly end: number;

  constructor(buffer: Buffer, start: number, end: number) {
    const magic = buffer[start + 16]!;
    if (magic !== 2) {
      const message = `Record batches of format ${magic} are from before Kafka 0.11 and not readable; only format 2 is`;
      throw new Failure('unsupported_broker', message);
    }
    this.buffer = buffer;
    this.start = start;
    this.end = end;
    this.baseOffset = readInt64(buffer, start);
    this.attributes = buffer.readInt16BE(start + 21);
    this.lastOffset = this.baseOffset + buffer.readInt32BE(start + 23);
    this.producerId = readInt64(buffer, start + 43);
    this.isControl = (this.attributes & control) !== 0;
    this.isTransactional = (this.attributes & transactional) !== 0;
  }

  /** The key of a control record says what it is: int16 version, int16 type, 0 for an abort. */
  isAbortMarker(): boolean {
    const cursor = new Cursor(this.buffer, this.start + headerSize);
    cursor.varint();
    cursor.int8();
    cursor.varint();
    cursor.varint();
    const key = cursor.bytes();
    return key !== null && key.length >= 4 && key.readInt16BE(2) === 0;
  }

  /** Adds the batch's records; gives its size after decompression. */
  read(records: FetchedRecord[], position: number): number {
    const { buffer, start } = this;
    const baseTimestamp = readInt64(buffer, start + 27);
    const appended = (this.attributes & logAppendTime) !== 0 ? readInt64(buffer, start + 35) : null;
    const count = buffer.readInt32BE(start + 57);
    const cursor = this.body();
    this.readAll(cursor, count, { records, position, baseTimestamp, appended });
    const packed = this.end - start;
    return (this.attributes & codecMask) === 0 ? packed : Math.max(packed, cursor.buffer.length);
  }

  private readAll(cursor: Cursor, count: number, { records, position, baseTimestamp, appended }: Reading): void {
    for (let index = 0; index < count; index++) {
      const size = cursor.varint();
      const end = cursor.at + size;
      if (size < smallestRecord || end > cursor.buffer.length) throw new RangeError(`record ${index} of ${count} goes past its end`);
      cursor.at++; // attributes, unused
      const timestampDelta = cursor.varint();
      const offset = this.baseOffset + cursor.varint();
      if (offset >= position) {
        const key = cursor.bytes();
        const value = cursor.bytes();
        const timestamp = appended ?? (baseTimestamp === noTimestamp ? noTimestamp : baseTimestamp + timestampDelta);
        records.push({ offset, timestamp, key, value, headers: readHeaders(cursor) });
      }
      cursor.at = end;
    }
  }

  private body(): Cursor {
    const { buffer, start, end } = this;
    const codec = this.attributes & codecMask;
    if (codec === 0) return new Cursor(buffer.subarray(0, end), start + headerSize);
    try {
      return new Cursor(decompress(codec, buffer.subarray(start + headerSize, end), largestBatch));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Failure('unsupported_broker', `The record batch at offset ${this.baseOffset} cannot be decompressed: ${why}`, { cause: error });
    }
  }
}

function readHeaders(cursor: Cursor): readonly Header[] {
  const count = cursor.varint();
  if (count === 0) return noHeaders;
  const headers: Header[] = [];
  for (let index = 0; index < count; index++) {
    const length = cursor.varint();
    const name = cursor.slice(length).toString('utf8');
    headers.push([name, cursor.bytes()]);
  }
  return headers;
}
