import type { Clock } from '../../src/runtime/clock.ts';

/** Time that moves only when told. */
export class ManualClock implements Clock {
  #now: number;
  /** How far the wall clock was put away from the other. */
  #skew = 0;
  #timers: { at: number; call: () => void }[] = [];

  constructor(now = 0) {
    this.#now = now;
  }

  now(): number {
    return this.#now + this.#skew;
  }

  /** Sets the wall clock forward, or back. */
  skew(milliseconds: number): void {
    this.#skew += milliseconds;
  }

  elapsed(): number {
    return this.#now;
  }

  after(milliseconds: number, call: () => void): () => void {
    const timer = { at: this.#now + milliseconds, call };
    this.#timers.push(timer);
    return () => { this.#timers = this.#timers.filter((other) => other !== timer); };
  }

  get timers(): number {
    return this.#timers.length;
  }

  /** Lets time pass; timers go off in their order, each at its own time. */
  advance(milliseconds: number): void {
    const until = this.#now + milliseconds;
    for (;;) {
      const due = this.#timers.filter(({ at }) => at <= until).toSorted((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers = this.#timers.filter((other) => other !== due);
      this.#now = Math.max(this.#now, due.at);
      due.call();
    }
    this.#now = until;
  }
}
