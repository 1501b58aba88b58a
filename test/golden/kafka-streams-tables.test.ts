import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { StreamRecord } from '../../actors/record.ts';
import { logicOf, Team } from '../actors/join/team.ts';
import { recordOf } from '../topology/harness.ts';

/*
 * Joins of a stream with a table, as Kafka Streams' own results (kafka-streams/README.md) have them, beside ours: one partition of each side, without delay. What differs on purpose is in one table below, and told in config/README.md.
 */

interface Case {
  readonly name: string;
  readonly join: { readonly table?: boolean; readonly type: string; readonly history?: number; readonly grace?: number };
  readonly records: readonly (readonly [input: string, key: string | null, time: number, value?: null])[];
  readonly differs?: string;
}

/** Record after which it came, key, stream's value, row's, time. */
type Result = readonly [after: number, key: string | null, left: string, right: string | null, time: number];

const folder = join(import.meta.dirname, 'kafka-streams');
const cases = (JSON.parse(readFileSync(join(folder, 'join-cases.json'), 'utf8')) as Case[]).filter((test) => test.join.table === true);

/** Every difference on purpose, as `stream row`, `-` for none: what waits for the watermark of the table finds what came meanwhile. What is not here is the same. */
const differences: Readonly<Record<string, { readonly ours: readonly string[]; readonly theirs: readonly string[] }>> = {
  // Of the very time of the table's watermark, and behind it.
  'join-versioned-inner': { ours: ['s16 t17', 's8 t9'], theirs: ['s8 t4'] },
  'join-versioned-left': { ours: ['s16 t17', 's8 t9'], theirs: ['s16 -', 's8 t4'] },
  // The row was deleted meanwhile, as of a time before both.
  'join-versioned-history': { ours: ['s11 -', 's7 -'], theirs: ['s11 t8', 's7 t0'] },
  // Kafka Streams keeps the last one for ever, unless something comes behind it; here it leaves when both sides are idle.
  'join-versioned-grace': { ours: ['s12 -'], theirs: [] }
};

/** How our results of a case are come to: after how many records there is a checkpoint, and whether both sides are idle at each, so that nothing waits. */
interface Manner {
  readonly epoch: number;
  readonly waits: boolean;
}

function results({ join: { type, history }, records }: Case, { epoch, waits }: Manner): string[] {
  const asOf = history === undefined ? 'now' : 'event_time';
  const team = new Team(logicOf('table', history === undefined ? {} : { history: `${history}ms` }), logicOf('join', { table: 'table', into: 'row', kind: type, as_of: asOf }));
  const watermarks = { table: -Infinity, stream: -Infinity };
  const barrier = (idle: boolean): void => {
    team.barrier({ table: { watermark: watermarks.table, idle }, stream: { watermark: watermarks.stream, idle } });
  };
  records.forEach(([input, key, time, none], offset) => {
    const side = input === 'table' ? 'table' : 'stream';
    const text = `${input.charAt(0)}${offset}`;
    const value = none === null ? undefined : side === 'table' ? text : { text };
    team[side === 'table' ? 'table' : 'join'].feed([recordOf(value, { key: key === null ? null : Buffer.from(key), time, timestamp: time, stamp: watermarks[side], offset })]);
    watermarks[side] = Math.max(watermarks[side], time);
    if ((offset + 1) % epoch === 0) barrier(!waits);
  });
  barrier(true);
  return team.join.committed.results.map(shown);
}

function shown({ key, value, timestamp }: StreamRecord): string {
  const { text, row } = value as { text: string; row: string | null };
  return JSON.stringify([key === null ? null : Buffer.from(key).toString(), text, row, timestamp]);
}

function brief(row: string): string {
  const [, left, right] = JSON.parse(row) as (string | null)[];
  return `${left ?? '-'} ${right ?? '-'}`;
}

const only = (list: readonly string[], others: readonly string[]): string[] => list.filter((each) => !others.includes(each)).map(brief).sort();

describe('joins of a stream with a table are those of Kafka Streams', () => {
  for (const test of cases) {
    const theirs = (JSON.parse(readFileSync(join(folder, `${test.name}.golden.json`), 'utf8')) as Result[]).map(([, ...result]) => JSON.stringify(result));
    const versioned = test.join.history !== undefined;
    if (!versioned) {
      it(test.name, () => {
        for (const epoch of [1, 7, 1000]) assert.deepEqual(results(test, { epoch, waits: true }), theirs, `with a checkpoint after every ${epoch} records`);
      });
      continue;
    }
    if (test.join.grace === undefined) {
      it(`${test.name}, where nothing waits`, () => {
        assert.deepEqual(results(test, { epoch: 1, waits: false }), theirs);
      });
    }
    it(`${test.name}, but for what waiting for the table makes other on purpose`, () => {
      const ours = results(test, { epoch: 1, waits: true });
      assert.deepEqual({ ours: only(ours, theirs), theirs: only(theirs, ours) }, differences[test.name]);
    });
  }

  it('the cases that differ are those of the table', () => {
    assert.deepEqual(Object.keys(differences).sort(), cases.filter(({ differs }) => differs !== undefined).map(({ name }) => name).sort());
  });
});
