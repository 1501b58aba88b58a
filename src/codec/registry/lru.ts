/** A map that forgets what was not asked for the longest. */
export class Lru<K, V> {
  readonly #limit: number;
  readonly #entries = new Map<K, V>();
  /** The last one found, which on a stream is nearly always the next one asked for. */
  #last: { readonly key: K; readonly value: V } | null = null;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: K): V | undefined {
    if (this.#last !== null && this.#last.key === key) return this.#last.value;
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    this.#last = { key, value };
    return value;
  }

  set(key: K, value: V): void {
    this.#last = null;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#limit) return;
    const oldest = this.#entries.keys().next();
    if (!oldest.done) this.#entries.delete(oldest.value);
  }
}
