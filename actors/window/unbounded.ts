import type { StreamRecord } from '../record.ts';
import type { Store } from '../store.ts';
import type { Algebra, Partial, Working } from './algebra.ts';
import { DueIndex } from '../keyed/due-index.ts';
import type { Emit, GatheredGroup, Gathering, Group, Keeper, WindowKind } from './kind.ts';
import { eventTime } from './times.ts';

/** No windows: one result for each key, over all its records, until it is forgotten. */
export class Unbounded implements WindowKind {
  readonly holds = null;
  readonly hold: number;
  /** Infinity: no key is ever forgotten, and nothing is late. */
  readonly #ttl: number;

  constructor(ttl: number) {
    this.#ttl = ttl;
    this.hold = ttl === Infinity ? 0 : ttl;
  }

  late(time: number, watermark: number): boolean {
    return time + this.#ttl <= watermark;
  }

  gather(algebra: Algebra): Gathering {
    return new UnboundedGathering(algebra);
  }

  keep(algebra: Algebra, store: Store): Keeper {
    return new UnboundedKeeper(this.#ttl, algebra, store);
  }

  bounds(): null {
    return null;
  }
}

class UnboundedGathering implements Gathering {
  size = 0;
  readonly #algebra: Algebra;
  readonly #keys = new Map<string, Working>();

  constructor(algebra: Algebra) {
    this.#algebra = algebra;
  }

  add(key: string, record: StreamRecord): void {
    let working = this.#keys.get(key);
    if (working === undefined) {
      working = this.#algebra.create();
      this.#keys.set(key, working);
      this.size += 1;
    } else if (this.#algebra.grows) this.size += 1;
    working.records += 1;
    this.#algebra.add(working, record);
  }

  *drain(): Iterable<GatheredGroup> {
    for (const [key, working] of this.#keys) yield { key, a: 0, b: 0, partial: this.#algebra.pack(working), records: working.records };
    this.#keys.clear();
    this.size = 0;
  }
}

/** A key's result, and the time under which the index has it: at or before its last record. null where keys are never forgotten. */
type Stored = readonly [indexed: number | null, partial: Partial];

const tag = 'k';
const beyond = 'l';

class UnboundedKeeper implements Keeper {
  readonly #ttl: number;
  readonly #algebra: Algebra;
  readonly #store: Store;
  readonly #lasts: DueIndex;
  #changed: { readonly key: string; readonly partial: Partial }[] = [];

  constructor(ttl: number, algebra: Algebra, store: Store) {
    this.#ttl = ttl;
    this.#algebra = algebra;
    this.#store = store;
    this.#lasts = new DueIndex(store);
  }

  take({ key, partial }: Group, watermark: number): boolean {
    if (eventTime(partial[0]) + this.#ttl <= watermark) return false;
    const stored = this.#store.get(tag + key) as Stored | undefined;
    // What is due and not deleted yet is forgotten all the same.
    const known = stored !== undefined && eventTime(stored[1][0]) + this.#ttl > watermark;
    const merged = this.#algebra.settle(known ? this.#algebra.merge(stored[1], partial) : partial);
    this.#put(key, stored?.[0] ?? null, merged);
    this.#changed.push({ key, partial: merged });
    return true;
  }

  changes(emit: Emit | null): void {
    const changed = this.#changed;
    this.#changed = [];
    if (emit !== null) for (const { key, partial } of changed) emit(key, null, partial);
  }

  expire(watermark: number, limit: number, _emit: Emit | null): void {
    let left = limit;
    for (const { time, key } of this.#lasts.upTo(watermark - this.#ttl)) {
      if (left-- === 0) return;
      const [, partial] = this.#store.get(tag + key) as Stored;
      this.#lasts.delete(time, key);
      if (eventTime(partial[0]) + this.#ttl > watermark) this.#put(key, null, partial);
      else this.#store.delete(tag + key);
    }
  }

  all(emit: Emit): void {
    for (const [place, stored] of this.#store.range(tag, beyond)) emit(place.slice(1), null, (stored as unknown as Stored)[1]);
  }

  overdue(watermark: number): number {
    return this.#ttl === Infinity ? Infinity : this.#lasts.first(watermark - this.#ttl) + this.#ttl;
  }

  /** An index entry that is too early is left until it is due. */
  #put(key: string, indexed: number | null, partial: Partial): void {
    const time = this.#ttl === Infinity ? null : (indexed ?? eventTime(partial[0]));
    if (time !== null && indexed === null) this.#lasts.put(time, key);
    const stored: Stored = [time, partial];
    this.#store.put(tag + key, stored);
  }
}
