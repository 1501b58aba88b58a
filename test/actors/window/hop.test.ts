import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { StreamRecord } from '../../../actors/record.ts';
import type { Parcel } from '../../../actors/keyed/parcel.ts';
import { murmur2 } from '../../../actors/sink/partitioner.ts';
import { recordOf } from '../../topology/harness.ts';
import { windowOf } from './build.ts';
import type { ModelWindow } from './model.ts';
import { isLate } from './model.ts';
import { tableOf, textOf, KeyedNode } from '../keyed/task.ts';
import type { SourcePartition, Step } from './world.ts';
import { HopWorld, move, partitionOf, Reader, steps } from './world.ts';

const options = { window: { type: 'tumbling', size: '1s' }, aggregate: { n: 'count()' }, late: 'late', emit: 'final' };
const logic = windowOf(options);

function before(partitions = 2, place = { task: 0, tasks: 2 }): KeyedNode {
  return new KeyedNode((context) => logic.before(context, partitions, 0), place);
}

function behind(): KeyedNode {
  return new KeyedNode((context) => logic.open({ ...context, shipped: [true] }));
}

function parcelsOf(records: readonly StreamRecord[]): Parcel[] {
  return records.map(({ value }) => value as Parcel);
}

function parcel(parts: Partial<Parcel>): StreamRecord {
  return recordOf({ to: 0, task: 0, of: 1, epoch: 0, watermark: null, idle: false, records: 0, groups: [], ...parts });
}

describe('parcels', () => {
  it('go where a Java client would put a record with the group\'s key', () => {
    const task = before(3);
    const keys = [...Array(50).keys()].map((i) => `key-${i}`);
    task.feed(keys.map((key) => recordOf({}, { key: Buffer.from(key), time: 1 })));
    for (const { to, groups } of parcelsOf(task.barrier({ watermark: 1 }).sent.results)) {
      for (const [key] of groups as unknown as [string][]) assert.equal(to, (murmur2(Buffer.from(key)) & 0x7fffffff) % 3);
    }
  });

  it('say how many records are in them, and who sent them', () => {
    const task = before(1, { task: 1, tasks: 4 });
    task.feed([recordOf({}, { time: 1 }), recordOf({}, { time: 2 }), recordOf({}, { time: 3000 })]);
    const [record] = task.barrier({ watermark: 5, epoch: 7 }).sent.results;
    const { records, task: from, of, epoch, watermark, groups } = record?.value as Parcel;
    assert.deepEqual({ records, from, of, epoch, watermark, groups: groups.length }, { records: 3, from: 1, of: 4, epoch: 7, watermark: 5, groups: 2 });
  });

  it('with several of them the watermark comes with the last', () => {
    const task = before(1);
    task.barrier({ watermark: 4, now: 0 });
    task.feed([...'abcdefgh'].map((letter) => recordOf({}, { key: Buffer.from(letter.repeat(60_000)), time: 10 })));
    const parcels = parcelsOf(task.barrier({ watermark: 9 }).sent.results);
    assert.deepEqual(parcels.map(({ watermark }) => watermark), [4, 4, 9]);
    assert.deepEqual(parcels.map(({ records }) => records), [3, 3, 2]);
  });

  it('without groups tell of a new watermark at most once a second, and ask to be called again', () => {
    const task = before(1);
    const round = (watermark: number, now: number, idle = false) => {
      const { sent, passed } = task.barrier({ watermark, now, idle });
      return [parcelsOf(sent.results).map((sent) => [sent.watermark, sent.idle]), passed.again];
    };
    assert.deepEqual(round(-Infinity, 1000), [[], null]);
    assert.deepEqual(round(5, 1000), [[[5, false]], null]);
    assert.deepEqual(round(5, 5000), [[], null]);
    assert.deepEqual(round(6, 5000), [[[6, false]], null]);
    assert.deepEqual(round(7, 5400), [[], 600]);
    assert.deepEqual(round(8, 6000), [[[8, false]], null]);
    assert.deepEqual(round(8, 6100, true), [[], 900]);
    assert.deepEqual(round(8, 7000, true), [[[8, true]], null]);
    // A clock set back.
    assert.deepEqual(round(9, 100, true), [[[9, true]], null]);
  });
});

