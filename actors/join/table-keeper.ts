import { DueIndex } from '../keyed/due-index.ts';
import type { Store } from '../store.ts';
import type { PackedRow } from './table-row.ts';
import { forgottenRow, reindexed } from './table-row.ts';
import { rowPlace, versionFrom, versionPlace } from './table-rows.ts';

/** Writes the rows of a table node. Keys that are forgotten are in an index by the time from which they are, replaced versions in one by the time until which they counted. */
export interface TableKeeper {
  /** Takes an update in, or a deletion, which is a row without a value. */
  put(key: string, row: PackedRow): void;
  /** Forgets keys by the watermark, and versions that ended by the floor: the earliest time that somebody may still ask for. So many at most. */
  expire(watermark: number, floor: number, limit: number): void;
  /** True while there is more to forget. */
  overdue(watermark: number, floor: number): boolean;
}

/** Keeps the last row of each key to come, whatever its time. */
export class LatestRows implements TableKeeper {
  readonly #store: Store;
  readonly #forgotten: ForgottenKeys;

  constructor(store: Store) {
    this.#store = store;
    this.#forgotten = new ForgottenKeys(store);
  }

  put(key: string, row: PackedRow): void {
    const place = rowPlace(key);
    const old = this.#store.get(place) as PackedRow | undefined;
    const indexed = this.#forgotten.replace(key, old, row);
    if (row.length > 1) this.#store.put(place, indexed);
    else if (old !== undefined) this.#store.delete(place);
  }

  expire(watermark: number, _floor: number, limit: number): void {
    for (const key of this.#forgotten.upTo(watermark, limit)) this.#store.delete(rowPlace(key));
  }

  overdue(watermark: number): boolean {
    return this.#forgotten.overdue(watermark);
  }
}

/** Keeps the versions of each key by their time: the last one is its row; of two with one time the later to come counts (KIP-889, KIP-914). */
export class VersionedRows implements TableKeeper {
  readonly #store: Store;
  readonly #forgotten: ForgottenKeys;
  /** Places of what is of use only for times before another one. */
  readonly #ended: DueIndex;

  constructor(store: Store) {
    this.#store = store;
    this.#forgotten = new ForgottenKeys(store);
    this.#ended = new DueIndex(store, 'h');
  }

  put(key: string, row: PackedRow): void {
    const last = this.#store.get(rowPlace(key)) as PackedRow | undefined;
    if (last !== undefined && row[0] < last[0]) this.#insert(key, row, last[0]);
    else this.#replace(key, row, last);
  }

  expire(watermark: number, floor: number, limit: number): void {
    let left = limit;
    for (const key of this.#forgotten.upTo(watermark, limit)) {
      left -= 1;
      this.#forget(key);
    }
    for (const { time, key: place } of this.#ended.upTo(floor)) {
      if (left-- <= 0) return;
      this.#ended.delete(time, place);
      this.#store.delete(place);
    }
  }

  overdue(watermark: number, floor: number): boolean {
    return this.#forgotten.overdue(watermark) || this.#ended.first(floor) !== Infinity;
  }

  /** The last version gives way to a later one. */
  #replace(key: string, row: PackedRow, last: PackedRow | undefined): void {
    const place = rowPlace(key);
    if (last !== undefined) {
      const end = endOf(last);
      if (end !== null) this.#ended.delete(end, place);
      if (last[0] < row[0]) this.#version(key, row[0], reindexed(last, null));
    }
    const indexed = this.#forgotten.replace(key, last, row);
    this.#store.put(place, indexed);
    // That a key was deleted is of use as long as something earlier may be asked for, or come.
    if (row.length === 1) this.#ended.put(row[0], place);
  }

  /** A version takes its place among those that were replaced. What came before it may be there for longer than it counts, as this one may: until the row that there is now, at `last`. */
  #insert(key: string, row: PackedRow, last: number): void {
    const earlier = versionFrom(this.#store, key, row[0]);
    if (earlier !== null && earlier.row[0] === row[0]) this.#store.put(versionPlace(key, row[0]), [earlier.until, row]);
    else this.#version(key, last, row);
  }

  /** `until`: the time from which it is of no use. */
  #version(key: string, until: number, row: PackedRow): void {
    const place = versionPlace(key, row[0]);
    this.#store.put(place, [until, row]);
    this.#ended.put(until, place);
  }

  /** What was before may still be asked for. */
  #forget(key: string): void {
    const place = rowPlace(key);
    const row = forgottenRow(this.#store.get(place) as PackedRow);
    this.#store.put(place, row);
    this.#ended.put(endOf(row) ?? row[0], place);
  }
}

/** From when on a last version is nothing any more: its key was deleted, or forgotten; null while it is a row. */
function endOf(row: PackedRow): number | null {
  if (row.length === 1) return row[0];
  const extra = row[2];
  return extra?.g === 1 ? (extra.x ?? row[0]) : null;
}

/** Keys by the time from which they are forgotten. An entry that is too early, because its key was updated, is left until it is due. */
class ForgottenKeys {
  readonly #store: Store;
  readonly #times: DueIndex;

  constructor(store: Store) {
    this.#store = store;
    this.#times = new DueIndex(store);
  }

  /** A row takes the place of another; gives it with its place in the index. */
  replace(key: string, old: PackedRow | undefined, row: PackedRow): PackedRow {
    const was = indexOf(old);
    const until = forgottenFrom(row);
    if (was !== null && until !== null && was <= until) return reindexed(row, was);
    if (was !== null) this.#times.delete(was, key);
    if (until !== null) this.#times.put(until, key);
    return row;
  }

  /** Keys that are due and were not updated since, so many at most; they are in the index no more. */
  *upTo(watermark: number, limit: number): Iterable<string> {
    let left = limit;
    for (const { time, key } of this.#times.upTo(watermark)) {
      if (left-- <= 0) return;
      this.#times.delete(time, key);
      const row = this.#store.get(rowPlace(key)) as PackedRow;
      const until = forgottenFrom(row);
      if (until === null || until <= watermark) yield key;
      else {
        this.#times.put(until, key);
        this.#store.put(rowPlace(key), reindexed(row, until));
      }
    }
  }

  overdue(watermark: number): boolean {
    return this.#times.first(watermark) !== Infinity;
  }
}

function forgottenFrom(row: PackedRow): number | null {
  return row.length === 1 ? null : (row[2]?.x ?? null);
}

/** Under which time the index has the key of a row; null for none. */
function indexOf(row: PackedRow | undefined): number | null {
  if (row === undefined || row.length === 1) return null;
  const extra = row[2];
  return extra?.x === undefined || extra.g === 1 ? null : (extra.i ?? extra.x);
}
