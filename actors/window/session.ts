import type { StreamRecord } from '../record.ts';
import type { Store, StoreValue } from '../store.ts';
import type { Algebra, Working } from './algebra.ts';
import type { Bounds, GatheredGroup, Gathering, Group, Keeper, WindowKind } from './kind.ts';
import { SessionKeeper } from './session-keeper.ts';

/** How long a session lasts without a record, in milliseconds. */
export interface SessionSettings {
  readonly gap: number;
  readonly grace: number;
}

/**
 * Sessions: the longest chains of records of a key with no more than a gap between neighbours. A record is late a gap and grace after
 * it. One that is not may lie a gap behind a session's last record and lengthen it, so a session is over only two gaps and grace after that:
 * then it is the same whatever order the records came in.
 */
export class SessionWindows implements WindowKind {
  readonly holds: StoreValue;
  readonly hold: number;
  readonly #settings: SessionSettings;

  constructor(settings: SessionSettings) {
    this.#settings = settings;
    this.holds = { kind: 'session', gap: settings.gap };
    this.hold = 2 * settings.gap + settings.grace;
  }

  late(time: number, watermark: number): boolean {
    return time + this.#settings.gap + this.#settings.grace <= watermark;
  }

  gather(algebra: Algebra): Gathering {
    return new SessionGathering(this.#settings.gap, algebra);
  }

  keep(algebra: Algebra, store: Store): Keeper {
    return new SessionKeeper(this.#settings, algebra, store);
  }

  bounds({ a, b }: Group): Bounds {
    return { start: a, end: b };
  }
}

/** A part of a session. */
interface Stretch {
  start: number;
  end: number;
  readonly working: Working;
}

class SessionGathering implements Gathering {
  size = 0;
  readonly #gap: number;
  readonly #algebra: Algebra;
  readonly #keys = new Map<string, Stretch[]>();

  constructor(gap: number, algebra: Algebra) {
    this.#gap = gap;
    this.#algebra = algebra;
  }

  add(key: string, record: StreamRecord): void {
    const { time } = record;
    let stretches = this.#keys.get(key);
    if (stretches === undefined) this.#keys.set(key, (stretches = []));
    let stretch = this.#find(stretches, time);
    if (stretch === null) {
      stretch = { start: time, end: time, working: this.#algebra.create() };
      stretches.push(stretch);
      this.size += 1;
    } else if (this.#algebra.grows) this.size += 1;
    if (time < stretch.start) stretch.start = time;
    if (time > stretch.end) stretch.end = time;
    stretch.working.records += 1;
    this.#algebra.add(stretch.working, record);
  }

  /** Two stretches that a record has brought together stay two: they are merged in the store. */
  *drain(): Iterable<GatheredGroup> {
    for (const [key, stretches] of this.#keys) {
      for (const { start, end, working } of stretches) yield { key, a: start, b: end, partial: this.#algebra.pack(working), records: working.records };
    }
    this.#keys.clear();
    this.size = 0;
  }

  /** Most records belong to the newest one. */
  #find(stretches: readonly Stretch[], time: number): Stretch | null {
    for (let i = stretches.length - 1; i >= 0; i--) {
      const stretch = stretches[i] as Stretch;
      if (time >= stretch.start - this.#gap && time <= stretch.end + this.#gap) return stretch;
    }
    return null;
  }
}
