import { asFailure, Failure } from '../../actors/failure.ts';
import { Backoff } from './backoff.ts';
import type { Clock } from './clock.ts';
import type { Rest } from './rest.ts';
import type { Task } from './task.ts';

/** How a slot opens its task, and whom it tells. */
export interface SlotSettings {
  readonly name: string;
  readonly clock: Clock;
  /** Opens the task; `onFailed` is for what happens to it after that. What takes long ends early once the signal is aborted. */
  open(onFailed: (failure: Failure) => void, signal: AbortSignal): Promise<Task>;
  onRetry(failure: Failure, milliseconds: number): void;
  onFatal(failure: Failure): void;
}

/** Crashes in a row, without a commit in between, after which a task is not opened again. */
const crashLimit = 10;

/**
 * Milliseconds before a fenced task opens again. If another member has the task, this one learns of it meanwhile by its
 * heartbeat and gives it up, instead of fencing the rightful owner in turn.
 */
const fencedWait = 2000;

/**
 * The place of a task on this daemon while the group assigns it here: opens it, and opens it again after what can
 * be tried again. A new task starts only when the old one is closed.
 */
export class TaskSlot {
  readonly #settings: SlotSettings;
  readonly #backoff = new Backoff({ first: 50, max: 10_000 });
  #wanted = true;
  readonly #released = new AbortController();
  #task: Task | null = null;
  #wake: (() => void) | null = null;
  #crashes = 0;
  #trouble: Failure | null = null;
  #sleeping = false;
  readonly #done: Promise<void>;

  constructor(settings: SlotSettings, after: Promise<void>) {
    this.#settings = settings;
    this.#done = after.then(() => this.#run());
  }

  /** The task, while it runs. */
  get task(): Task | null {
    return this.#task;
  }

  /** Why the task does not run, where it is to be tried again. */
  get trouble(): Failure | null {
    return this.#task === null ? this.#trouble : null;
  }

  /** See `Task.rest`. */
  get rest(): Rest {
    return this.#sleeping ? 'waits' : (this.#task?.rest ?? 'busy');
  }

  /** Told of each commit: the trouble before it is over. */
  progressed(): void {
    this.#backoff.reset();
    this.#trouble = null;
    this.#crashes = 0;
  }

  /** Ends the task; resolves when it is closed. With `drain` it commits first what it has read. */
  async release(drain: boolean): Promise<void> {
    this.#wanted = false;
    this.#released.abort();
    if (drain) await this.#task?.drain();
    this.#wake?.();
    await this.#done;
  }

  async #run(): Promise<void> {
    while (this.#wanted) {
      const failure = await this.#runOnce();
      if (failure === null || !this.#isWanted()) return;
      if (failure.kind !== 'retryable') {
        this.#settings.onFatal(failure);
        return;
      }
      if (failure.code === 'task_crashed' && ++this.#crashes >= crashLimit) {
        this.#settings.onFatal(new Failure('crash_loop', `Task ${this.#settings.name} failed ${crashLimit} times in a row: ${failure.message}`, { cause: failure }));
        return;
      }
      const wait = Math.max(this.#backoff.next(), failure.code === 'fenced' ? fencedWait : 0);
      this.#trouble = failure;
      this.#settings.onRetry(failure, wait);
      this.#sleeping = true;
      await this.#sleep(wait);
      this.#sleeping = false;
    }
  }

  /** A method, because `release` may come while the task runs, which the compiler cannot see. */
  #isWanted(): boolean {
    return this.#wanted;
  }

  /** Opens the task and waits for its end; null when it was released. */
  async #runOnce(): Promise<Failure | null> {
    let failed: Failure | null = null;
    const over = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    let task: Task;
    try {
      task = await this.#settings.open((failure) => {
        failed ??= failure;
        this.#wake?.();
      }, this.#released.signal);
    } catch (error) {
      return asFailure(error, 'task_crashed');
    }
    try {
      if (this.#isWanted()) {
        this.#task = task;
        task.start();
        await over;
      }
    } finally {
      this.#task = null;
      await task.close().catch(() => undefined);
    }
    return failed;
  }

  #sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#settings.clock.after(milliseconds, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }
}
