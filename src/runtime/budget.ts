import type { Clock } from './clock.ts';

/**
 * Milliseconds that one task may have waited longer than another before it goes first. Among equals there is no order on purpose: tasks that
 * commit at the same time, behind the same fetch, take 2.3 ms each; four that are spread evenly over 12 ms take 3.9, since some transaction is
 * always in the broker's way.
 */
const patience = 20;

/** Milliseconds after which somebody who does not ask again is taken to have ended. */
const forgetful = 100;

/** Who was refused: since when, and when it was told to ask again. */
interface Waiting {
  readonly since: number;
  readonly askAt: number;
}

/**
 * Transactions a daemon may start per second, shared by its tasks: 64 tasks that each commit every 10 ms would
 * keep the brokers busy with nothing but commits. A token bucket; a task that must wait gathers more meanwhile.
 */
export class TransactionBudget {
  readonly #perSecond: number;
  readonly #clock: Clock;
  readonly #waiting = new Map<object, Waiting>();
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

  /** Takes one for `who` and returns 0; or takes none and returns the milliseconds after which to ask again. */
  take(who: object): number {
    const now = this.#clock.elapsed();
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#filled) / 1000) * this.#perSecond);
    this.#filled = now;
    const since = this.#waiting.get(who)?.since ?? now;
    const missing = 1 + this.#before(since, now) - this.#tokens;
    if (missing <= 0) {
      this.#waiting.delete(who);
      this.#tokens -= 1;
      return 0;
    }
    const wait = Math.ceil((missing / this.#perSecond) * 1000);
    this.#waiting.set(who, { since, askAt: now + wait });
    return wait;
  }

  /** How many have waited so much longer that they go first. */
  #before(since: number, now: number): number {
    let count = 0;
    for (const [who, waiting] of this.#waiting) {
      if (now > waiting.askAt + forgetful) this.#waiting.delete(who);
      else if (waiting.since < since - patience) count += 1;
    }
    return count;
  }
}
