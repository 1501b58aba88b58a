import { binaryToTime, timeToBinary } from '../keyed/binary.ts';
import type { PackedRecord } from '../keyed/freight.ts';
import { packRecord } from '../keyed/freight.ts';
import type { StreamRecord } from '../record.ts';
import type { Store, StoreValue } from '../store.ts';

/*
 * How the records of a join of two streams lie in its store. Of each side: rows, by key, time and the order in which they came, so that the partners of a record are one range;
 * and an index by time, whose entries say which of them had no partner yet. What is over is a range from its front.
 */

/** A record in the store. */
export interface Row extends PackedRecord {
  /** What it was judged by, where that is later than its own time. */
  readonly w?: number;
}

/** Tags of one side: rows, and the index. */
interface Tags {
  readonly rows: string;
  readonly times: string;
}

const tagsOf: readonly [Tags, Tags] = [{ rows: 'l', times: 'i' }, { rows: 'r', times: 'j' }];

/** Where the number of the last record is. */
const lastPlace = 'c';

/** In the index: had no partner yet, or had one, or it does not matter. */
const alone = 1;
const settled = 0;

/** What a look at what is over came to. */
export interface Expiry {
  readonly count: number;
  /** The time of the first that is left; Infinity for none. */
  readonly overdue: number;
}

/** Numbers the records of both sides, so that equal ones are two. After so many only old ones could be taken for each other. */
export class Sequence {
  readonly #store: Store;
  #last: number;
  #saved: number;

  constructor(store: Store) {
    this.#store = store;
    this.#last = (store.get(lastPlace) as number | undefined) ?? 0;
    this.#saved = this.#last;
  }

  /** The next number as four bytes. */
  next(): string {
    const number = (this.#last = (this.#last + 1) >>> 0);
    return String.fromCharCode(number >>> 24, (number >>> 16) & 255, (number >>> 8) & 255, number & 255);
  }

  save(): void {
    if (this.#last !== this.#saved) this.#store.put(lastPlace, this.#last);
    this.#saved = this.#last;
  }
}

/** The records of one side. */
export class SideRows {
  readonly #store: Store;
  readonly #tags: Tags;
  readonly #sequence: Sequence;

  constructor(store: Store, side: 0 | 1, sequence: Sequence) {
    this.#store = store;
    this.#tags = tagsOf[side];
    this.#sequence = sequence;
  }

  put(key: string, record: StreamRecord, judged: number, isAlone: boolean): void {
    const { time } = record;
    const packed = packRecord({ key, record });
    const row: Row = judged > time ? { ...packed, w: judged } : packed;
    const when = timeToBinary(time);
    const number = this.#sequence.next();
    this.#store.put(this.#tags.rows + lengthOf(key) + key + when + number, row as unknown as StoreValue);
    this.#store.put(this.#tags.times + when + number + key, isAlone ? alone : settled);
  }

  /** Rows of a key from one time to another, both included, with their places. */
  between(key: string, from: number, to: number): Iterable<readonly [place: string, row: StoreValue]> {
    const prefix = this.#tags.rows + lengthOf(key) + key;
    return this.#store.range(prefix + timeToBinary(from), prefix + timeToBinary(to + 1));
  }

  /** The row at a place has a partner from now on. */
  settle(place: string, key: string): void {
    const entry = this.#tags.times + place.slice(-12) + key;
    if (this.#store.get(entry) === alone) this.#store.put(entry, settled);
  }

  /** Takes out what is as old as `time`, or older, up to `limit` rows, by time. Those that had no partner are handed over. */
  expire(time: number, limit: number, onAlone: (key: string, row: Row) => void): Expiry {
    let count = 0;
    for (const [entry, state] of this.#upTo(time)) {
      if (count === limit) return { count, overdue: binaryToTime(entry, 1) };
      count += 1;
      const key = entry.slice(13);
      const place = this.#tags.rows + lengthOf(key) + key + entry.slice(1, 13);
      if (state === alone) onAlone(key, this.#store.get(place) as unknown as Row);
      this.#store.delete(entry);
      this.#store.delete(place);
    }
    return { count, overdue: Infinity };
  }

  /** The time of the oldest row that is as old as `time`, or older; Infinity for none. */
  oldest(time: number): number {
    return this.expire(time, 0, () => undefined).overdue;
  }

  /** Every row, by key. */
  *all(): Iterable<readonly [key: string, row: Row]> {
    const { rows } = this.#tags;
    for (const [place, row] of this.#store.range(rows, String.fromCharCode(rows.charCodeAt(0) + 1))) yield [place.slice(5, -12), row as unknown as Row];
  }

  #upTo(time: number): Iterable<readonly [string, StoreValue]> {
    const { times } = this.#tags;
    return time === -Infinity ? [] : this.#store.range(times, times + timeToBinary(time + 1));
  }
}

/** The length in front keeps the rows of one key together, whatever bytes it has. */
function lengthOf({ length }: string): string {
  return String.fromCharCode((length >>> 24) & 255, (length >>> 16) & 255, (length >>> 8) & 255, length & 255);
}
