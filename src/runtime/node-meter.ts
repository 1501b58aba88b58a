import type { Histogram } from '../../actors/histogram.ts';
import type { EdgeMeter } from './meters.ts';
import type { Cost } from './slices.ts';

/** Measures one node's work in one task: twice a batch, whatever is in it. */
export class NodeMeter {
  readonly #batches: Histogram;
  readonly #edges: readonly EdgeMeter[];
  readonly #elapsed: () => number;
  readonly #cost: Cost | null;

  /** `edges`: what each of its channels comes by. `cost`: null where the size of its batches is not its own affair. */
  constructor(batches: Histogram, edges: readonly EdgeMeter[], elapsed: () => number, cost: Cost | null) {
    this.#batches = batches;
    this.#edges = edges;
    this.#elapsed = elapsed;
    this.#cost = cost;
  }

  /** A batch leaves the mailbox; gives what `end` wants. */
  begin(channel: number, records: number): number {
    const now = this.#elapsed();
    this.#edges[channel]?.taken(records, now);
    return now;
  }

  /** It has worked on the batch, or waits for something and others have the thread. */
  paused(started: number, records: number): void {
    this.#cost?.note(this.#elapsed() - started, records);
  }

  /** The batch is worked on, and what came of it is sent. */
  end(started: number): void {
    this.#batches.note((this.#elapsed() - started) / 1000);
  }
}
