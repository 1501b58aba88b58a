import type { Store, StoreKey, StoreValue } from '../../actors/store.ts';
import { lowerBound } from '../../src/state/sorted-keys.ts';

/** A store in memory: what was not committed can be thrown away, as a crash does. Values go through JSON, as they do on disk. */
export class MemoryStore implements Store {
  #committed = new Map<StoreKey, string>();
  #entries = new Map<StoreKey, string>();
  /** Of the entries, in order. */
  #keys: StoreKey[] = [];

  get(key: StoreKey): StoreValue | undefined {
    const text = this.#entries.get(key);
    return text === undefined ? undefined : (JSON.parse(text) as StoreValue);
  }

  put(key: StoreKey, value: StoreValue): void {
    if (/[^\x00-\xff]/.test(key)) throw new Error('a store key is a binary string');
    if (!this.#entries.has(key)) this.#keys.splice(lowerBound(this.#keys, key), 0, key);
    this.#entries.set(key, JSON.stringify(value));
  }

  delete(key: StoreKey): void {
    if (this.#entries.delete(key)) this.#keys.splice(lowerBound(this.#keys, key), 1);
  }

  *range(from: StoreKey, to: StoreKey): Iterable<readonly [StoreKey, StoreValue]> {
    for (const key of this.#keys.slice(lowerBound(this.#keys, from), lowerBound(this.#keys, to))) {
      const value = this.get(key);
      if (value !== undefined) yield [key, value];
    }
  }

  get size(): number {
    return this.#entries.size;
  }

  commit(): void {
    this.#committed = new Map(this.#entries);
  }

  /** Back to what was committed last. */
  rollBack(): void {
    this.#entries = new Map(this.#committed);
    this.#keys = [...this.#entries.keys()].sort((a, b) => (a < b ? -1 : 1));
  }
}