describe('behind the hop', () => {
  const group = (key: string, start: number): Parcel['groups'][number] => [key, start, 0, [start + 1, 1]];

  it('a task that was never heard from holds the watermark back, an idle one does not', () => {
    const task = behind();
    task.feed([parcel({ of: 2, watermark: 5000, groups: [group('k', 0)] })]);
    assert.equal(task.barrier().passed.own, -Infinity);
    task.feed([parcel({ task: 1, of: 2, watermark: null, idle: true })]);
    const { sent, passed } = task.barrier();
    assert.deepEqual([passed.own, passed.idle, sent.results.length], [5000, false, 1]);
    task.feed([parcel({ of: 2, watermark: 5000, idle: true })]);
    assert.deepEqual(task.barrier().passed, { own: 5000, watermark: 4000, idle: true, again: null });
  });

  it('the watermarks of the tasks before it are state: a restart forgets none', () => {
    const task = behind();
    task.feed([parcel({ of: 2, watermark: 5000 })]);
    task.barrier();
    task.feed([parcel({ task: 1, of: 2, watermark: 9000 })]);
    task.kill();
    task.feed([parcel({ task: 1, of: 2, watermark: 7000 })]);
    assert.equal(task.barrier().passed.own, 5000);
    task.kill();
    task.feed([parcel({ of: 2, watermark: 8000 })]);
    assert.equal(task.barrier().passed.own, 7000);
  });

  it('what a task that was idle sends for windows that are over goes where late records go, once, and into no result', () => {
    const task = behind();
    task.feed([parcel({ of: 2, watermark: 5000, groups: [group('k', 0)] }), parcel({ task: 1, of: 2, idle: true })]);
    assert.equal(task.barrier().sent.results.length, 1);
    task.feed([parcel({ task: 1, of: 2, watermark: 400, groups: [group('k', 0), group('k', 6000)] })]);
    const { sent, passed } = task.barrier();
    assert.deepEqual(sent.lateCopies.map(({ value }) => value), [{ key: 'k', n: 1, window: { start: 0, end: 1000 } }]);
    assert.deepEqual([sent.results, passed.own], [[], 5000]);
    task.feed([parcel({ of: 2, watermark: 8000 }), parcel({ task: 1, of: 2, watermark: 8000 })]);
    assert.deepEqual(task.barrier().sent.results.map(({ key }) => textOf(key)), ['k-6000']);
  });

  it('a foreign record in the repartition topic fails', () => {
    const task = behind();
    task.feed([recordOf({ a: 1 }), recordOf(null)]);
    assert.deepEqual(task.barrier().sent.failed.map(({ failure }) => failure.code), ['undecodable', 'undecodable']);
  });

  it('property: large groups, in many parcels with checkpoints between them, are late no more than small ones', () => {
    const moves = fc.array(fc.array(move.map((one) => ({ ...one, key: one.key.repeat(70_000) })), { minLength: 1, maxLength: 12 }), { minLength: 2, maxLength: 2 });
    fc.assert(
      fc.property(moves, steps, (lists, list) => {
        const small = windowOf({ ...options, window: { type: 'tumbling', size: '20ms' } });
        const partitions = lists.map((one, partition) => partitionOf(partition, one, 0));
        const world = new HopWorld(small, partitions, 1);
        for (const step of list) world.step({ ...step, count: 1 });
        world.finish();
        assert.deepEqual(world.behind[0]?.committed.lateCopies, []);
      }),
      { numRuns: 25 }
    );
  });
});

describe('reading speed', () => {
  const window: ModelWindow = { type: 'tumbling', size: 20, offset: 0 };
  const given = { window: { type: 'tumbling', size: '20ms' }, aggregate: { n: 'count()', total: 'sum(value.v)' }, late: 'drop', emit: 'final', grace: '5ms' };
  const small = windowOf(given);

  function backlog(): SourcePartition[] {
    const list = (shift: number) => [...Array(400).keys()].map((i) => ({ key: i % 3 === 0 ? 'a' : 'b', advance: (i * 7 + shift) % 5, back: i % 11 === 0 ? 40 : 0, value: i }));
    return [partitionOf(0, list(1), 5), partitionOf(1, list(3), 5)];
  }

  const late = (tasks: readonly KeyedNode[]): string[] => tasks.flatMap(({ committed }) => committed.late.map(({ origin, offset }) => `${origin.partition}/${offset}`)).sort();

  /** Reads so many records of each partition in turn, with a checkpoint after each round. */
  function readLocally(counts: readonly [number, number]): { table: Map<string, unknown>; late: string[] } {
    const reader = new Reader(new KeyedNode((context) => small.open(context)), backlog());
    for (let round = 0; round < 400 / Math.min(...counts); round++) {
      reader.feed(0, counts[0]);
      reader.feed(1, counts[1]);
      reader.barrier();
    }
    reader.feedAll();
    reader.barrier();
    return { table: tableOf(reader.task.committed.results), late: late([reader.task]) };
  }

  function readAcross(counts: readonly [number, number]): { table: Map<string, unknown>; late: string[] } {
    const world = new HopWorld(small, backlog(), 2);
    const step = (which: number, kind: Step['kind'], count: number): void => { world.step({ which, kind, count }); };
    for (let round = 0; round < 400 / Math.min(...counts); round++) {
      for (const which of [0, 1]) {
        step(which, 'feed', counts[which] ?? 0);
        step(which, 'barrier', 0);
      }
      for (const which of [2, 3]) {
        step(which, 'feed', 3);
        step(which, 'barrier', 0);
      }
    }
    world.finish();
    return { table: tableOf(world.behind.flatMap(({ committed }) => committed.results)), late: late(world.before.map(({ task }) => task)) };
  }

  it('one partition read ten times faster than the other gives the same final windows and late records as even reading, also across a hop', () => {
    const even = readLocally([5, 5]);
    assert.ok(even.table.size > 40);
    assert.deepEqual(even.late, backlog().flatMap(({ data }) => data.filter((datum) => isLate(datum, window, 5)).map(({ partition, offset }) => `${partition}/${offset}`)).sort());
    assert.ok(even.late.length > 10);
    for (const other of [readLocally([50, 5]), readLocally([2, 20]), readAcross([5, 5]), readAcross([50, 5]), readAcross([2, 20])]) {
      assert.deepEqual(other.late, even.late);
      assert.deepEqual([...other.table].sort(), [...even.table].sort());
    }
  });
});
