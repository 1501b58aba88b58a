import type { StreamRecord } from '../../record.ts';
import type { StoreValue } from '../../store.ts';
import type { Aggregate, Input } from './aggregate.ts';
import { checkAny } from './aggregate.ts';

/** A value with its place in the order of records: event time, topic, partition, offset. */
type Entry = readonly [time: number, topic: string, partition: number, offset: number, value: StoreValue];

function entryOf(record: StreamRecord, value: Input): Entry {
  return [record.time, record.origin.topic, record.origin.partition, record.offset, value];
}

/** Below zero where `a` comes before `b`. Results of other windows have no offset of their own: there the value decides. */
function compare(a: Entry, b: Entry): number {
  if (a[0] !== b[0]) return a[0] - b[0];
  if (a[1] !== b[1]) return a[1] < b[1] ? -1 : 1;
  if (a[2] !== b[2]) return a[2] - b[2];
  if (a[3] !== b[3]) return a[3] - b[3];
  const [left, right] = [JSON.stringify(a[4]), JSON.stringify(b[4])];
  return left === right ? 0 : left < right ? -1 : 1;
}

/** The value that comes first. */
export const first: Aggregate<Entry | null> = end((order) => order < 0);
/** The value that comes last. */
export const last: Aggregate<Entry | null> = end((order) => order > 0);

function end(wins: (order: number) => boolean): Aggregate<Entry | null> {
  return {
    check: checkAny,
    create: () => null,
    add(state, value, record) {
      // Most records are decided by their time.
      if (state !== null && record.time !== state[0] && !wins(record.time - state[0])) return state;
      const entry = entryOf(record, value);
      return state === null || wins(compare(entry, state)) ? entry : state;
    },
    pack: (state) => state,
    merge(a, b) {
      if (a === null || b === null) return a ?? b;
      return wins(compare(b as Entry, a as Entry)) ? b : a;
    },
    result: (state) => (state === null ? null : (state as Entry)[4])
  };
}

/** The first so many values, in order. */
export function collect(limit: number): Aggregate<Entry[]> {
  return {
    check: checkAny,
    create: () => [],
    add(state, value, record) {
      const entry = entryOf(record, value);
      let place = state.length;
      while (place > 0 && compare(entry, state[place - 1] as Entry) < 0) place -= 1;
      if (place >= limit) return state;
      state.splice(place, 0, entry);
      if (state.length > limit) state.pop();
      return state;
    },
    pack: (state) => state,
    merge: (a, b) => mergeSorted(a as Entry[], b as Entry[], limit),
    result: (state) => (state as Entry[]).map((entry) => entry[4])
  };
}

function mergeSorted(a: readonly Entry[], b: readonly Entry[], limit: number): Entry[] {
  const merged: Entry[] = [];
  let [i, j] = [0, 0];
  while (merged.length < limit && (i < a.length || j < b.length)) {
    const takeFirst = j >= b.length || (i < a.length && compare(a[i] as Entry, b[j] as Entry) <= 0);
    merged.push(takeFirst ? (a[i++] as Entry) : (b[j++] as Entry));
  }
  return merged;
}
