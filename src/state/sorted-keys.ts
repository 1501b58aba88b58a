import type { StoreKey } from '../../actors/store.ts';

/** A run that grows beyond this is cut in two. */
const longest = 512;

/** Keys in order, in short runs: putting one into its place moves those of its run, not all of them. */
export class SortedKeys {
  /** None is empty. */
  #runs: StoreKey[][] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds keys that are not in it. */
  add(keys: StoreKey[]): void {
    // Many at once are sorted together with what is there.
    if (keys.length > longest && keys.length > this.#size / 8) this.#rebuild(keys);
    else for (const key of keys) this.#insert(key);
  }

  /** Those with `from` <= key < `to`, in order. */
  between(from: StoreKey, to: StoreKey): readonly StoreKey[] {
    const found: StoreKey[] = [];
    for (let index = this.#runOf(from); index < this.#runs.length; index += 1) {
      const run = this.#runs[index] as StoreKey[];
      if ((run[0] as StoreKey) >= to) break;
      const end = (run[run.length - 1] as StoreKey) < to ? run.length : lowerBound(run, to);
      for (let at = (run[0] as StoreKey) >= from ? 0 : lowerBound(run, from); at < end; at += 1) found.push(run[at] as StoreKey);
    }
    return found;
  }

  #insert(key: StoreKey): void {
    this.#size += 1;
    const index = this.#runOf(key);
    const run = this.#runs[index];
    if (run === undefined) {
      this.#runs.push([key]);
      return;
    }
    run.splice(lowerBound(run, key), 0, key);
    if (run.length > longest) this.#runs.splice(index + 1, 0, run.splice(longest / 2));
  }

  #rebuild(keys: StoreKey[]): void {
    const all = this.#runs.flat();
    for (const key of keys) all.push(key);
    all.sort(compareKeys);
    this.#runs = [];
    for (let at = 0; at < all.length; at += longest / 2) this.#runs.push(all.slice(at, at + longest / 2));
    this.#size = all.length;
  }

  /** The last run that begins at or before a key; 0 where none does. */
  #runOf(key: StoreKey): number {
    const runs = this.#runs;
    let low = 0;
    let high = runs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (((runs[middle] as StoreKey[])[0] as StoreKey) <= key) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }
}

/** Binary strings by their characters, which are their bytes. */
export function compareKeys(a: StoreKey, b: StoreKey): number {
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
