import type { StreamRecord } from '../record.ts';
import type { Working } from './algebra.ts';

/** Highest event time and highest record timestamp of what is in a partial result: one number where they are the same, as they are where the source has no `event_time`. */
export type Times = number | readonly [time: number, timestamp: number];

/** Takes note of a record: that it is in a partial result. */
export function noteTimes(working: Working, { time, timestamp }: StreamRecord): void {
  if (time > working.time) working.time = time;
  if (timestamp > working.timestamp) working.timestamp = timestamp;
}

/** The form that stores and parcels hold. */
export function packTimes({ time, timestamp }: { readonly time: number; readonly timestamp: number }): Times {
  return time === timestamp ? time : [time, timestamp];
}

/** Of two partial results together. */
export function mergeTimes(first: Times, second: Times): Times {
  if (typeof first === 'number' && typeof second === 'number') return Math.max(first, second);
  return packTimes({ time: Math.max(eventTime(first), eventTime(second)), timestamp: Math.max(recordTimestamp(first), recordTimestamp(second)) });
}

/** The highest event time: which windows and keys are over goes by it. */
export function eventTime(times: Times): number {
  return typeof times === 'number' ? times : times[0];
}

/** The highest record timestamp, -1 where no record has one: what brokers keep results by. */
export function recordTimestamp(times: Times): number {
  return typeof times === 'number' ? times : times[1];
}
