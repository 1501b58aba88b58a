import type { Fold } from '../component.ts';
import { asFailure, Failure } from '../failure.ts';
import type { StreamRecord } from '../record.ts';
import type { StoreValue } from '../store.ts';
import type { Algebra, Fields, Partial, Working } from './algebra.ts';
import { checkAny } from './aggregate/aggregate.ts';
import { mergeTimes, noteTimes, packTimes } from './times.ts';

/** The expressions of a `reduce`, and their text. */
export interface ReduceSettings {
  readonly step: Fold;
  /** Null: values wait until they are where the result is, and are folded there one by one. */
  readonly merge: Fold | null;
  readonly source: { readonly step: string; readonly merge: string | null };
}

/**
 * An author's own fold. As in Kafka Streams the first value is the first accumulator. A value that cannot be folded with
 * itself fails its record; where two cannot be folded together the result is null from then on: they are merged where
 * there is no record any more that could fail.
 */
export class Reduce implements Algebra {
  readonly holds: StoreValue;
  readonly grows: boolean;
  readonly #settings: ReduceSettings;
  #value: StoreValue = null;

  constructor(settings: ReduceSettings) {
    this.#settings = settings;
    this.grows = settings.merge === null;
    this.holds = { step: settings.source.step.trim(), merge: settings.source.merge?.trim() ?? null };
  }

  read(record: StreamRecord): void {
    const { value } = record;
    try {
      checkAny(value);
      this.#settings.step(value, value);
    } catch (error) {
      const failure = asFailure(error, 'expression_failed');
      throw new Failure(failure.code, `reduce: ${failure.message}`);
    }
    this.#value = value as StoreValue;
  }

  /** The state is a list: of the accumulator, or of the values to be folded; null once they did not fit. */
  create(): Working {
    return { time: -Infinity, timestamp: -Infinity, records: 0, states: [[]] };
  }

  add(working: Working, record: StreamRecord): void {
    noteTimes(working, record);
    const list = working.states[0] as StoreValue[] | null;
    if (list === null) return;
    if (this.grows || list.length === 0) list.push(this.#value);
    else working.states[0] = this.#fold(this.#settings.step, list[0], this.#value);
  }

  pack(working: Working): Partial {
    return [packTimes(working), working.states[0] as StoreValue];
  }

  /** Without a `merge` the second is what came after the first. */
  merge(first: Partial, second: Partial): Partial {
    return [mergeTimes(first[0], second[0]), this.#mergeLists(first[1] as StoreValue[] | null, second[1] as StoreValue[] | null)];
  }

  settle(partial: Partial): Partial {
    const values = partial[1] as StoreValue[] | null;
    if (values === null || values.length < 2) return partial;
    let state: StoreValue[] | null = [values[0] as StoreValue];
    for (let i = 1; i < values.length && state !== null; i++) state = this.#fold(this.#settings.step, state[0], values[i]);
    return [partial[0], state];
  }

  result(partial: Partial): Fields {
    const list = partial[1] as StoreValue[] | null;
    return { value: list?.[0] ?? null };
  }

  #mergeLists(first: StoreValue[] | null, second: StoreValue[] | null): StoreValue[] | null {
    if (first === null || second === null) return null;
    const { merge } = this.#settings;
    if (merge === null) return [...first, ...second];
    if (first.length === 0 || second.length === 0) return first.length === 0 ? second : first;
    return this.#fold(merge, first[0], second[0]);
  }

  #fold(fold: Fold, first: unknown, second: unknown): StoreValue[] | null {
    try {
      const result = fold(first, second);
      return result instanceof Uint8Array ? null : [result as StoreValue];
    } catch {
      return null;
    }
  }
}
