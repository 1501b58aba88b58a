import type { SourceTime } from '../component.ts';
import { asFailure, Failure } from '../failure.ts';
import type { StreamRecord } from '../record.ts';
import { isTombstone } from '../record.ts';

/** How an idle partition stands: its watermark, and whether it holds others back. */
export interface PartitionTime {
  readonly watermark: number;
  readonly idle: boolean;
}

/** Event time of one source partition: its watermark is its highest event time less the delay, and never goes back. */
export class EventTime {
  readonly #time: SourceTime;
  #watermark: number;
  /** Whether a record came since the last barrier: what it moved is to be told before the partition counts as idle. */
  #moved = false;
  /** Where the watermark stood when the partition became idle. */
  #base: number | null = null;

  constructor(time: SourceTime, start: number) {
    this.#time = time;
    this.#watermark = start;
  }

  /** The watermark before the record that comes next. */
  get watermark(): number {
    return this.#watermark;
  }

  /** A record's event time. Throws a poison `Failure`. */
  timeOf(record: StreamRecord, now: number): number {
    const time = this.#evaluate(record, now);
    if (time - now > this.#time.maxFuture) {
      throw new Failure('event_time_refused', `event_time: ${new Date(Math.min(time, 8.64e15)).toISOString()} is more than max_future (${this.#time.maxFuture} ms) ahead of the wall clock`);
    }
    return time;
  }

  /** Takes note of a record's event time, once it was let in. */
  note(time: number): void {
    this.#base = null;
    this.#moved = true;
    // Kafka's -1 is no time.
    if (time >= 0 && time - this.#time.delay > this.#watermark) this.#watermark = time - this.#time.delay;
  }

  /** How the partition stands at a barrier, after so many milliseconds read to its end without a record. */
  stand(quiet: number): PartitionTime {
    const { idle: after, advance } = this.#time;
    const moved = this.#moved;
    this.#moved = false;
    if (moved || quiet < after) return { watermark: this.#watermark, idle: false };
    // Without a first record there is nothing to go on from.
    if (!advance || this.#watermark === -Infinity) return { watermark: this.#watermark, idle: true };
    this.#base ??= this.#watermark;
    this.#watermark = Math.max(this.#watermark, this.#base + (quiet - after));
    return { watermark: this.#watermark, idle: false };
  }

  #evaluate(record: StreamRecord, now: number): number {
    const { expression, readsValue } = this.#time;
    if (expression === null || (readsValue && isTombstone(record))) return record.timestamp;
    let result: unknown;
    try {
      result = expression(record, now);
    } catch (error) {
      throw asFailure(error, 'expression_failed');
    }
    const time = typeof result === 'string' ? Date.parse(result) : result;
    if (typeof time === 'number' && time >= 0 && time <= Number.MAX_SAFE_INTEGER) return Math.trunc(time);
    throw new Failure('event_time_refused', `event_time: expected milliseconds since 1970 or an ISO 8601 text, found ${typeof result === 'number' ? result : typeof result}`);
  }
}
