import { timeToBinary } from '../keyed/binary.ts';
import type { Store } from '../store.ts';
import type { PackedRow, TableRow } from './table-row.ts';
import { liveRow } from './table-row.ts';

/** A version that was replaced: from `until` on it is of no use, for a later one counts by then. */
export type PackedVersion = readonly [until: number, row: PackedRow];

const rowTag = 'r';
const versionTag = 'v';

/** Entries of keys this long do not lie in the order of what is behind the key. */
const longKey = 1800;

/** Looks up in the store of a table node. */
export class TableRows {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** The row that there is. */
  get(key: string): TableRow | undefined {
    const row = this.#store.get(rowPlace(key)) as PackedRow | undefined;
    return row === undefined ? undefined : liveRow(row, null);
  }

  /** The row that there was at a time, as far as history reaches back. */
  asOf(key: string, time: number): TableRow | undefined {
    const row = this.#store.get(rowPlace(key)) as PackedRow | undefined;
    if (row === undefined || row[0] > time) return this.#versionAt(key, time);
    return liveRow(row, time);
  }

  /** All keys that have a row, and that. */
  *all(): Iterable<readonly [key: string, row: TableRow]> {
    for (const [place, packed] of this.#store.range(rowTag, following(rowTag))) {
      const row = liveRow(packed as unknown as PackedRow, null);
      if (row !== undefined) yield [place.slice(1), row];
    }
  }

  #versionAt(key: string, time: number): TableRow | undefined {
    const version = versionFrom(this.#store, key, time);
    return version === null || version.until <= time ? undefined : liveRow(version.row, time);
  }
}

/** The last of the replaced versions of a key that is not later than a time; null for none. */
export function versionFrom(store: Store, key: string, time: number): { readonly until: number; readonly row: PackedRow } | null {
  let found: { readonly until: number; readonly row: PackedRow } | null = null;
  for (const [, version] of store.range(versionPlace(key, time), versionsEnd(key))) {
    const [until, row] = version as unknown as PackedVersion;
    if (found === null || row[0] > found.row[0]) found = { until, row };
    if (key.length < longKey) return found;
  }
  return found;
}

/** Where the row of a key lies. */
export function rowPlace(key: string): string {
  return rowTag + key;
}

/** Where a version lies: later ones before earlier ones, so that the last one up to a time is the first from there. */
export function versionPlace(key: string, time: number): string {
  return versionsOf(key) + timeToBinary(0 - time);
}

/** The length in front keeps the versions of one key together, whatever bytes it has. */
function versionsOf(key: string): string {
  const { length } = key;
  return versionTag + String.fromCharCode((length >>> 24) & 255, (length >>> 16) & 255, (length >>> 8) & 255, length & 255) + key;
}

function versionsEnd(key: string): string {
  return `${versionsOf(key)}\xff\xff`;
}

/** Where all versions of a key lie: from the first to below the second. */
export function versionsRange(key: string): readonly [from: string, to: string] {
  return [versionsOf(key), versionsEnd(key)];
}

function following(tag: string): string {
  return String.fromCharCode(tag.charCodeAt(0) + 1);
}
