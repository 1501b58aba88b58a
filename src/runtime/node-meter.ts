import type { Histogram } from '../../actors/histogram.ts';
import type { EdgeMeter } from './meters.ts';

/** Measures one node's work in one task: twice a batch, whatever is in it. */
export class NodeMeter {
  readonly #batches: Histogram;
  readonly #edges: readonly EdgeMeter[];
  readonly #elapsed: () => number;

  /** `edges`: what each of its channels comes by. */
  constructor(batches: Histogram, edges: readonly EdgeMeter[], elapsed: () => number) {
    this.#batches = batches;
    this.#edges = edges;
    this.#elapsed = elapsed;
  }

  /** A batch leaves the mailbox; gives what `end` wants. */
  begin(channel: number, records: number): number {
    const now = this.#elapsed();
    this.#edges[channel]?.taken(records, now);
    return now;
  }

  /** The batch is worked on, and what came of it is sent. */
  end(started: number): void {
    this.#batches.note((this.#elapsed() - started) / 1000);
  }
}
