import type { StoreKey, StoreValue } from '../../actors/store.ts';

/** That a key was deleted. */
export const deleted = Symbol('deleted');

/** What an overlay says of a key. */
export type Change = StoreValue | typeof deleted;

/** New keys up to which each is put into its place; more are sorted together. */
const few = 16;

/** Changes that are not in LMDB yet, with their keys in order where that is asked for. */
export class Overlay {
  readonly changes = new Map<StoreKey, Change>();
  #sorted: StoreKey[] = [];
  #fresh: StoreKey[] = [];

  set(key: StoreKey, change: Change): void {
    const { changes } = this;
    const before = changes.size;
    changes.set(key, change);
    if (changes.size !== before) this.#fresh.push(key);
  }

  /** Its keys with `from` <= key < `to`, in order. */
  keys(from: StoreKey, to: StoreKey): readonly StoreKey[] {
    if (this.#fresh.length > 0) this.#sort();
    const start = lowerBound(this.#sorted, from);
    const end = lowerBound(this.#sorted, to);
    return start < end ? this.#sorted.slice(start, end) : [];
  }

  #sort(): void {
    if (this.#fresh.length <= few) {
      for (const key of this.#fresh) this.#sorted.splice(lowerBound(this.#sorted, key), 0, key);
    } else {
      // Two sorted runs: sorting them merges them.
      for (const key of this.#fresh.sort(compare)) this.#sorted.push(key);
      this.#sorted.sort(compare);
    }
    this.#fresh = [];
  }
}

/** Binary strings by their characters, which are their bytes. */
function compare(a: StoreKey, b: StoreKey): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The first index whose key is >= `key`. */
export function lowerBound(sorted: readonly StoreKey[], key: StoreKey): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as StoreKey) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The keys of several overlays, in order, each once. */
export function mergeKeys(lists: readonly (readonly StoreKey[])[]): readonly StoreKey[] {
  const filled = lists.filter((list) => list.length > 0);
  if (filled.length <= 1) return filled[0] ?? [];
  const all = filled.flat().sort(compare);
  return all.filter((key, index) => key !== all[index - 1]);
}
