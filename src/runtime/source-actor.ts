import type { SourceLogic } from '../../actors/component.ts';
import { EventTime } from '../../actors/source/event-time.ts';
import { asFailure, Failure } from '../../actors/failure.ts';
import type { FetchedBatch, FetchedRecord, TopicPartition } from '../../actors/port.ts';
import type { Origin, StreamRecord } from '../../actors/record.ts';
import type { Clock } from './clock.ts';
import type { Outlet } from './outlet.ts';

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

/** Records handed on at once: small enough that other actors and timers get their turn in a backlog. */
const slice = 1000;

/** The receiver of one topic partition: turns what the reader fetched into records, and starts the barriers. */
export function sourceReceiver(logic: SourceLogic, at: TopicPartition, start: SourceStart, outlet: Outlet, clock: Clock): (message: SourceMessage) => void {
  const origin: Origin = { topic: at.topic, partition: at.partition, codec: logic.codec.id };
  const time = start.watermark === null ? null : new EventTime(logic.time, start.watermark);
  const { topic, partition } = at;
  let { position } = start;
  let bytes = 0;
  let batches = 0;
  return (message) => {
    if (message.kind === 'barrier') {
      const { watermark, idle } = time?.stand(message.quiet) ?? untimed;
      outlet.checkpoint({ epoch: message.epoch, now: message.now, watermark, idle, own: null, again: null }, { topic, partition, position, watermark, bytes, batches });
      bytes = 0;
      batches = 0;
      return;
    }
    const { records } = message.batch;
    const now = clock.now();
    outlet.received(records.length);
    for (let from = 0; from < records.length; from += slice) {
      const to = Math.min(from + slice, records.length);
      for (let index = from; index < to; index += 1) admit(records[index] as FetchedRecord, origin, logic, time, now, outlet);
      outlet.flush(now);
    }
    position = message.batch.nextOffset;
    bytes += weight(message.batch);
    batches += 1;
  };
}

/** A source that no event time is asked of holds nobody back. */
const untimed = { watermark: -Infinity, idle: false };

/** What a batch counts for as credit: its bytes, and what its records cost as objects, which is more than their bytes when they are small. */
export function weight({ bytes, records }: FetchedBatch): number {
  return bytes + records.length * 300;
}

function admit(fetched: FetchedRecord, origin: Origin, logic: SourceLogic, time: EventTime | null, now: number, outlet: Outlet): void {
  const { value: bytes } = fetched;
  const record = toRecord(fetched, origin, time?.watermark ?? -Infinity);
  if (bytes === null) {
    if (logic.tombstones === 'drop') {
      outlet.filtered(record);
      return;
    }
    if (logic.tombstones === 'dead_letter') {
      outlet.failed(record, new Failure('tombstone', 'Expected a value, found none (a tombstone).'));
      return;
    }
  } else {
    try {
      record.value = logic.codec.decode(bytes);
    } catch (error) {
      outlet.failed(record, asFailure(error, 'undecodable'));
      return;
    }
  }
  if (time !== null) {
    try {
      record.time = time.timeOf(record, now);
    } catch (error) {
      outlet.failed(record, asFailure(error, 'event_time_refused'));
      return;
    }
    time.note(record.time);
  }
  outlet.forward(record);
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
