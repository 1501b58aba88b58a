import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { StatefulLogic } from '../../../actors/keyed/stateful.ts';
import type { StreamRecord } from '../../../actors/record.ts';
import { keyedOf } from './build.ts';
import type { Datum, ModelJoin, ModelPair } from './model.ts';
import { isLate, nameOf, pairsOf } from './model.ts';
import type { Member, Move } from './world.ts';
import { lastTime, logOf, move, stepsWith, World } from './world.ts';

/*
 * The join of two streams gives what the model gives, in one task and with either side or both behind a repartition topic: whatever the order, the lateness, the reading speed, the
 * checkpoints and the crashes.
 */

interface Scenario extends Omit<ModelJoin, 'kind'> {
  readonly left: Move[][];
  readonly right: Move[][];
  readonly delay: number;
}

const side = fc.array(fc.array(move, { minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 2 });
const scenario: fc.Arbitrary<Scenario> = fc.record({
  left: side,
  right: side,
  delay: fc.constantFrom(0, 5, 30),
  before: fc.constantFrom(0, 5, 20),
  after: fc.constantFrom(0, 9, 40),
  grace: fc.constantFrom(0, 0, 10)
});

const built = new Map<string, StatefulLogic>();

function logicOf({ kind, before, after, grace }: ModelJoin): StatefulLogic {
  const options = { with: 'other', kind, within: { before: `${before}ms`, after: `${after}ms` }, grace: `${grace}ms`, late: 'drop' };
  const text = JSON.stringify(options);
  const logic = built.get(text) ?? keyedOf('join', options);
  built.set(text, logic);
  return logic;
}

function shown(key: string): string {
  const bytes = Buffer.from(key, 'latin1');
  return Buffer.from(bytes.toString('utf8'), 'utf8').equals(bytes) ? bytes.toString('utf8') : bytes.toString('base64');
}

/** A result in full, as one text. */
function textOf({ key, value, time, timestamp }: StreamRecord): string {
  return JSON.stringify([key === null ? null : Buffer.from(key).toString('latin1'), value, time, timestamp]);
}

function expectedText({ left, right }: ModelPair): string {
  const one = (left ?? right) as Datum;
  const both = [left, right].filter((datum) => datum !== null);
  const value = {
    key: one.key === null ? null : shown(one.key),
    left: left === null ? null : { v: nameOf(left) },
    right: right === null ? null : { v: nameOf(right) },
    time: { left: left?.time ?? null, right: right?.time ?? null }
  };
  return JSON.stringify([one.key, value, Math.max(...both.map(({ time }) => time)), Math.max(...both.map(({ timestamp }) => timestamp))]);
}

function expected(pairs: readonly ModelPair[], watermark: number): string[] {
  return pairs.filter(({ due }) => due === null || due < watermark).map(expectedText).sort();
}

/** Results that came before their time, or never should have: `dues` are those of all that may come. */
function wrong(sent: readonly StreamRecord[], dues: ReadonlyMap<string, number | null>, watermark: number): string[] {
  return results(sent).filter((text) => {
    const due = dues.get(text);
    return due === undefined || (due !== null && due >= watermark);
  });
}

function lateOf(data: readonly Datum[], join: ModelJoin): string[] {
  return data.filter((datum) => !datum.tombstone && isLate(datum, join)).map(nameOf).sort();
}

const results = (records: readonly StreamRecord[]): string[] => records.map(textOf).sort();
const logsOf = ({ left, right, delay }: Scenario) => [left.map((moves, partition) => logOf(0, partition, moves, delay)), right.map((moves, partition) => logOf(1, partition, moves, delay))] as const;

/** Nothing is left of what was joined, only how far watermarks came, and a count. */
function nothingLeft(members: readonly Member[]): void {
  for (const { node } of members) assert.deepEqual([...node.store.range('', '\xff')].map(([place]) => place.charAt(0)).filter((tag) => !'unymc'.includes(tag)), []);
}

for (const kind of ['inner', 'left', 'right', 'outer'] as const) {
  describe(`${kind} join of two streams`, () => {
    for (const [name, more] of [['', []], [', with partitions that are idle now and then', ['rest']]] as const) {
      it(`in one task${name}: after each checkpoint exactly the results of the model came out, and none is older than was promised`, () => {
        fc.assert(
          fc.property(scenario, stepsWith(...more), (given, list) => {
            const join = { ...given, kind };
            let promised = -Infinity;
            const world = new World({
              logic: logicOf(join),
              inputs: logsOf(given),
              shipped: [false, false],
              tasks: 1,
              check(member, sent, own) {
                assert.deepEqual(results(member.node.committed.results), expected(pairsOf(member.taken, join), own));
                assert.deepEqual(sent.results.filter(({ time, stamp }) => time < promised || stamp > promised), []);
                promised = member.promised;
              }
            });
            for (const step of list) world.step(step);
            world.finish();
            assert.deepEqual(world.late, lateOf(world.behind.flatMap(({ taken }) => taken), join));
            nothingLeft(world.behind);
          }),
          { numRuns: 600 }
        );
      });
    }

    for (const [name, shipped, most] of [['both sides', [true, true], 3], ['the left side', [true, false], 1], ['the right side', [false, true], 1]] as const) {
      it(`with ${name} across a repartition topic: the results and the late records are those of the model`, () => {
        fc.assert(
          fc.property(scenario, fc.integer({ min: 1, max: most }), stepsWith(), (given, tasks, list) => {
            const join = { ...given, kind };
            const logs = logsOf(given);
            const all = pairsOf(logs.flat().flatMap(({ data }) => data), join);
            const dues = new Map(all.map((pair) => [expectedText(pair), pair.due]));
            const world = new World({
              logic: logicOf(join),
              inputs: logs,
              shipped,
              tasks,
              check: (_, sent, own) => { assert.deepEqual(wrong(sent.results, dues, own), []); }
            });
            for (const step of list) world.step(step);
            world.finish();
            assert.deepEqual(results(world.results), expected(all, lastTime));
            assert.deepEqual(world.late, lateOf(logs.flat().flatMap(({ data }) => data), join));
            nothingLeft(world.behind);
          }),
          { numRuns: 400 }
        );
      });
    }
  });
}
