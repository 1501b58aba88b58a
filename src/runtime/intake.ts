import type { FetchedBatch, GroupReader, TopicPartition } from '../../actors/port.ts';
import type { Clock } from './clock.ts';
import type { Credit } from './credit.ts';
import { weight } from './source-actor.ts';
import type { Throttle } from './throttle.ts';
import type { TaskReader } from './valve.ts';

/** What an intake stands between. */
export interface IntakeSettings {
  readonly at: TopicPartition;
  /** Where reading begins, and the end of the partition as it was then. */
  readonly start: number;
  readonly end: number;
  readonly reader: GroupReader & Partial<Pick<TaskReader, 'held'>>;
  readonly credit: Credit;
  /** Shared by the intakes of one source in one task; null where it has no rate limit. */
  readonly throttle: Throttle | null;
  readonly clock: Clock;
  /** Takes what was let in; its `nextOffset` is the position from then on. */
  readonly admit: (batch: FetchedBatch) => void;
}

/**
 * The gate of one partition between the reader and its source actor. It lets in what credit, the rate limit and the trigger's bound
 * allow, holds at most one fetched batch back, and keeps the partition paused for as long as nothing may come.
 */
export class Intake {
  readonly at: TopicPartition;
  readonly #settings: IntakeSettings;
  #position: number;
  /** Offsets from here on wait for the trigger. */
  #bound = -1;
  /** What was fetched and not let in yet. */
  #held: FetchedBatch | null = null;
  #paused = true;
  /** One past the last readable record, as far as is known. */
  #end: number;
  /** When the last record was let in, or all that is known of had been; by the clock's `elapsed`. */
  #quietSince: number;
  #closed = false;
  #timer: (() => void) | null = null;

  constructor(settings: IntakeSettings) {
    this.#settings = settings;
    this.at = settings.at;
    this.#position = settings.start;
    this.#end = settings.end;
    this.#quietSince = settings.clock.elapsed();
  }

  /** Milliseconds for which the partition is read to its end without a record; 0 while there is something to read. */
  get quiet(): number {
    // Nobody knows what has come meanwhile: the partition is not quiet, it is not listened to.
    if (this.#settings.reader.held === true) this.#quietSince = this.#settings.clock.elapsed();
    return !this.caughtUp ? 0 : this.#settings.clock.elapsed() - this.#quietSince;
  }

  /** True when the partition is read to its end, as far as is known. */
  get caughtUp(): boolean {
    return this.#position >= this.#end;
  }

  /** The partition was found to go on at least to here. */
  reaches(end: number): void {
    this.#end = Math.max(this.#end, end);
  }

  /** True when all below the bound was let in. */
  get reached(): boolean {
    return this.#position >= this.#bound;
  }

  /** True when only commits can make room. */
  get exhausted(): boolean {
    return !this.#settings.credit.available;
  }

  /** Lets in what lies below `bound` from now on. */
  open(bound: number): void {
    this.#bound = bound;
    if (this.#closed || this.reached) return;
    // What the reader is at may lie beyond the last bound.
    this.#held = null;
    this.#paused = false;
    this.#settings.reader.deliver(this.at, this.#position);
    this.#settle();
  }

  fetched(batch: FetchedBatch): void {
    this.reaches(batch.endOffset);
    if (this.#closed || this.reached) return;
    this.#held = this.#below(batch);
    this.#settle();
  }

  giveBack(bytes: number, batches: number): void {
    this.#settings.credit.giveBack(bytes, batches);
    this.#settle();
  }

  /** Lets nothing in any more: what is held is read again by whoever comes next. */
  close(): void {
    this.#closed = true;
    this.#held = null;
    this.#timer?.();
    this.#timer = null;
    this.#settings.reader.pause(this.at);
  }

  /** Lets in what may come, then pauses or resumes the partition by whether more may. */
  #settle(): void {
    if (this.#closed) return;
    while (this.#held !== null && this.#settings.credit.available && this.#timer === null) {
      const part = this.#allowed(this.#held);
      if (part === null) this.#wait();
      else this.#admit(part);
    }
    const paused = this.#held !== null || this.exhausted || this.reached;
    if (paused === this.#paused) return;
    this.#paused = paused;
    if (paused) this.#settings.reader.pause(this.at);
    else this.#settings.reader.resume(this.at);
  }

  #admit(part: FetchedBatch): void {
    if (part === this.#held) this.#held = null;
    else if (this.#held !== null) this.#held = { ...this.#held, records: this.#held.records.slice(part.records.length), bytes: this.#held.bytes - part.bytes };
    const behind = !this.caughtUp;
    this.#position = part.nextOffset;
    if (part.records.length > 0 || behind) this.#quietSince = this.#settings.clock.elapsed();
    this.#settings.credit.take(weight(part));
    this.#settings.admit(part);
  }

  #wait(): void {
    const { throttle, clock } = this.#settings;
    this.#timer = clock.after(throttle?.wait() ?? 0, () => {
      this.#timer = null;
      this.#settle();
    });
  }

  /** The part of a batch that the rate limit lets through now; null for none. */
  #allowed(batch: FetchedBatch): FetchedBatch | null {
    const { throttle } = this.#settings;
    const { records, bytes } = batch;
    if (throttle === null || records.length === 0) return batch;
    const each = bytes / records.length;
    const count = throttle.take(records.length, each);
    if (count === records.length) return batch;
    const next = records[count];
    if (count === 0 || next === undefined) return null;
    return { ...batch, records: records.slice(0, count), nextOffset: next.offset, bytes: Math.round(each * count) };
  }

  /** The part of a batch that lies below the bound. */
  #below(batch: FetchedBatch): FetchedBatch {
    if (batch.nextOffset <= this.#bound) return batch;
    const records = batch.records.filter(({ offset }) => offset < this.#bound);
    const share = batch.records.length === 0 ? 0 : records.length / batch.records.length;
    return { ...batch, records, nextOffset: this.#bound, bytes: Math.round(batch.bytes * share) };
  }
}
