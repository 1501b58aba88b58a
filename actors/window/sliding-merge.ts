import type { Algebra, Partial } from './algebra.ts';

/** The records of one time of a key that count for windows that end at `from` or later. */
export interface Pane {
  readonly time: number;
  readonly from: number;
  readonly partial: Partial;
}

/**
 * The windows with these ends, in order, that have a record. Panes come in and go out as the end moves on, and merging cannot be undone, so those that
 * will go are kept as merges of each with all behind it: a merge or two for each window instead of one for each of its panes
 * (Tangwongsan, Hirzel, Schneider, "Low-latency sliding-window aggregation in worst-case constant time", 2017, section 3).
 */
export function* windowsEndingAt(ends: readonly number[], panes: readonly Pane[], size: number, algebra: Algebra): Iterable<readonly [end: number, partial: Partial]> {
  const queue = new MergingQueue(algebra);
  const inTime = panes.filter(({ time, from }) => from <= time);
  const tooLate = panes.filter(({ time, from }) => from > time);
  let next = 0;
  for (const end of ends) {
    for (; next < inTime.length && (inTime[next] as Pane).time <= end; next++) queue.push(inTime[next] as Pane);
    queue.dropBefore(end - size);
    let merged = queue.merged;
    // Few, and each by itself: they begin to count somewhere in the middle.
    for (const { time, from, partial } of tooLate) {
      if (time >= end - size && time <= end && from <= end) merged = merged === null ? partial : algebra.merge(merged, partial);
    }
    if (merged !== null) yield [end, merged];
  }
}

class MergingQueue {
  readonly #algebra: Algebra;
  /** The oldest is the last one; each is merged with all that came after it, up to the turn. */
  readonly #front: { readonly time: number; readonly merged: Partial }[] = [];
  #back: Pane[] = [];
  #backMerged: Partial | null = null;

  constructor(algebra: Algebra) {
    this.#algebra = algebra;
  }

  push(pane: Pane): void {
    this.#back.push(pane);
    this.#backMerged = this.#backMerged === null ? pane.partial : this.#algebra.merge(this.#backMerged, pane.partial);
  }

  dropBefore(time: number): void {
    for (;;) {
      if (this.#front.length === 0) this.#turn();
      const oldest = this.#front[this.#front.length - 1];
      if (oldest === undefined || oldest.time >= time) return;
      this.#front.pop();
    }
  }

  get merged(): Partial | null {
    const front = this.#front[this.#front.length - 1]?.merged ?? null;
    if (front === null || this.#backMerged === null) return front ?? this.#backMerged;
    return this.#algebra.merge(front, this.#backMerged);
  }

  #turn(): void {
    let merged: Partial | null = null;
    for (const { time, partial } of this.#back.toReversed()) {
      merged = merged === null ? partial : this.#algebra.merge(partial, merged);
      this.#front.push({ time, merged });
    }
    this.#back = [];
    this.#backMerged = null;
  }
}
