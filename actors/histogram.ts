/** Upper bounds of the buckets of durations, in seconds: from the tenth of a millisecond that a batch takes to the hours of a backlog. */
export const durationBounds = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200, 43_200] as const;

/** What a histogram of seconds holds. */
export interface HistogramStatus {
  /** How many values were at most each of `durationBounds` and above the one before; the last for all beyond. */
  readonly counts: readonly number[];
  readonly sum: number;
  readonly count: number;
}

/** Durations in seconds, counted by bucket: noting one is a walk over a few numbers, so that it may be done for each batch. */
export class Histogram implements HistogramStatus {
  readonly counts: number[] = new Array<number>(durationBounds.length + 1).fill(0);
  sum = 0;
  count = 0;

  note(seconds: number): void {
    let bucket = 0;
    while (bucket < durationBounds.length && seconds > (durationBounds[bucket] as number)) bucket += 1;
    this.counts[bucket] = (this.counts[bucket] as number) + 1;
    this.sum += seconds;
    this.count += 1;
  }

  /** As it is now: what is noted later is not in it. */
  get status(): HistogramStatus {
    return { counts: [...this.counts], sum: this.sum, count: this.count };
  }
}
