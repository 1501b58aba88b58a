import type { Clock } from '../runtime/clock.ts';

/** Steps of the wall clock while a step settles, in milliseconds. */
const grain = 1000;

/** So often at most the same thing comes again while time passes, however long that is. */
const mostWaits = 500;

interface Timer {
  readonly at: number;
  readonly call: () => void;
}

/**
 * The clock of a case. It stands still but for `advance`; only what waits for a moment (the next checkpoint, a marker) is let go on, by
 * going to the timer that is due next. Of that the wall clock shows whole seconds only, so that `now()` is the same in every run.
 */
export class CaseClock implements Clock {
  /** The wall clock at the beginning of the step. */
  #told: number;
  /** Not from 0: what never happened has not just happened. */
  #elapsed = 1_000_000;
  #since = this.#elapsed;
  #advancing = false;
  /** While time passes: shortest wait of what comes again every second or so, for example to let a watermark go on with the clock. */
  #shortest = 0;
  #timers: Timer[] = [];

  constructor(now: number) {
    this.#told = now;
  }

  now(): number {
    const past = this.#elapsed - this.#since;
    return this.#told + (this.#advancing ? past : Math.floor(past / grain) * grain);
  }

  elapsed(): number {
    return this.#elapsed;
  }

  after(milliseconds: number, call: () => void): () => void {
    const wait = milliseconds >= grain ? Math.max(milliseconds, this.#shortest) : Math.max(0, milliseconds);
    const timer = { at: this.#elapsed + wait, call };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** A step begins: what the last one took is forgotten, so that each begins at the time that its author told. */
  begin(): void {
    this.#since = this.#elapsed;
  }

  /** Goes to the timer that is due next, if it is due within so many milliseconds; false where none is. */
  next(within: number): boolean {
    const due = this.#timers.toSorted((a, b) => a.at - b.at)[0];
    if (due === undefined || due.at > this.#elapsed + within) return false;
    this.#timers = this.#timers.filter((other) => other !== due);
    this.#elapsed = Math.max(this.#elapsed, due.at);
    due.call();
    return true;
  }

  /** Lets time pass, from timer to timer; `still` resolves when all that one set off is done. */
  async advance(milliseconds: number, still: () => Promise<void>): Promise<void> {
    const end = this.#elapsed + milliseconds;
    const told = this.#told + milliseconds;
    this.begin();
    this.#advancing = true;
    this.#shortest = milliseconds / mostWaits;
    while (this.next(end - this.#elapsed)) await still();
    this.#advancing = false;
    this.#shortest = 0;
    this.#elapsed = end;
    this.#told = told;
    this.begin();
  }
}
