import { asFailure } from '../../actors/failure.ts';
import type { Failure } from '../../actors/failure.ts';
import type { Trigger } from '../topology/model.ts';
import type { Clock } from './clock.ts';

/** What a pace moves: the intakes of a task. */
export interface Paced {
  /** Lets in what lies below a bound for each partition, in their order. */
  open(bounds: readonly number[]): void;
  /** The ends of the partitions as they are now, in their order. */
  ends(): Promise<readonly number[]>;
  fail(failure: Failure): void;
}

/** When a task reads on, by the topology's trigger. */
export interface Pace {
  /** True where all that comes is let in at once, false where reading goes from bound to bound. */
  readonly free: boolean;
  start(): void;
  /** All below the bounds is committed. */
  idle(): void;
  stop(): void;
}

/** `last` are the bounds of `available_now`: the ends that were there when the topology started. */
export function createPace(trigger: Trigger, last: readonly number[], paced: Paced, clock: Clock): Pace {
  const nothing = (): void => undefined;
  if (trigger.mode === 'processing_time') return new Ticks(trigger.interval, paced, clock);
  const free = trigger.mode === 'real_time';
  return { free, start: () => { paced.open(free ? last.map(() => Infinity) : last); }, idle: nothing, stop: nothing };
}

/** Reads at each tick to the ends it saw. Ticks are counted from midnight UTC, so that all tasks and daemons have the same. */
class Ticks implements Pace {
  readonly free = false;
  readonly #interval: number;
  readonly #paced: Paced;
  readonly #clock: Clock;
  #lastTick = 0;
  #asking = false;
  #timer: (() => void) | null = null;
  #stopped = false;

  constructor(interval: number, paced: Paced, clock: Clock) {
    this.#interval = interval;
    this.#paced = paced;
    this.#clock = clock;
  }

  start(): void {
    this.#tick();
  }

  idle(): void {
    if (this.#timer !== null || this.#asking || this.#stopped) return;
    const now = this.#clock.now();
    const next = (Math.floor(this.#lastTick / this.#interval) + 1) * this.#interval;
    // A wall clock that is set back must not hold the next tick for as long.
    this.#timer = this.#clock.after(Math.min(this.#interval, Math.max(0, next - now)), () => {
      this.#timer = null;
      this.#tick();
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.();
    this.#timer = null;
  }

  #tick(): void {
    this.#lastTick = this.#clock.now();
    this.#asking = true;
    this.#paced.ends().then(
      (ends) => {
        this.#asking = false;
        if (!this.#stopped) this.#paced.open(ends);
      },
      (error: unknown) => { this.#paced.fail(asFailure(error, 'broker_unavailable')); }
    );
  }
}
