import type { Store, StoreKey, StoreValue } from '../../actors/store.ts';

/** A store in memory: what was not committed can be thrown away, as a crash does. Values go through JSON, as they do on disk. */
export class MemoryStore implements Store {
  #committed = new Map<StoreKey, string>();
  #entries = new Map<StoreKey, string>();

  get(key: StoreKey): StoreValue | undefined {
    const text = this.#entries.get(key);
    return text === undefined ? undefined : (JSON.parse(text) as StoreValue);
  }

  put(key: StoreKey, value: StoreValue): void {
    if (/[^\x00-\xff]/.test(key)) throw new Error('a store key is a binary string');
    this.#entries.set(key, JSON.stringify(value));
  }

  delete(key: StoreKey): void {
    this.#entries.delete(key);
  }

  *range(from: StoreKey, to: StoreKey): Iterable<readonly [StoreKey, StoreValue]> {
    const keys = [...this.#entries.keys()].filter((key) => key >= from && key < to).sort((a, b) => (a < b ? -1 : 1));
    for (const key of keys) {
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
  }
}
