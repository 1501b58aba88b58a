import type { SourceLogic } from '../../actors/component.ts';
import { asFailure, Failure } from '../../actors/failure.ts';
import type { FetchedBatch, FetchedRecord, TopicPartition } from '../../actors/port.ts';
import type { Origin, StreamRecord } from '../../actors/record.ts';
import type { Clock } from './clock.ts';
import type { Outlet } from './outlet.ts';

/** What a source actor is told: a fetched batch, or to let the barrier of an epoch go. */
export type SourceMessage = { readonly kind: 'fetched'; readonly batch: FetchedBatch } | { readonly kind: 'barrier'; readonly epoch: number };

/** Records handed on at once: small enough that other actors and timers get their turn in a backlog. */
const slice = 1000;

/** The receiver of one topic partition: turns what the reader fetched into records, and starts the barriers. */
export function sourceReceiver(logic: SourceLogic, at: TopicPartition, start: number, outlet: Outlet, clock: Clock): (message: SourceMessage) => void {
  const origin: Origin = { topic: at.topic, partition: at.partition, codec: logic.codec.id };
  let position = start;
  let bytes = 0;
  let batches = 0;
  return (message) => {
    if (message.kind === 'barrier') {
      outlet.checkpoint(message.epoch, { ...at, position, bytes, batches });
      bytes = 0;
      batches = 0;
      return;
    }
    const { records } = message.batch;
    const now = clock.now();
    outlet.received(records.length);
    for (let from = 0; from < records.length; from += slice) {
      const to = Math.min(from + slice, records.length);
      for (let index = from; index < to; index += 1) admit(records[index] as FetchedRecord, origin, logic, outlet);
      outlet.flush(now);
    }
    position = message.batch.nextOffset;
    bytes += weight(message.batch);
    batches += 1;
  };
}

/** What a batch counts for as credit: its bytes, and what its records cost as objects, which is more than their bytes when they are small. */
export function weight({ bytes, records }: FetchedBatch): number {
  return bytes + records.length * 300;
}

function admit(fetched: FetchedRecord, origin: Origin, logic: SourceLogic, outlet: Outlet): void {
  const { value: bytes } = fetched;
  if (bytes === null) {
    admitTombstone(toRecord(fetched, origin, null), logic, outlet);
    return;
  }
  let value: unknown;
  try {
    value = logic.codec.decode(bytes);
  } catch (error) {
    outlet.failed(toRecord(fetched, origin, undefined), asFailure(error, 'undecodable'));
    return;
  }
  outlet.forward(toRecord(fetched, origin, value));
}

function admitTombstone(record: StreamRecord, logic: SourceLogic, outlet: Outlet): void {
  if (logic.tombstones === 'pass') outlet.forward(record);
  else if (logic.tombstones === 'drop') outlet.filtered(record);
  else outlet.failed(record, new Failure('tombstone', 'Expected a value, found none (a tombstone).'));
}

function toRecord(fetched: FetchedRecord, origin: Origin, value: unknown): StreamRecord {
  return {
    key: fetched.key,
    bytes: fetched.value,
    value,
    headers: fetched.headers,
    timestamp: fetched.timestamp,
    offset: fetched.offset,
    origin,
    changed: false
  };
}
