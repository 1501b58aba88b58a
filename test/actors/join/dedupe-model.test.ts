import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { StreamRecord } from '../../../actors/record.ts';
import { keyedOf } from './build.ts';
import type { Datum } from './model.ts';
import { firstsOf, nameOf } from './model.ts';
import type { Member, Move } from './world.ts';
import { lastTime, logOf, move, stepsWith, World } from './world.ts';

/* What a dedupe node passes on is what the model passes on of the records in the order in which they came, wherever checkpoints and crashes fall. */

interface Scenario {
  readonly moves: Move[][];
  readonly delay: number;
  readonly within: number;
}

const scenario: fc.Arbitrary<Scenario> = fc.record({
  moves: fc.array(fc.array(move, { minLength: 1, maxLength: 25 }), { minLength: 1, maxLength: 3 }),
  delay: fc.constantFrom(0, 5, 30),
  within: fc.constantFrom(1, 7, 20, 60)
});

const logicOf = (within: number) => keyedOf('dedupe', { within: `${within}ms`, late: 'drop' });
const logsOf = ({ moves, delay }: Scenario) => moves.map((list, partition) => logOf(0, partition, list, delay));
const nameOfRecord = ({ origin, offset }: StreamRecord): string => `l${origin.partition}/${offset}`;

/** Times that are remembered, and what a record in time could still repeat of them. */
function boundedBy(member: Member, own: number, within: number): void {
  const times = [...member.node.store.range('d', 'e')].map(([place, offset]) => Number(Buffer.from(place.slice(5, 9), 'latin1').readUInt32BE()) * within + Number(offset));
  assert.deepEqual(times.filter((time) => time + 3 * within <= own), [], 'remembered for three times within at most');
}

const isLate = ({ time, stamp }: Datum, within: number): boolean => stamp > time + within;

function lateOf(data: readonly Datum[], within: number): string[] {
  return data.filter((datum) => isLate(datum, within)).map(nameOf).sort();
}

describe('dedupe', () => {
  it('in one task: passes on what the model passes on, unchanged and at once, and forgets what can be repeated no more', () => {
    fc.assert(
      fc.property(scenario, stepsWith('rest'), (given, list) => {
        const { within } = given;
        let before = 0;
        const world = new World({
          logic: logicOf(within),
          inputs: [logsOf(given)],
          shipped: [false],
          tasks: 1,
          check(member, sent, own) {
            const keyed = member.taken.filter(({ key }) => key !== null);
            assert.deepEqual(member.node.committed.results.map(nameOfRecord), firstsOf(keyed, within).map(nameOf));
            assert.equal(sent.failed.length, member.taken.slice(before).filter((datum) => datum.key === null && !isLate(datum, within)).length);
            assert.deepEqual(sent.results.filter((record) => !world.has(record)), [], 'the same records');
            boundedBy(member, own, within);
            before = member.taken.length;
          }
        });
        for (const step of list) world.step(step);
        world.finish();
        assert.deepEqual(world.late, lateOf(world.behind.flatMap(({ taken }) => taken), within));
      }),
      { numRuns: 2000 }
    );
  });

  it('across a repartition topic: of each key and stretch of time one record, and no two that repeat each other', () => {
    fc.assert(
      fc.property(scenario, fc.integer({ min: 1, max: 3 }), stepsWith(), (given, tasks, list) => {
        const { within } = given;
        const logs = logsOf(given);
        const data = logs.flatMap((log) => log.data);
        const world = new World({ logic: logicOf(within), inputs: [logs], shipped: [true], tasks, check: (member, _, own) => { boundedBy(member, own, within); } });
        for (const step of list) world.step(step);
        world.finish();
        const passed = world.results.map((record) => data.find((datum) => nameOf(datum) === nameOfRecord(record)) as Datum);
        const inTime = data.filter((datum) => datum.key !== null && !isLate(datum, within));
        const near = (a: Datum, b: Datum): boolean => a.key === b.key && Math.abs(a.time - b.time) < within;
        assert.deepEqual(passed.filter((datum) => passed.some((other) => other !== datum && near(other, datum))), []);
        assert.deepEqual(inTime.filter((datum) => !passed.some((other) => near(other, datum))), [], 'each is there, or one that it repeats');
        assert.equal(new Set(passed).size, passed.length);
        assert.deepEqual(world.late, lateOf(data, within));
        assert.deepEqual(world.results.filter(({ time }) => time === lastTime + given.delay).length, 1);
      }),
      { numRuns: 600 }
    );
  });
});
