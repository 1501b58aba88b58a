import type { Store } from '../store.ts';
import type { Algebra, Partial } from './algebra.ts';
import { binaryToTime, timeToBinary } from '../keyed/binary.ts';
import { DueIndex } from '../keyed/due-index.ts';
import type { Emit, Group, Keeper } from './kind.ts';
import type { SlidingSettings } from './sliding.ts';
import type { Pane } from './sliding-merge.ts';
import { windowsEndingAt } from './sliding-merge.ts';

/** Panes are stored by their key, then by time; the index has the ends of windows. */
const tag = 'p';
const beyond = 'q';

/** Sliding windows in a store. */
export class SlidingKeeper implements Keeper {
  readonly #settings: SlidingSettings;
  readonly #algebra: Algebra;
  readonly #store: Store;
  readonly #ends: DueIndex;
  readonly #changed = new Map<string, { readonly time: number; readonly from: number }[]>();
  #watermark = -Infinity;

  constructor(settings: SlidingSettings, algebra: Algebra, store: Store) {
    this.#settings = settings;
    this.#algebra = algebra;
    this.#store = store;
    this.#ends = new DueIndex(store);
  }

  take({ key, a: time, b, partial }: Group, watermark: number): boolean {
    const { size, grace } = this.#settings;
    if (time + size + grace <= watermark) return false;
    const from = Math.max(b, watermark - grace + 1);
    const place = panePlace(key, time) + timeToBinary(from);
    const stored = this.#store.get(place) as Partial | undefined;
    this.#store.put(place, this.#algebra.settle(stored === undefined ? partial : this.#algebra.merge(stored, partial)));
    const changed = this.#changed.get(key);
    if (changed === undefined) this.#changed.set(key, [{ time, from }]);
    else changed.push({ time, from });
    if (stored === undefined) {
      if (from <= time) this.#ends.put(time, key);
      this.#ends.put(time + size + 1, key);
    }
    return true;
  }

  changes(emit: Emit | null): void {
    if (emit !== null) {
      for (const [key, changed] of this.#changed) {
        const panes = this.#panes(key, -Infinity, Infinity);
        this.#emit(key, panes, this.#affected(panes, changed), emit);
      }
    }
    this.#changed.clear();
  }

  expire(watermark: number, limit: number, emit: Emit | null): void {
    const { size, grace } = this.#settings;
    this.#watermark = watermark;
    let left = limit;
    for (const { time: end, key } of this.#ends.upTo(watermark - grace)) {
      if (left-- === 0) return;
      // Behind this end the window ends of the panes one size before are all past.
      const oldest = end - size - 1;
      const panes = this.#panes(key, oldest, emit === null ? oldest : end);
      if (emit !== null && this.#hasEnd(panes, end)) this.#emit(key, panes, [end], emit);
      for (const { time, from } of panes) if (time === oldest) this.#store.delete(panePlace(key, time) + timeToBinary(from));
      this.#ends.delete(end, key);
    }
  }

  all(emit: Emit): void {
    let key: string | null = null;
    let panes: Pane[] = [];
    const flush = (): void => {
      if (key === null) return;
      this.#emit(key, panes, this.#allEnds(panes).filter((end) => end + this.#settings.grace > this.#watermark), emit);
    };
    for (const [place, partial] of this.#store.range(tag, beyond)) {
      const found = keyOf(place);
      if (found !== key) {
        flush();
        key = found;
        panes = [];
      }
      panes.push(paneOf(place, partial as Partial));
    }
    flush();
  }

  overdue(watermark: number): number {
    const { grace } = this.#settings;
    return this.#ends.first(watermark - grace) + grace;
  }

  /** Panes of a key, by time. */
  #panes(key: string, first: number, last: number): Pane[] {
    const start = first === -Infinity ? keyPlace(key) : panePlace(key, first);
    const panes: Pane[] = [];
    for (const [place, partial] of this.#store.range(start, last === Infinity ? `${keyPlace(key)}\xff\xff` : panePlace(key, last + 1))) panes.push(paneOf(place, partial as Partial));
    return panes;
  }

  /** Ends of the windows of a key, in order. */
  #allEnds(panes: readonly Pane[]): number[] {
    const ends = new Set<number>();
    for (const { time, from } of panes) {
      if (from <= time) ends.add(time);
      ends.add(time + this.#settings.size + 1);
    }
    return [...ends].sort((a, b) => a - b);
  }

  /** Ends of the windows that changed panes belong to, or that they brought about. */
  #affected(panes: readonly Pane[], changed: readonly { readonly time: number; readonly from: number }[]): number[] {
    const { size } = this.#settings;
    return this.#allEnds(panes).filter((end) => changed.some(({ time, from }) => (end >= from && end <= time + size) || end === time + size + 1));
  }

  #hasEnd(panes: readonly Pane[], end: number): boolean {
    return panes.some(({ time, from }) => (time === end && from <= end) || time === end - this.#settings.size - 1);
  }

  /** Sends the windows with these ends, where they have a record. */
  #emit(key: string, panes: readonly Pane[], ends: readonly number[], emit: Emit): void {
    const { size } = this.#settings;
    for (const [end, partial] of windowsEndingAt(ends, panes, size, this.#algebra)) emit(key, { start: end - size, end }, partial);
  }
}

/** The length in front keeps the panes of one key together, whatever bytes it has. */
function keyPlace(key: string): string {
  const { length } = key;
  return tag + String.fromCharCode((length >>> 24) & 255, (length >>> 16) & 255, (length >>> 8) & 255, length & 255) + key;
}

function panePlace(key: string, time: number): string {
  return keyPlace(key) + timeToBinary(time);
}

function keyOf(place: string): string {
  return place.slice(5, -16);
}

function paneOf(place: string, partial: Partial): Pane {
  return { time: binaryToTime(place, place.length - 16), from: binaryToTime(place, place.length - 8), partial };
}
