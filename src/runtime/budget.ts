import type { Clock } from './clock.ts';

/**
 * Transactions a daemon may start per second, shared by its tasks: 64 tasks that each commit every 10 ms would
 * keep the brokers busy with nothing but commits. A token bucket; a task that must wait gathers more meanwhile.
 */
export class TransactionBudget {
  readonly #perSecond: number;
  readonly #clock: Clock;
  #tokens: number;
  #filled: number;

  constructor(perSecond: number, clock: Clock) {
    this.#perSecond = perSecond;
    this.#clock = clock;
    this.#tokens = this.#burst;
    this.#filled = clock.elapsed();
  }

  get #burst(): number {
    return Math.max(1, this.#perSecond / 20);
  }

  /** Takes one and returns 0; or takes none and returns the milliseconds after which to ask again. */
  take(): number {
    const now = this.#clock.elapsed();
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#filled) / 1000) * this.#perSecond);
    this.#filled = now;
    if (this.#tokens >= 1) {
      this.#tokens -= 1;
      return 0;
    }
    return Math.ceil(((1 - this.#tokens) / this.#perSecond) * 1000);
  }
}
