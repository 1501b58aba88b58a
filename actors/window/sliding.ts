import type { StreamRecord } from '../record.ts';
import type { Store, StoreValue } from '../store.ts';
import type { Algebra, Working } from './algebra.ts';
import type { Bounds, GatheredGroup, Gathering, Group, Keeper, WindowKind } from './kind.ts';
import { SlidingKeeper } from './sliding-keeper.ts';

/** Both ends of a window are included, so that it covers size + 1 milliseconds. */
export interface SlidingSettings {
  readonly size: number;
  readonly grace: number;
}

/**
 * The windows of Kafka Streams' SlidingWindows (KIP-450): for each time t of a record of a key the window [t - size, t], and the window
 * [t + 1, t + 1 + size] where that has a record. What is kept are panes, the records of one time; windows are put together from
 * them. A record counts for the windows that were still open when it came, so a pane has besides its time the first window end it counts for.
 */
export class SlidingWindows implements WindowKind {
  readonly holds: StoreValue;
  readonly hold: number;
  readonly #settings: SlidingSettings;

  constructor(settings: SlidingSettings) {
    this.#settings = settings;
    this.holds = { kind: 'sliding', size: settings.size };
    this.hold = settings.size + settings.grace;
  }

  late(time: number, watermark: number): boolean {
    return time + this.hold <= watermark;
  }

  gather(algebra: Algebra): Gathering {
    return new SlidingGathering(this.#settings.grace, algebra);
  }

  keep(algebra: Algebra, store: Store): Keeper {
    return new SlidingKeeper(this.#settings, algebra, store);
  }

  bounds({ a }: Group): Bounds {
    return { start: a, end: a };
  }
}

interface Open {
  readonly time: number;
  readonly from: number;
  readonly working: Working;
}

class SlidingGathering implements Gathering {
  size = 0;
  readonly #grace: number;
  readonly #algebra: Algebra;
  /** By key, then by time; by both where a record is too late for the window that ends with it. */
  readonly #keys = new Map<string, Map<number | string, Open>>();

  constructor(grace: number, algebra: Algebra) {
    this.#grace = grace;
    this.#algebra = algebra;
  }

  add(key: string, record: StreamRecord, watermark: number): void {
    const { time } = record;
    const from = Math.max(time, watermark - this.#grace + 1);
    let panes = this.#keys.get(key);
    if (panes === undefined) this.#keys.set(key, (panes = new Map<number | string, Open>()));
    const id = from === time ? time : `${time}:${from}`;
    let pane = panes.get(id);
    if (pane === undefined) {
      pane = { time, from, working: this.#algebra.create() };
      panes.set(id, pane);
      this.size += 1;
    } else if (this.#algebra.grows) this.size += 1;
    pane.working.records += 1;
    this.#algebra.add(pane.working, record);
  }

  *drain(): Iterable<GatheredGroup> {
    for (const [key, panes] of this.#keys) {
      for (const { time, from, working } of panes.values()) yield { key, a: time, b: from, partial: this.#algebra.pack(working), records: working.records };
    }
    this.#keys.clear();
    this.size = 0;
  }
}
