import type { StreamRecord } from '../record.ts';
import type { Store, StoreValue } from '../store.ts';
import type { Algebra, Partial, Working } from './algebra.ts';
import { binaryToTime, timeToBinary } from '../keyed/binary.ts';
import type { Emit, GatheredGroup, Gathering, Group, Keeper, WindowKind } from './kind.ts';

/** Sizes of windows that begin at fixed times, in milliseconds. */
export interface AlignedSettings {
  readonly size: number;
  /** From the beginning of one to that of the next; as the size where they do not overlap. */
  readonly every: number;
  /** Windows begin so long after multiples of `every` since 1970. */
  readonly offset: number;
  readonly grace: number;
}

/** Tumbling and hopping windows: [start, start + size). */
export class AlignedWindows implements WindowKind {
  readonly holds: StoreValue;
  readonly hold: number;
  readonly #settings: AlignedSettings;

  constructor(settings: AlignedSettings) {
    const { size, every, offset, grace } = settings;
    this.#settings = settings;
    this.holds = { kind: 'aligned', size, every, offset };
    this.hold = size + grace;
  }

  late(time: number, watermark: number): boolean {
    return lastStart(time, this.#settings) + this.hold <= watermark;
  }

  gather(algebra: Algebra): Gathering {
    return new AlignedGathering(this.#settings, algebra);
  }

  keep(algebra: Algebra, store: Store): Keeper {
    return new AlignedKeeper(this.#settings, algebra, store);
  }

  bounds({ a }: Group): { start: number; end: number } {
    return { start: a, end: a + this.#settings.size };
  }
}

/** The start of the last window that a time belongs to. */
function lastStart(time: number, { every, offset }: AlignedSettings): number {
  return Math.floor((time - offset) / every) * every + offset;
}

/** By window, then by key: most records go to the window of the one before. */
class AlignedGathering implements Gathering {
  size = 0;
  readonly #settings: AlignedSettings;
  readonly #algebra: Algebra;
  readonly #windows = new Map<number, Map<string, Working>>();
  #start = NaN;
  #window = new Map<string, Working>();

  constructor(settings: AlignedSettings, algebra: Algebra) {
    this.#settings = settings;
    this.#algebra = algebra;
  }

  add(key: string, record: StreamRecord, watermark: number): void {
    const { size, every, grace } = this.#settings;
    const { time } = record;
    const newest = lastStart(time, this.#settings);
    for (let start = newest; start > time - size && start + size + grace > watermark; start -= every) {
      const working = this.#working(start, key);
      // Of the windows that a record counts for, the last one has it in its count of records.
      if (start === newest) working.records += 1;
      this.#algebra.add(working, record);
    }
  }

  *drain(): Iterable<GatheredGroup> {
    for (const [start, window] of this.#windows) {
      for (const [key, working] of window) yield { key, a: start, b: 0, partial: this.#algebra.pack(working), records: working.records };
    }
    this.#windows.clear();
    this.#start = NaN;
    this.size = 0;
  }

  #working(start: number, key: string): Working {
    if (start !== this.#start) this.#enter(start);
    let working = this.#window.get(key);
    if (working === undefined) {
      working = this.#algebra.create();
      this.#window.set(key, working);
      this.size += 1;
    } else if (this.#algebra.grows) this.size += 1;
    return working;
  }

  #enter(start: number): void {
    let window = this.#windows.get(start);
    if (window === undefined) this.#windows.set(start, (window = new Map<string, Working>()));
    this.#start = start;
    this.#window = window;
  }
}

/** Windows are stored by their start, then by key: what is past is a range from the front. */
const tag = 'w';
const beyond = 'x';

class AlignedKeeper implements Keeper {
  readonly #settings: AlignedSettings;
  readonly #algebra: Algebra;
  readonly #store: Store;
  #changed: Group[] = [];

  constructor(settings: AlignedSettings, algebra: Algebra, store: Store) {
    this.#settings = settings;
    this.#algebra = algebra;
    this.#store = store;
  }

  take({ key, a: start, b, partial }: Group, watermark: number): boolean {
    if (this.#due(start) <= watermark) return false;
    const place = tag + timeToBinary(start) + key;
    const stored = this.#store.get(place) as Partial | undefined;
    const merged = this.#algebra.settle(stored === undefined ? partial : this.#algebra.merge(stored, partial));
    this.#store.put(place, merged);
    this.#changed.push({ key, a: start, b, partial: merged });
    return true;
  }

  changes(emit: Emit | null): void {
    const changed = this.#changed;
    this.#changed = [];
    if (emit === null) return;
    for (const { key, a, partial } of changed) emit(key, this.#bounds(a), partial);
  }

  expire(watermark: number, limit: number, emit: Emit | null): void {
    let left = limit;
    for (const [place, partial] of this.#past(watermark)) {
      if (left-- === 0) return;
      emit?.(place.slice(9), this.#bounds(binaryToTime(place, 1)), partial as Partial);
      this.#store.delete(place);
    }
  }

  all(emit: Emit): void {
    for (const [place, partial] of this.#store.range(tag, beyond)) emit(place.slice(9), this.#bounds(binaryToTime(place, 1)), partial as Partial);
  }

  overdue(watermark: number): number {
    for (const [place] of this.#past(watermark)) return this.#due(binaryToTime(place, 1));
    return Infinity;
  }

  #past(watermark: number): ReturnType<Store['range']> {
    const { size, grace } = this.#settings;
    return watermark === -Infinity ? [] : this.#store.range(tag, tag + timeToBinary(watermark - size - grace + 1));
  }

  #due(start: number): number {
    return start + this.#settings.size + this.#settings.grace;
  }

  #bounds(start: number): { start: number; end: number } {
    return { start, end: start + this.#settings.size };
  }
}
