import type { Store, StoreValue } from '../store.ts';
import type { Algebra, Partial } from './algebra.ts';
import { DueIndex } from '../keyed/due-index.ts';
import type { Emit, Group, Keeper, Retract } from './kind.ts';
import type { SessionSettings } from './session.ts';
import { recordTimestamp } from './times.ts';

type Session = readonly [start: number, end: number, partial: Partial];

/** The sessions of a key by start, and the time under which the index has the key: at or before their first end. */
type Stored = readonly [indexed: number, ...sessions: Session[]];

const tag = 's';
const beyond = 't';

/** Sessions in a store: all of a key in one entry, because a record may join them. */
export class SessionKeeper implements Keeper {
  readonly #gap: number;
  /** From the last record of a session until it is over. */
  readonly #rest: number;
  readonly #lateAfter: number;
  readonly #algebra: Algebra;
  readonly #store: Store;
  readonly #ends: DueIndex;
  /** Of each key that changed: the starts its sessions had before, and a time within each that changed. */
  readonly #changed = new Map<string, { readonly before: readonly number[]; readonly within: number[] }>();

  constructor({ gap, grace }: SessionSettings, algebra: Algebra, store: Store) {
    this.#gap = gap;
    this.#rest = 2 * gap + grace;
    this.#lateAfter = gap + grace;
    this.#algebra = algebra;
    this.#store = store;
    this.#ends = new DueIndex(store);
  }

  take({ key, a: start, b: end, partial }: Group, watermark: number): boolean {
    if (end + this.#lateAfter <= watermark) return false;
    const stored = this.#store.get(tag + key) as Stored | undefined;
    const sessions = stored === undefined ? [] : sessionsOf(stored);
    this.#note(key, sessions, start);
    this.#put(key, stored?.[0] ?? null, this.#join(sessions, [start, end, partial]));
    return true;
  }

  changes(emit: Emit | null, retract: Retract | null): void {
    for (const [key, { before, within }] of this.#changed) {
      const sessions = sessionsOf(this.#store.get(tag + key) as Stored);
      const starts = new Set(sessions.map(([start]) => start));
      if (retract !== null) {
        for (const start of before) if (!starts.has(start)) retract(key, start, timestampAround(start, sessions));
      }
      if (emit !== null) {
        for (const [start, end, partial] of sessions) if (within.some((time) => time >= start && time <= end)) emit(key, { start, end }, partial);
      }
    }
    this.#changed.clear();
  }

  expire(watermark: number, limit: number, emit: Emit | null): void {
    let left = limit;
    for (const { time, key } of this.#ends.upTo(watermark - this.#rest)) {
      if (left <= 0) return;
      const open: Session[] = [];
      for (const session of sessionsOf(this.#store.get(tag + key) as Stored)) {
        const [start, end, partial] = session;
        if (end + this.#rest > watermark) open.push(session);
        else {
          emit?.(key, { start, end }, partial);
          left -= 1;
        }
      }
      this.#ends.delete(time, key);
      if (open.length === 0) this.#store.delete(tag + key);
      else this.#put(key, null, open);
    }
  }

  all(emit: Emit): void {
    for (const [place, stored] of this.#store.range(tag, beyond)) {
      for (const [start, end, partial] of sessionsOf(stored as unknown as Stored)) emit(place.slice(1), { start, end }, partial);
    }
  }

  overdue(watermark: number): number {
    return this.#ends.first(watermark - this.#rest) + this.#rest;
  }

  #note(key: string, sessions: readonly Session[], time: number): void {
    const known = this.#changed.get(key);
    if (known === undefined) this.#changed.set(key, { before: sessions.map(([start]) => start), within: [time] });
    else known.within.push(time);
  }

  /** The sessions with one more stretch of time: it joins all that are no more than a gap away. */
  #join(sessions: readonly Session[], stretch: Session): Session[] {
    const apart: Session[] = [];
    let [start, end, partial] = stretch;
    for (const session of sessions) {
      if (session[1] < stretch[0] - this.#gap || session[0] > stretch[1] + this.#gap) {
        apart.push(session);
        continue;
      }
      start = Math.min(start, session[0]);
      end = Math.max(end, session[1]);
      partial = this.#algebra.merge(session[2], partial);
    }
    apart.push([start, end, this.#algebra.settle(partial)]);
    return apart.sort((a, b) => a[0] - b[0]);
  }

  /** Writes the sessions of a key. An index entry that is too early is left until it is due. */
  #put(key: string, indexed: number | null, sessions: readonly Session[]): void {
    const first = Math.min(...sessions.map(([, end]) => end));
    const keep = indexed !== null && indexed <= first;
    if (!keep) {
      if (indexed !== null) this.#ends.delete(indexed, key);
      this.#ends.put(first, key);
    }
    this.#store.put(tag + key, [keep ? indexed : first, ...sessions] as StoreValue);
  }
}

/** The timestamp of the session that a time is part of. */
function timestampAround(time: number, sessions: readonly Session[]): number {
  const session = sessions.find(([start, end]) => time >= start && time <= end);
  return session === undefined ? -1 : recordTimestamp(session[2][0]);
}

function sessionsOf([, ...sessions]: Stored): Session[] {
  return sessions;
}
