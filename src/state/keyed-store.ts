import type { Store, StoreKey, StoreValue } from '../../actors/store.ts';
import { decodeEntry, decodeValue, diskBound, diskEnd, diskKey, encodeEntry, keyBytes } from './entry-codec.ts';
import type { EncodedEntry } from './entry-codec.ts';
import type { Table } from './environment.ts';
import { isDamage, lmdbFailure } from './lmdb-errors.ts';
import { deleted, mergeKeys, Overlay } from './overlay.ts';
import type { Change } from './overlay.ts';
import { lowerBound } from './sorted-keys.ts';

/**
 * A store: what LMDB has, and over it three overlays: what is applied and not written yet, the epoch that ended (sealed), and the epoch that fills.
 * Reads look through them from the newest.
 */
export class KeyedStore implements Store {
  readonly name: string;
  readonly #onDamage: (reason: string) => void;
  #table: Table;
  #current = new Overlay();
  #sealed: Overlay | null = null;
  #applied: Overlay | null = null;

  /** `onDamage` is called before `state_corrupt` is thrown. */
  constructor(name: string, table: Table, onDamage: (reason: string) => void) {
    this.name = name;
    this.#table = table;
    this.#onDamage = onDamage;
  }

  get(key: StoreKey): StoreValue | undefined {
    const change = this.#changeOf(key);
    if (change !== undefined) return change === deleted ? undefined : change;
    try {
      return this.#read(keyBytes(key));
    } catch (error) {
      throw this.#damaged(error);
    }
  }

  put(key: StoreKey, value: StoreValue): void {
    this.#current.set(key, value);
  }

  delete(key: StoreKey): void {
    this.#current.set(key, deleted);
  }

  *range(from: StoreKey, to: StoreKey): Generator<readonly [StoreKey, StoreValue]> {
    if (from >= to) return;
    // Keys of the overlays as they are now; values as they are when their turn comes.
    const keys = mergeKeys(this.#overlays().map((overlay) => overlay.keys(from, to)));
    let next = 0;
    for (const entry of this.#scan(from, to)) {
      const key = entry[0];
      while (next < keys.length && (keys[next] as StoreKey) <= key) yield* this.#live(keys[next++] as StoreKey);
      if (key < from || key >= to) continue;
      if (this.#changeOf(key) === undefined) yield entry;
      else if (keys[lowerBound(keys, key)] !== key) yield* this.#live(key);
    }
    while (next < keys.length) yield* this.#live(keys[next++] as StoreKey);
  }

  /** As `range`, but what the applied epoch left, without what came since. The store must not change meanwhile. */
  *appliedRange(from: StoreKey, to: StoreKey): Generator<readonly [StoreKey, StoreValue]> {
    if (from >= to) return;
    const changes = this.#applied?.changes;
    const keys = this.#applied?.keys(from, to) ?? [];
    let next = 0;
    const upTo = function* (key: StoreKey | null): Generator<readonly [StoreKey, StoreValue]> {
      for (; next < keys.length && (key === null || (keys[next] as StoreKey) <= key); next += 1) {
        const change = changes?.get(keys[next] as StoreKey);
        if (change !== undefined && change !== deleted) yield [keys[next] as StoreKey, change];
      }
    };
    for (const entry of this.#scan(from, to)) {
      yield* upTo(entry[0]);
      if (entry[0] >= from && entry[0] < to && changes?.get(entry[0]) === undefined) yield entry;
    }
    yield* upTo(null);
  }

  #read(key: Buffer): StoreValue | undefined {
    const table = this.#table;
    const found = table.getBinaryFast(diskKey(key));
    // The buffer is LMDB's own and longer than the value, until the next read.
    return found === undefined ? undefined : decodeValue(bufferOf(found), table.lastSize, key);
  }

  *#scan(from: StoreKey, to: StoreKey): Generator<readonly [StoreKey, StoreValue]> {
    const entries = this.#table.getRange({ start: diskBound(from), end: diskEnd(to) })[Symbol.iterator]() as Iterator<{ readonly key: Buffer; readonly value: Buffer }, undefined>;
    try {
      for (let entry = this.#next(entries); entry !== null; entry = this.#next(entries)) yield entry;
    } finally {
      entries.return?.();
    }
  }

  /** What the caller of the generator throws is not caught here. */
  #next(entries: Iterator<{ readonly key: Buffer; readonly value: Buffer }, undefined>): readonly [StoreKey, StoreValue] | null {
    try {
      const result = entries.next();
      return result.done === true ? null : decodeEntry(result.value.key, result.value.value);
    } catch (error) {
      throw this.#damaged(error);
    }
  }

  #damaged(error: unknown): Error {
    const failure = lmdbFailure(error, `store ${this.name}`);
    if (isDamage(failure)) this.#onDamage(failure.message);
    return failure;
  }

  /** What is in an overlay of it. */
  *#live(key: StoreKey): Generator<readonly [StoreKey, StoreValue]> {
    const change = this.#changeOf(key);
    if (change !== undefined && change !== deleted) yield [key, change];
  }

  #changeOf(key: StoreKey): Change | undefined {
    let change = this.#current.changes.get(key);
    if (change === undefined && this.#sealed !== null) change = this.#sealed.changes.get(key);
    if (change === undefined && this.#applied !== null) change = this.#applied.changes.get(key);
    return change;
  }

  #overlays(): Overlay[] {
    return [this.#current, this.#sealed, this.#applied].filter((overlay) => overlay !== null);
  }

  /** Entries changed since the last seal. */
  get dirty(): number {
    return this.#current.changes.size;
  }

  /** Entries that the sealed epoch changed. */
  get sealed(): number {
    return this.#sealed?.changes.size ?? 0;
  }

  /** The epoch ends here. */
  seal(): void {
    if (this.#sealed !== null) throw new Error(`store ${this.name} was sealed again before its last epoch was applied`);
    this.#sealed = this.#current;
    this.#current = new Overlay();
  }

  /** What the sealed epoch changed. */
  encodeSealed(): EncodedEntry[] {
    const entries: EncodedEntry[] = [];
    for (const [key, change] of this.#sealed?.changes ?? []) {
      entries.push(change === deleted ? { key: keyBytes(key), value: null } : encodeEntry(key, change));
    }
    return entries;
  }

  /** The sealed epoch is applied, and not written yet. */
  apply(): void {
    this.#applied = this.#sealed;
    this.#sealed = null;
  }

  /** What was applied is written. */
  written(): void {
    this.#applied = null;
  }

  /** Begins again over another database. */
  reset(table: Table): void {
    this.#table = table;
    this.#current = new Overlay();
    this.#sealed = null;
    this.#applied = null;
  }
}

/** A large value comes as a view of LMDB's own memory, whatever the types say. */
function bufferOf(bytes: Buffer): Buffer {
  const isBuffer: boolean = Buffer.isBuffer(bytes);
  return isBuffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
