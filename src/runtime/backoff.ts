/** Bounds of an exponential backoff, in milliseconds. */
export interface BackoffLimits {
  readonly first: number;
  readonly max: number;
}

/**
 * Exponential backoff with full jitter (Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015),
 * never less than half of the step, so that a broker that is away is not asked at once again.
 */
export class Backoff {
  readonly #limits: BackoffLimits;
  readonly #random: () => number;
  #attempt = 0;

  constructor(limits: BackoffLimits, random: () => number = Math.random) {
    this.#limits = limits;
    this.#random = random;
  }

  /** How many times `next` was called since the last `reset`. */
  get attempts(): number {
    return this.#attempt;
  }

  /** Milliseconds to wait before the next try. */
  next(): number {
    const step = Math.min(this.#limits.first * 2 ** this.#attempt, this.#limits.max);
    this.#attempt += 1;
    return step / 2 + (step / 2) * this.#random();
  }

  reset(): void {
    this.#attempt = 0;
  }
}
