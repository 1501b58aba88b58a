import { Failure } from '../../../actors/failure.ts';
import type { FetchedRecord, TopicPartition } from '../../../actors/port.ts';
import type { Tables } from './tables.ts';
import { offsetOf, recordKey } from './keys.ts';
import { decodeRecord, timestampOf } from './record-codec.ts';

/** Size of a record beside its bytes, for the bounds of a fetch. */
const overhead = 16;

/** Where a partition is in LMDB, and how far it goes. */
export interface PartitionLog {
  readonly topic: number;
  readonly partition: number;
  /** The first offset that is still there. */
  start: number;
  /** One past the last offset given out. Past the gap of the last commit. */
  end: number;
}

/** Part of a partition. */
export interface Slice {
  readonly records: readonly FetchedRecord[];
  readonly nextOffset: number;
  readonly bytes: number;
}

/** Throws `offset_out_of_range` for a position where nothing was or will be. */
export function assertInside({ topic, partition }: TopicPartition, { start, end }: PartitionLog, position: number): void {
  if (position >= start && position <= end) return;
  throw new Failure('offset_out_of_range', `${topic}[${partition}] holds offsets ${start} to ${end}, asked for was ${position}.`);
}

/**
 * Reads records of [from, to) until they come to `maxBytes`, at least one. Offsets without a record (what a commit or
 * an abort left) are stepped over: where nothing is left the position goes to `to`.
 */
export function readLog(tables: Tables, log: PartitionLog, from: number, to: number, maxBytes: number): Slice {
  const records: FetchedRecord[] = [];
  const { topic, partition } = log;
  let bytes = 0;
  const range = { start: recordKey(topic, partition, from), end: recordKey(topic, partition, to) };
  for (const { key, value } of tables.records.getRange(range)) {
    const size = value.length + overhead;
    if (records.length > 0 && bytes + size > maxBytes) return { records, nextOffset: offsetOf(key), bytes };
    bytes += size;
    records.push(decodeRecord(value, offsetOf(key)));
  }
  return { records, nextOffset: to, bytes };
}

/** Looks through at most `limit` records from `from` on: the first with a timestamp at or after it, or where to look next. */
export function seekTimestamp(tables: Tables, log: PartitionLog, from: number, timestamp: number, limit: number): { found: boolean; offset: number } {
  const { topic, partition, end } = log;
  const range = { start: recordKey(topic, partition, from), end: recordKey(topic, partition, end), limit };
  let seen = 0;
  let last = from;
  for (const { key, value } of tables.records.getRange(range)) {
    last = offsetOf(key);
    if (timestampOf(value) >= timestamp) return { found: true, offset: last };
    seen++;
  }
  return { found: false, offset: seen < limit ? end : last + 1 };
}
