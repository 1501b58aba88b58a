import type { Collector, PassedOn } from '../component.ts';
import type { StreamRecord } from '../record.ts';
import type { Store } from '../store.ts';
import type { WindowSettings } from './intake.ts';
import type { Emit, Group, Keeper, Retract } from './kind.ts';
import { Results } from './results.ts';
import { TracedGroups } from './traced-groups.ts';

/** What a store holds, as the results that it would give. Of sliding windows also those that are over, while later ones need their records. */
export function contentsOf(settings: WindowSettings, store: Store): StreamRecord[] {
  const results = new Results({ ...settings, task: 0 });
  const records: StreamRecord[] = [];
  settings.kind.keep(settings.algebra, store).all((key, window, partial) => records.push(results.record(key, window, partial, -Infinity)));
  return records;
}

/** So many windows are past per checkpoint at most: the others follow at the next one, which comes at once. */
const maxExpired = 10_000;

/** The second half: merges partial results into the store, sends results and deletes what is past, all of it at a barrier. */
export class Outcome {
  readonly #settings: WindowSettings;
  readonly #keeper: Keeper;
  readonly #results: Results;
  /** Groups with records of traced batches. */
  readonly traced: TracedGroups;
  #own: number;
  #passedOn: number;

  constructor(settings: WindowSettings, task: { readonly task: number; readonly watermark: number }, store: Store) {
    this.#settings = settings;
    this.#keeper = settings.kind.keep(settings.algebra, store);
    this.#results = new Results({ ...settings, task: task.task });
    this.traced = new TracedGroups(store);
    this.#own = task.watermark;
    this.#passedOn = this.#promise(this.#keeper.overdue(this.#own));
  }

  /** The watermark as of the last barrier. */
  get own(): number {
    return this.#own;
  }

  /** Merges a group in. Where its windows are past it goes where late records go. */
  take(group: Group, out: Collector): void {
    if (this.#keeper.take(group, this.#own)) return;
    const bounds = this.#settings.kind.bounds(group);
    out.lateCopy(this.#results.record(group.key, bounds, this.#settings.algebra.settle(group.partial), this.#own), this.#own);
  }

  /** All groups of the epoch were taken: sends what is to be sent, and goes on to a watermark. */
  advance(watermark: number, idle: boolean, out: Collector): PassedOn {
    this.#own = Math.max(this.#own, watermark);
    const stamp = this.#passedOn;
    const emit: Emit = (key, window, partial) => out.copy(this.#results.record(key, window, partial, stamp, this.traced.take(key, window)?.contexts), 0);
    const retract: Retract = (key, start, timestamp) => out.copy(this.#results.tombstone(key, { start, timestamp, stamp }), 0);
    switch (this.#settings.emit) {
      case 'update':
        this.#keeper.changes(emit, retract);
        this.#keeper.expire(this.#own, maxExpired, null);
        break;
      case 'final':
        this.#keeper.changes(null, null);
        this.#keeper.expire(this.#own, maxExpired, emit);
        break;
      case 'complete':
        this.#keeper.changes(null, retract);
        this.#keeper.expire(this.#own, maxExpired, emit);
        this.#keeper.all(emit);
        break;
    }
    this.traced.save();
    const overdue = this.#keeper.overdue(this.#own);
    this.#passedOn = Math.max(this.#passedOn, this.#promise(overdue));
    return { own: this.#own, watermark: this.#passedOn, idle, again: overdue === Infinity ? null : 0 };
  }

  /** What readers may rely on: windows that are past and not sent yet hold it back. */
  #promise(overdue: number): number {
    return Math.min(this.#own, overdue - 1) - this.#settings.kind.hold;
  }
}
