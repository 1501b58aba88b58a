import type { FetchedBatch, TopicPartition } from '../../actors/port.ts';
import type { PartitionStatus } from '../../actors/status.ts';

/** A fetch that is not committed yet: its offsets, and the timestamp of its first record. */
interface Fetched {
  readonly from: number;
  readonly to: number;
  readonly timestamp: number;
}

/** Fetches that are remembered; credit allows fewer to be under way. */
const maxFetched = 512;

/** How far one partition is: moved per fetch and per commit, whatever is in them. Times are in milliseconds since 1970. */
export class PartitionProgress {
  readonly at: TopicPartition;
  /** The task that reads it; null where nothing in that goes by event time. */
  readonly timedTask: string | null;
  #position: number;
  #start = 0;
  #end: number;
  /** In offset order. */
  readonly #fetched: Fetched[] = [];
  /** Timestamp of the last record that was fetched; -1 for none. */
  #last = -1;
  /** When the end was told. */
  #endAt = -Infinity;
  /** When an end was told last behind which nothing was left to commit. */
  #caughtUp = -Infinity;
  #watermark: number;
  #idle = false;

  constructor(at: TopicPartition, { position, end, watermark, timedTask }: { readonly position: number; readonly end: number; readonly watermark: number; readonly timedTask: string | null }) {
    this.at = at;
    this.timedTask = timedTask;
    this.#position = position;
    this.#end = end;
    this.#watermark = watermark;
  }

  /** -Infinity for none, and while the partition holds nobody back. */
  get watermark(): number {
    return this.#idle ? -Infinity : this.#watermark;
  }

  ended(end: number, now: number): void {
    this.#end = end;
    this.#endAt = now;
    this.#noteQuiet();
  }

  fetched({ records, nextOffset, startOffset, endOffset }: FetchedBatch, now: number): void {
    this.#end = endOffset;
    this.#endAt = now;
    this.#start = startOffset;
    this.#noteQuiet();
    const [first] = records;
    if (first === undefined) return;
    // What was fetched once and not let in is fetched again.
    while ((this.#fetched.at(-1)?.from ?? -1) >= first.offset) this.#fetched.pop();
    this.#fetched.push({ from: first.offset, to: nextOffset, timestamp: first.timestamp });
    if (this.#fetched.length > maxFetched) this.#fetched.shift();
    this.#last = records.at(-1)?.timestamp ?? this.#last;
  }

  committed(position: number, time: { readonly watermark: number; readonly idle: boolean }): void {
    this.#position = position;
    this.#watermark = time.watermark;
    this.#idle = time.idle;
    let done = 0;
    while (done < this.#fetched.length && (this.#fetched[done] as Fetched).to <= position) done += 1;
    if (done > 0) this.#fetched.splice(0, done);
    this.#noteQuiet();
  }

  status(now: number): PartitionStatus {
    const { topic, partition } = this.at;
    return { topic, partition, position: this.#position, end: this.#end, lag: this.#lag, lagSeconds: this.#lagSeconds(now) };
  }

  get #lag(): number {
    return Math.max(0, this.#end - Math.max(this.#position, this.#start));
  }

  /** What was fetched first and is not committed; what was not fetched yet is no older than what was last, and no older than when there was nothing to read. */
  #lagSeconds(now: number): number | null {
    if (this.#lag === 0) return 0;
    const oldest = this.#fetched[0]?.timestamp ?? Math.max(this.#last, this.#caughtUp);
    return oldest < 0 ? null : Math.max(0, now - oldest) / 1000;
  }

  #noteQuiet(): void {
    if (this.#lag === 0) this.#caughtUp = this.#endAt;
  }
}
