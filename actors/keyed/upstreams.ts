import type { Store, StoreValue } from '../store.ts';
import type { Parcel } from './parcel.ts';

type Stand = readonly [watermark: number | null, idle: boolean];


/** The watermarks of the tasks before the hop, as parcels brought them: part of the state, because parcels are deleted once they were read. */
export class Upstreams {
  readonly #store: Store;
  readonly #stands = new Map<number, Stand>();
  readonly #changed = new Set<number>();
  readonly #place: { readonly tag: string; readonly count: string };
  #count: number;
  #storedCount: number;

  /** `place`: the letter in front of the tasks' numbers, and the key of how many there are. */
  constructor(store: Store, place = { tag: 'u', count: 'n' }) {
    this.#store = store;
    this.#place = place;
    const beyond = String.fromCharCode(place.tag.charCodeAt(0) + 1);
    for (const [key, stand] of store.range(place.tag, beyond)) this.#stands.set(Number(key.slice(1)), stand as unknown as Stand);
    this.#count = (store.get(place.count) as number | undefined) ?? 0;
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
    for (const task of this.#changed) this.#store.put(this.#place.tag + String(task), this.#stands.get(task) as StoreValue);
    this.#changed.clear();
    if (this.#count === this.#storedCount) return;
    this.#store.put(this.#place.count, this.#count);
    this.#storedCount = this.#count;
  }
}
