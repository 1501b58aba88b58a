/** Milliseconds that a node should work on what is handed on at once: other actors, timers and whoever asks by HTTP get their turn in between. */
const turn = 20;

/** Records handed on at once, at most; and before it is known what they cost. */
const bounds = { most: 1000, first: 20 };

/** How much of what was measured still counts after the next batch. */
const fade = 0.9;

/** What one node of a task takes for a record, of late. */
export class Cost {
  #milliseconds = 0;
  #records = 0;

  /** It had the thread for so long, for a batch of so many records. */
  note(milliseconds: number, records: number): void {
    this.#milliseconds = this.#milliseconds * fade + milliseconds;
    this.#records = this.#records * fade + records;
  }

  /** Milliseconds for a record; null where it had none yet. */
  get each(): number | null {
    return this.#records === 0 ? null : this.#milliseconds / this.#records;
  }
}

/**
 * How many records the sources of a task hand on at once: a thousand where they cost microseconds, a few where a node takes milliseconds for each. A node works
 * through a batch without a pause, and in a backlog a thousand of the latter would leave a daemon deaf for seconds.
 */
export class Slices {
  readonly #costs: Cost[] = [];

  /** For one more node. */
  cost(): Cost {
    const cost = new Cost();
    this.#costs.push(cost);
    return cost;
  }

  /** As many as the dearest node works on in its turn, at least one. */
  get size(): number {
    let dearest: number | null = null;
    for (const { each } of this.#costs) if (each !== null) dearest = Math.max(dearest ?? 0, each);
    return dearest === null ? bounds.first : Math.max(1, Math.min(bounds.most, Math.floor(turn / dearest)));
  }
}
