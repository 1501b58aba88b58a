/** Waits between tries: 100 ms doubling to 5 s, each shortened by chance by up to half so that many members do not come back at once. */
export class Backoff {
  private tries = 0;
  private readonly first: number;
  private readonly most: number;

  constructor(first = 100, most = 5_000) {
    this.first = first;
    this.most = most;
  }

  reset(): void {
    this.tries = 0;
  }

  /** How often `next` was asked since the last reset. */
  get count(): number {
    return this.tries;
  }

  next(): number {
    const full = Math.min(this.first * 2 ** this.tries++, this.most);
    return full * (0.5 + Math.random() / 2);
  }
}
