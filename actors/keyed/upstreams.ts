import type { Store, StoreValue } from '../store.ts';
import type { Parcel } from './parcel.ts';

type Stand = readonly [watermark: number | null, idle: boolean];

const tag = 'u';
const beyond = 'v';
/** How many upstream tasks there are. */
const countPlace = 'n';

/** The watermarks of the tasks before the hop, as parcels brought them: part of the state, because parcels are deleted once they were read. */
export class Upstreams {
  readonly #store: Store;
  readonly #stands = new Map<number, Stand>();
  readonly #changed = new Set<number>();
  #count: number;
  #storedCount: number;

  constructor(store: Store) {
    this.#store = store;
    for (const [place, stand] of store.range(tag, beyond)) this.#stands.set(Number(place.slice(1)), stand as unknown as Stand);
    this.#count = (store.get(countPlace) as number | undefined) ?? 0;
    this.#storedCount = this.#count;
  }

  note({ task, of, watermark, idle }: Parcel): void {
    const known = this.#stands.get(task)?.[0] ?? null;
    const next = known === null || watermark === null ? (watermark ?? known) : Math.max(known, watermark);
    this.#stands.set(task, [next, idle]);
    this.#changed.add(task);
    this.#count = Math.max(this.#count, of);
  }

  /** True while nobody is waited for. */
  get idle(): boolean {
    if (this.#count === 0 || this.#stands.size < this.#count) return false;
    return [...this.#stands.values()].every(([, idle]) => idle);
  }

  /** The lowest watermark of those that are not idle; -Infinity while one was never heard from, or all are idle. */
  get watermark(): number {
    if (this.#count === 0 || this.#stands.size < this.#count) return -Infinity;
    let lowest = Infinity;
    for (const [watermark, idle] of this.#stands.values()) if (!idle) lowest = Math.min(lowest, watermark ?? -Infinity);
    return lowest === Infinity ? -Infinity : lowest;
  }

  /** Writes what changed. */
  save(): void {
    for (const task of this.#changed) this.#store.put(tag + String(task), this.#stands.get(task) as StoreValue);
    this.#changed.clear();
    if (this.#count === this.#storedCount) return;
    this.#store.put(countPlace, this.#count);
    this.#storedCount = this.#count;
  }
}
