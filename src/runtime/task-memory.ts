import type { RememberedTask, TaskPlace } from '../../actors/remembered.ts';
import type { Attempt, TaskState } from '../../actors/store.ts';
import type { EpochResult, Position, TaskStores } from './checkpoint.ts';

/** What a daemon remembers of its tasks beside the broker. */
export interface TaskMemory {
  get(key: string): RememberedTask | null;
  put(key: string, remembered: RememberedTask): void;
}

/** What is known of a task when it opens. */
export interface MemorySettings {
  readonly memory: TaskMemory;
  readonly key: string;
  readonly state: TaskState | null;
  readonly positions: readonly Position[];
  readonly nodes: Readonly<Record<string, number>>;
  readonly counts: Readonly<Record<string, number>>;
  readonly late: readonly string[];
  readonly since: number | undefined;
}

type Numbers = Record<string, Record<string, number>>;

/**
 * The store steps of a task. Beside each attempt this machine notes where it was committed: with the state where there is any, so that the two fit
 * whatever happens, and in the daemon's memory. It tells offsets that are gone from a first start, and can commit them again.
 */
export class RememberingStores implements TaskStores {
  readonly #settings: MemorySettings;
  readonly #offsets: Numbers = empty();
  readonly #watermarks: Numbers = empty();
  #nodes: Readonly<Record<string, number>>;
  #prepared: Attempt | null = null;

  constructor(settings: MemorySettings) {
    this.#settings = settings;
    this.#nodes = settings.nodes;
    note(settings.positions, this.#offsets, this.#watermarks);
  }

  /** What was committed last, maybe on another machine. */
  opened({ epoch, nonce }: Attempt): void {
    const { memory, key } = this.#settings;
    const known = memory.get(key);
    if (known?.epoch !== epoch || known.nonce !== nonce) memory.put(key, { epoch, nonce, ...this.#place() });
  }

  prepare(attempt: Attempt, { positions, watermarks }: EpochResult): Promise<void> {
    const { state } = this.#settings;
    if (state === null) return Promise.resolve();
    const [offsets, times] = [copy(this.#offsets), copy(this.#watermarks)];
    note(positions, offsets, times);
    this.#prepared = { ...attempt, at: { ...this.#place(), offsets, watermarks: times, nodes: watermarks } };
    state.prepare(this.#prepared);
    return Promise.resolve();
  }

  /** State first: what a daemon remembers beside it is a note. */
  apply(attempt: Attempt, { positions, watermarks }: EpochResult): Promise<void> {
    const { state, memory, key } = this.#settings;
    state?.apply(this.#prepared ?? attempt);
    note(positions, this.#offsets, this.#watermarks);
    this.#nodes = watermarks;
    memory.put(key, { ...attempt, ...this.#place() });
    return Promise.resolve();
  }

  #place(): TaskPlace {
    const { counts, late, since } = this.#settings;
    return { offsets: this.#offsets, watermarks: this.#watermarks, nodes: this.#nodes, counts, ...(late.length > 0 ? { late } : {}), ...(since === undefined ? {} : { since }) };
  }
}

function empty(): Numbers {
  return Object.create(null) as Numbers;
}

function note(positions: readonly Position[], offsets: Numbers, watermarks: Numbers): void {
  for (const { topic, partition, offset, watermark } of positions) {
    (offsets[topic] ??= {})[String(partition)] = offset;
    if (watermark !== -Infinity) (watermarks[topic] ??= {})[String(partition)] = watermark;
  }
}

function copy(numbers: Numbers): Numbers {
  const copied = empty();
  for (const topic in numbers) copied[topic] = { ...numbers[topic] };
  return copied;
}
