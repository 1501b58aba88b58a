import type { StoreKey, StoreValue } from '../../actors/store.ts';
import { compareKeys, SortedKeys } from './sorted-keys.ts';

/** That a key was deleted. */
export const deleted = Symbol('deleted');

/** What an overlay says of a key. */
export type Change = StoreValue | typeof deleted;

/** Changes that are not in LMDB yet, with their keys in order where that is asked for. */
export class Overlay {
  readonly changes = new Map<StoreKey, Change>();
  readonly #sorted = new SortedKeys();
  #fresh: StoreKey[] = [];

  set(key: StoreKey, change: Change): void {
    const { changes } = this;
    const before = changes.size;
    changes.set(key, change);
    if (changes.size !== before) this.#fresh.push(key);
  }

  /** Its keys with `from` <= key < `to`, in order. */
  keys(from: StoreKey, to: StoreKey): readonly StoreKey[] {
    if (this.#fresh.length > 0) {
      this.#sorted.add(this.#fresh);
      this.#fresh = [];
    }
    return this.#sorted.between(from, to);
  }
}

/** The keys of several overlays, in order, each once. */
export function mergeKeys(lists: readonly (readonly StoreKey[])[]): readonly StoreKey[] {
  const filled = lists.filter((list) => list.length > 0);
  if (filled.length <= 1) return filled[0] ?? [];
  const all = filled.flat().sort(compareKeys);
  return all.filter((key, index) => key !== all[index - 1]);
}
