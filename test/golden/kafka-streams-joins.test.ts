import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { StreamRecord } from '../../actors/record.ts';
import { keyedOf } from '../actors/join/build.ts';
import { KeyedNode } from '../actors/keyed/task.ts';
import { recordOf } from '../topology/harness.ts';

/*
 * Kafka Streams' own joins of two streams (kafka-streams/README.md) beside ours. Each side is one partition without delay, so that its highest time is its watermark; Kafka Streams has one
 * stream time for both. What differs on purpose is in one table below, and told in config/README.md.
 */

type Entry = readonly [input: string, key: string | null, time: number, value?: null];

interface Case {
  readonly name: string;
  readonly join: { readonly type: string; readonly before: number; readonly after: number; readonly grace: number; readonly table?: boolean };
  /** Said of those that differ. */
  readonly differs?: string;
  /** The large input where there are none. */
  readonly records?: readonly Entry[];
}

type Golden = readonly (readonly [after: number, key: string | null, left: string | null, right: string | null, time: number])[];

/** Results that one side has and the other has not, as `left right`, `-` for none. */
interface Difference {
  readonly ours: readonly string[];
  readonly theirs: readonly string[];
}

/** Every difference on purpose, by the case that shows it. What is not here is the same. */
const differences: Readonly<Record<string, Difference>> = {
  // Unmatched here only once both sides are past the grace, so that what is matched later never was unmatched.
  'join-unmatched-then-matched': { ours: [], theirs: ['l0 -'] },
  'join-early-unmatched': { ours: [], theirs: ['l1 -'] },
  // Each side is late by its own time here: what is read ahead on one closes nothing for the other.
  'join-slow-side': { ours: ['l0 r2', 'l0 r3'], theirs: ['- r2', '- r3', 'l0 -'] },
  // Late for every partner they could have: they go where `late` says.
  'join-late-outer': { ours: [], theirs: ['- r3', 'l2 -'] },
  // Late for the partner that has come out already, in time for others: unmatched.
  'join-late-but-kept': { ours: ['- r3', '- r4'], theirs: ['l0 r3', 'l0 r4'] }
};

/** Records that are late here, by case. */
const lates: Readonly<Record<string, readonly string[]>> = { 'join-late-inner': ['l4', 'r5'], 'join-late-outer': ['l2', 'r3'] };

const folder = join(import.meta.dirname, 'kafka-streams');
const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
const cases = (JSON.parse(read('join-cases.json')) as Case[]).filter(({ join: { table } }) => table !== true);
const large = read('join-input.ndjson').trim().split('\n').map((line) => JSON.parse(line) as Entry);

/** One of them fed and, after every so many, a checkpoint. */
function run({ join: { type, before, after, grace }, records = large }: Case, epoch: number): { readonly results: StreamRecord[]; readonly late: string[] } {
  const logic = keyedOf('join', { with: 'other', kind: type, within: { before: `${before}ms`, after: `${after}ms` }, grace: `${grace}ms`, late: 'drop' });
  const node = new KeyedNode((place) => logic.open(place));
  const watermarks = [-Infinity, -Infinity];
  const barrier = (): void => {
    node.barrier({ watermark: Math.min(...watermarks), inputs: watermarks.map((watermark) => ({ watermark, idle: false })) });
  };
  records.forEach(([input, key, time, value], offset) => {
    for (const [side, name] of ['left', 'right'].entries()) {
      if (input !== name && input !== 'both') continue;
      const stamp = watermarks[side] as number;
      node.feed([recordOf(value === null ? undefined : `${input.charAt(0)}${offset}`, { key: key === null ? null : Buffer.from(key), time, timestamp: time, stamp, offset })], 0, side);
      watermarks[side] = Math.max(stamp, time);
    }
    if ((offset + 1) % epoch === 0) barrier();
  });
  barrier();
  return { results: node.committed.results, late: node.committed.late.map(({ value }) => String(value)) };
}

function shown({ key, value, time, timestamp }: StreamRecord): string {
  const { left, right } = value as { left: string | null; right: string | null };
  assert.equal(timestamp, time);
  return JSON.stringify([key === null ? null : Buffer.from(key).toString(), left, right, time]);
}

function brief(row: string): string {
  const [, left, right] = JSON.parse(row) as (string | null)[];
  return `${left ?? '-'} ${right ?? '-'}`;
}

/** Those of a list that another one has not, each as often as that is so. */
function only(list: readonly string[], others: readonly string[]): string[] {
  const rest = [...others];
  return list.filter((each) => {
    const index = rest.indexOf(each);
    if (index >= 0) rest.splice(index, 1);
    return index < 0;
  });
}

describe('joins of two streams are those of Kafka Streams', () => {
  for (const test of cases) {
    it(test.differs === undefined ? test.name : `${test.name}, but for what differs on purpose`, () => {
      const theirs = (JSON.parse(read(`${test.name}.golden.json`)) as Golden).map(([, key, left, right, time]) => JSON.stringify([key, left, right, time]));
      for (const epoch of [1, 7, 1000]) {
        const { results, late } = run(test, epoch);
        const ours = results.map(shown);
        const found = { ours: only(ours, theirs).map(brief).sort(), theirs: only(theirs, ours).map(brief).sort() };
        assert.deepEqual(found, differences[test.name] ?? { ours: [], theirs: [] }, `with a checkpoint after every ${epoch} records`);
        assert.deepEqual(late, lates[test.name] ?? []);
      }
    });
  }

  it('pairs come out with the record that makes them, and none of them waits', () => {
    for (const test of cases.filter(({ differs }) => differs === undefined)) {
      const pairs = (JSON.parse(read(`${test.name}.golden.json`)) as Golden).filter(([, , left, right]) => left !== null && right !== null);
      const { results } = run(test, 1000);
      const ours = results.map(shown).map(brief).filter((row) => !row.includes('-'));
      assert.deepEqual(ours, pairs.map(([, , left, right]) => `${left ?? ''} ${right ?? ''}`), test.name);
    }
  });

  it('the cases that differ are those of the table', () => {
    assert.deepEqual(Object.keys(differences).sort(), cases.filter(({ differs }) => differs !== undefined).map(({ name }) => name).sort());
  });
});
