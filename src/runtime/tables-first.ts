/** Where an input begins, and where it ended at the start. */
export interface FirstInput {
  readonly topic: string;
  readonly start: number;
  readonly end: number;
}

/** Holds the inputs of a task back until those that fill tables are committed up to where they ended at the start: a look-up before that would miss rows that are there. */
export class TablesFirst {
  readonly #first: ReadonlySet<string>;
  /** Offsets that are still to be reached, by topic. */
  readonly #left: Map<string, number>;

  constructor(first: readonly string[], inputs: readonly FirstInput[]) {
    this.#first = new Set(first);
    this.#left = new Map(inputs.flatMap(({ topic, start, end }) => (this.#first.has(topic) && start < end ? [[topic, end] as const] : [])));
  }

  /** Whether an input waits. */
  holds(topic: string): boolean {
    return this.#left.size > 0 && !this.#first.has(topic);
  }

  /** Takes note of a commit; true when it was the one that the others waited for. */
  committed(positions: readonly { readonly topic: string; readonly offset: number }[]): boolean {
    if (this.#left.size === 0) return false;
    for (const { topic, offset } of positions) if (offset >= (this.#left.get(topic) ?? Infinity)) this.#left.delete(topic);
    return this.#left.size === 0;
  }
}
