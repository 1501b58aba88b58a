import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { StreamRecord } from '../../actors/record.ts';
import { windowOf } from '../actors/window/build.ts';
import { tableOf, KeyedNode } from '../actors/keyed/task.ts';
import { recordOf } from '../topology/harness.ts';

/*
 * Kafka Streams' own results (kafka-streams/README.md) beside ours, on one partition and without delay: then its stream time is our
 * watermark. What differs on purpose is in one table below, and told in config/README.md.
 */

interface Case {
  readonly name: string;
  readonly window: { readonly type: string; readonly [length: string]: number | string };
  readonly grace: number;
  readonly reduce?: boolean;
  /** Key and time; the large input where there are none. */
  readonly records?: readonly (readonly [key: string, time: number])[];
}

/** Key, start, end, timestamp of the result; then count, sum, min, max, average, or the amount that reduce came to. */
type Row = readonly [key: string, start: number, end: number, time: number, ...results: number[]];

interface Golden {
  readonly late: readonly number[];
  readonly windows: readonly Row[];
  readonly notFinal: readonly Row[];
  readonly otherFinal: readonly Row[];
}

interface Input {
  readonly key: string;
  readonly time: number;
  readonly amount: number;
}

/** One side's results that the other does not have, as `key start..end: numbers of its records`. */
interface Difference {
  readonly late?: readonly number[];
  readonly windows?: readonly string[];
  /** Where they are not the same as in `windows`. */
  readonly final?: readonly string[];
}

/** Every difference on purpose, by the case that shows it. What is not here is the same. */
const differences: Readonly<Record<string, { readonly ours: Difference; readonly theirs: Difference }>> = {
  // Kafka Streams has no windows that begin before 1970: hopping ones are left out.
  'hopping-before-1970': { ours: { windows: ['ann -400..600: 0 1', 'ann -800..200: 0'] }, theirs: {} },
  // Sliding ones become one window [0, size].
  'sliding-before-1970': { ours: { windows: ['ann -100..900: 0 1 2', 'ann -1000..0: 0', 'ann -700..300: 0 1'] }, theirs: { windows: ['ann 0..1000: 0 1 2'] } },
  // A record that is too late for the window that ends with it counts there only in windows that exist when it comes; here in all that are open still.
  'sliding-own-window-closed': {
    ours: { windows: ['ann 5100..6100: 1 2', 'ann 5201..6201: 2'] },
    theirs: { late: [1], windows: ['ann 5100..6100: 2'] }
  },
  // Whether a record is late is its own matter here, not that of the session it comes upon.
  'session-late-beside-live': { ours: { late: [3], windows: ['ann 5000..5800: 0 1'] }, theirs: { windows: ['ann 5000..5800: 0 1 3'] } },
  // A session is final here once no record that is not late could lengthen it.
  'session-lengthened-after-end': { ours: {}, theirs: { final: ['ann 5000..5000: 0'] } },
  // With its default retention a store forgets, when time jumps, what was not told yet to be final.
  'tumbling-time-jumps': { ours: { final: ['ann 5000..6000: 0', 'bob 5000..6000: 1'] }, theirs: {} }
};

const folder = join(import.meta.dirname, 'kafka-streams');
const cases = JSON.parse(readFileSync(join(folder, 'cases.json'), 'utf8')) as Case[];
const large = readFileSync(join(folder, 'input.ndjson'), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Input);
const milliseconds = (length: number | string): string => (typeof length === 'number' ? `${length}ms` : length);

function optionsOf({ window, grace, reduce }: Case, emit: 'update' | 'final'): object {
  const lengths = Object.fromEntries(Object.entries(window).map(([name, value]) => [name, milliseconds(value)]));
  const largest = { step: 'acc.amount >= value.amount ? acc : value', merge: 'left.amount >= right.amount ? left : right' };
  const aggregate = { count: 'count()', sum: 'sum(value.amount)', min: 'min(value.amount)', max: 'max(value.amount)', avg: 'avg(value.amount)' };
  return { window: lengths, grace: milliseconds(grace), late: 'drop', emit, ...(reduce === true ? { reduce: largest } : { aggregate }) };
}

