/** Characters of JSON that are kept before the older half of them goes. */
const budget = 32 * 1024 * 1024;

/**
 * Rows that were looked up lately, as their JSON text: an LMDB look-up with its buffers and checksum costs twice as much as parsing a small row. Decoded they were
 * no faster, for the garbage collector walks through them. Of two halves the older goes when the younger is full; what is found in it moves over.
 */
export class RowCache {
  #young = new Map<string, string>();
  #old = new Map<string, string>();
  #size = 0;

  get(key: string): string | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old === undefined) return undefined;
    this.#old.delete(key);
    this.put(key, old);
    return old;
  }

  put(key: string, json: string): void {
    this.#young.set(key, json);
    this.#size += key.length + json.length;
    if (this.#size < budget / 2) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#size = 0;
  }

  delete(key: string): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }
}
