import { deleted, dropped } from '../../actors/codec.ts';
import type { SourceLogic } from '../../actors/component.ts';
import { EventTime } from '../../actors/source/event-time.ts';
import { asFailure, Failure } from '../../actors/failure.ts';
import type { FetchedBatch, FetchedRecord, TopicPartition } from '../../actors/port.ts';
import type { Origin, StreamRecord } from '../../actors/record.ts';
import { asRead, isTombstone } from '../../actors/record.ts';
import type { TraceContext } from '../../actors/trace.ts';
import type { Clock } from './clock.ts';
import type { Outlet } from './outlet.ts';
import type { Slices } from './slices.ts';
import { within } from './trace.ts';
import type { TaskTrace } from './trace.ts';

/** What a source actor is told: a fetched batch, or to let the barrier of an epoch go. */
export type SourceMessage =
  | { readonly kind: 'fetched'; readonly batch: FetchedBatch }
  /** `quiet`: milliseconds for which the partition is read to its end without a record. */
  | { readonly kind: 'barrier'; readonly epoch: number; readonly now: number; readonly quiet: number };

/** Where a source actor begins. */
export interface SourceStart {
  readonly position: number;
  /** Of the partition, as it was committed; null where nobody asks for event time. */
  readonly watermark: number | null;
}

/** The receiver of one topic partition: turns what the reader fetched into records, and starts the barriers. */
export function sourceReceiver(logic: SourceLogic, at: TopicPartition, start: SourceStart, outlet: Outlet, slices: Slices, clock: Clock, trace: TaskTrace | null): (message: SourceMessage) => void | Promise<void> {
  const origin: Origin = { topic: at.topic, partition: at.partition, codec: logic.codec.id, ...(logic.codec.exotic === true ? { exotic: true } : {}) };
  const waits = logic.codec.beforeDecode !== undefined || logic.keyCodec?.beforeDecode !== undefined;
  const time = start.watermark === null ? null : new EventTime(logic.time, start.watermark);
  const { topic, partition } = at;
  let { position } = start;
  let bytes = 0;
  let batches = 0;
  let traced: TraceContext[] | null = null;
  const work = (batch: FetchedBatch): void | Promise<void> => {
    const now = clock.now();
    outlet.received(batch.records.length);
    const done = (): void => {
      position = batch.nextOffset;
      bytes += weight(batch);
      batches += 1;
    };
    const slice = slices.size;
    if (waits) return admitWaiting(batch.records, origin, logic, time, now, outlet, slice).then(done);
    for (let from = 0; from < batch.records.length; from += slice) {
      const to = Math.min(from + slice, batch.records.length);
      for (let index = from; index < to; index += 1) admit(batch.records[index] as FetchedRecord, origin, logic, time, now, outlet);
      outlet.flush(now);
    }
    done();
    return undefined;
  };
  return (message) => {
    if (message.kind === 'barrier') {
      const { watermark, idle } = time?.stand(message.quiet) ?? untimed;
      outlet.checkpoint({ epoch: message.epoch, now: message.now, watermark, idle, own: null, again: null }, { topic, partition, position, watermark, idle, bytes, batches, traced });
      traced = null;
      bytes = 0;
      batches = 0;
      return;
    }
    const span = trace === null ? null : trace.poll(message.batch);
    if (span === null) return work(message.batch);
    (traced ??= []).push(span.context);
    return within(span, outlet, () => work(message.batch));
  };
}

/** As without waiting, but for codecs that may have to get a schema first: rarely, so that the loop hardly ever leaves its turn. */
async function admitWaiting(records: readonly FetchedRecord[], origin: Origin, logic: SourceLogic, time: EventTime | null, now: number, outlet: Outlet, slice: number): Promise<void> {
  let next = slice;
  for (const [index, record] of records.entries()) {
    if (index === next) {
      outlet.flush(now);
      next += slice;
    }
    const { key, value, headers } = record;
    const pendingKey = key === null ? null : (logic.keyCodec?.beforeDecode?.(key, headers) ?? null);
    if (pendingKey !== null) await pendingKey;
    const pending = value === null ? null : (logic.codec.beforeDecode?.(value, headers) ?? null);
    if (pending !== null) await pending;
    admit(record, origin, logic, time, now, outlet);
  }
  outlet.flush(now);
}

/** A source that no event time is asked of holds nobody back. */
const untimed = { watermark: -Infinity, idle: false };

/** What a batch counts for as credit: its bytes, and what its records cost as objects, which is more than their bytes when they are small. */
export function weight({ bytes, records }: FetchedBatch): number {
  return bytes + records.length * 300;
}

function admit(fetched: FetchedRecord, origin: Origin, logic: SourceLogic, time: EventTime | null, now: number, outlet: Outlet): void {
  const record = toRecord(fetched, origin, time?.watermark ?? -Infinity);
  try {
    if (logic.keyCodec !== null && fetched.key !== null) record.decodedKey = logic.keyCodec.decode(fetched.key, fetched.headers);
    if (record.bytes !== null) decode(record, record.bytes, logic);
  } catch (error) {
    outlet.failed(record, asFailure(error, 'undecodable'));
    return;
  }
  if (record.value === dropped || (isTombstone(record) && logic.tombstones === 'drop')) {
    outlet.filtered(record);
    return;
  }
  if (isTombstone(record) && logic.tombstones === 'dead_letter') {
    outlet.failed(asRead(record), new Failure('tombstone', 'Expected a value, found none (a tombstone).'));
    return;
  }
  if (time !== null) {
    try {
      record.time = time.timeOf(record, now);
    } catch (error) {
      outlet.failed(asRead(record), asFailure(error, 'event_time_refused'));
      return;
    }
    time.note(record.time);
  }
  outlet.forward(record);
}

function decode(record: Draft, bytes: Uint8Array, { codec, maxSize }: SourceLogic): void {
  if (bytes.length > maxSize) throw new Failure('record_too_large', `expected a value of at most ${maxSize} bytes, found one of ${bytes.length}`);
  const value = codec.decode(bytes, record.headers);
  if (value === deleted) {
    // A tombstone from here on; a dead letter still has what was read.
    record.origin = { ...record.origin, original: { ...record } };
    record.bytes = null;
    record.value = null;
  } else {
    record.value = value;
    record.changed = codec.unwraps === true;
  }
}

/** A record in the making; nobody else has it yet. */
type Draft = { -readonly [K in keyof StreamRecord]: StreamRecord[K] };

function toRecord(fetched: FetchedRecord, origin: Origin, stamp: number): Draft {
  return {
    key: fetched.key,
    bytes: fetched.value,
    value: fetched.value === null ? null : undefined,
    headers: fetched.headers,
    timestamp: fetched.timestamp,
    offset: fetched.offset,
    origin,
    changed: false,
    time: fetched.timestamp,
    stamp
  };
}