/** Our results of a case, with a checkpoint after every so many records. */
function results(test: Case, emit: 'update' | 'final', epoch: number): { readonly rows: string[]; readonly late: number[] } {
  const input = test.records?.map(([key, time], index) => ({ key, time, amount: 2 ** index })) ?? large;
  const logic = windowOf(optionsOf(test, emit));
  const task = new KeyedNode((place) => logic.open(place));
  let watermark = -Infinity;
  input.forEach((value, offset) => {
    const { key, time } = value;
    task.feed([recordOf(value, { key: Buffer.from(key), time, timestamp: time, stamp: watermark, offset })]);
    watermark = Math.max(watermark, time);
    if ((offset + 1) % epoch === 0) task.barrier({ watermark });
  });
  task.barrier({ watermark });
  const { committed } = task;
  const keys = new Set(committed.results.map(({ key }) => String(key)));
  if (emit === 'final') assert.equal(keys.size, committed.results.length, 'each window once');
  const last = [...tableOf(committed.results).keys()];
  const rows = last.map((key) => committed.results.findLast((record) => Buffer.from(record.key ?? []).toString() === key) as StreamRecord);
  return { rows: rows.map(rowOf), late: committed.late.map(({ offset }) => offset) };
}

function rowOf({ value, timestamp }: StreamRecord): string {
  const result = value as { key: string; window: { start: number; end: number }; value?: Input } & Record<'count' | 'sum' | 'min' | 'max' | 'avg', number>;
  const { key, window, count, sum, min, max, avg } = result;
  return JSON.stringify([key, window.start, window.end, timestamp, ...(result.value === undefined ? [count, sum, min, max, avg] : [result.value.amount])]);
}

/** Amounts are powers of two in the cases that differ, so that a sum tells the records. */
function shown(row: string): string {
  const [key, start, end, , , sum = 0] = JSON.parse(row) as Row;
  const records = [...sum.toString(2)].reverse().flatMap((bit, index) => (bit === '1' ? [index] : []));
  return `${key} ${start}..${end}: ${records.join(' ')}`;
}

const only = <T>(list: readonly T[], others: readonly T[]): T[] => list.filter((each) => !others.includes(each));
const sorted = <T>(list: readonly T[]): T[] => [...list].sort();
const text = (rows: readonly Row[]): string[] => rows.map((row) => JSON.stringify(row));

/** What one side has of a case and the other has not, told as the table tells it. */
function differenceOf(mine: { late: readonly number[]; windows: string[]; final: string[] }, other: typeof mine): Difference {
  const late = only(mine.late, other.late);
  const windows = sorted(only(mine.windows, other.windows).map(shown));
  const final = sorted(only(mine.final, other.final).map(shown));
  const differs = JSON.stringify(final) !== JSON.stringify(windows);
  return { ...(late.length > 0 ? { late } : {}), ...(windows.length > 0 ? { windows } : {}), ...(differs ? { final } : {}) };
}

describe('windows are those of Kafka Streams', () => {
  for (const test of cases) {
    const known = differences[test.name] ?? { ours: {}, theirs: {} };
    it(differences[test.name] === undefined ? test.name : `${test.name}, but for what differs on purpose`, () => {
      const golden = JSON.parse(readFileSync(join(folder, `${test.name}.golden.json`), 'utf8')) as Golden;
      const windows = text(golden.windows);
      const theirs = { late: golden.late, windows, final: [...only(windows, text(golden.notFinal)), ...text(golden.otherFinal)] };
      for (const epoch of [1, 7, 1000]) {
        const updates = results(test, 'update', epoch);
        const ours = { late: updates.late, windows: updates.rows, final: results(test, 'final', epoch).rows };
        const found = { ours: differenceOf(ours, theirs), theirs: differenceOf(theirs, ours) };
        assert.deepEqual(found, known, `with a checkpoint after every ${epoch} records`);
      }
    });
  }

  it('the table of differences names cases', () => {
    assert.deepEqual(only(Object.keys(differences), cases.map(({ name }) => name)), []);
  });
});
