import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { packArrival } from '../../../actors/keyed/freight.ts';
import type { StreamRecord } from '../../../actors/record.ts';
import { recordOf } from '../../topology/harness.ts';
import { KeyedNode, textOf } from '../keyed/task.ts';
import { keyedOf } from './build.ts';
import { logOf, World } from './world.ts';

const logic = keyedOf('dedupe', { within: '4ms', late: 'drop' });

function node(): KeyedNode {
  return new KeyedNode((task) => logic.open(task));
}

function at(time: number, parts: Partial<StreamRecord> = {}): StreamRecord {
  return recordOf({ at: time }, { time, timestamp: time, ...parts });
}

describe('dedupe', () => {
  it('tells repetitions, new records and late ones to the millisecond, whatever was forgotten', () => {
    // One record, a checkpoint at every watermark, then another one of its key.
    for (let first = 0; first <= 12; first++) {
      for (let watermark = 0; watermark <= 30; watermark++) {
        for (let second = 0; second <= 30; second++) {
          const task = node();
          task.feed([at(first)]);
          task.barrier({ watermark });
          task.feed([at(second, { stamp: watermark })]);
          const { late, deduped, forwarded } = task.barrier({ watermark }).sent;
          const fate = watermark > second + 4 ? 'late' : Math.abs(second - first) < 4 ? 'deduped' : 'forwarded';
          const found = late.length > 0 ? 'late' : deduped.length > 0 ? 'deduped' : forwarded.length > 0 ? 'forwarded' : 'none';
          assert.equal(found, fate, `${first}, then ${watermark}, then ${second}`);
        }
      }
    }
  });

  it('a repetition does not lengthen what counts as one', () => {
    const task = node();
    task.feed([10, 13, 14, 17].map((time) => at(time)));
    assert.deepEqual(task.barrier().sent.results.map(({ time }) => time), [10, 14]);
  });

  it('a tombstone is a record like any other, also across a hop', () => {
    const tombstone = { key: 'a', advance: 0, back: 0, tombstone: true, again: false };
    for (const shipped of [false, true]) {
      const world = new World({ logic, inputs: [[logOf(0, 0, [tombstone, { ...tombstone, tombstone: false }], 0)]], shipped: [shipped], tasks: 1, check: () => undefined });
      world.finish();
      assert.deepEqual(world.results.map(({ value, changed, bytes }) => [value, changed, bytes]), [[null, false, null], [null, false, null]]);
      assert.deepEqual(world.results.map(({ key }) => textOf(key)), ['a', 'last']);
    }
  });

  it('across a hop a record comes out as it was, but for its bytes', () => {
    const clicks = keyedOf('dedupe', { within: '4ms', key: 'value.v', late: 'drop' });
    const log = logOf(0, 0, [{ key: 'a', advance: 0, back: 0, tombstone: false, again: false }], 0);
    const record = { ...(log.records[0] as StreamRecord), headers: [['h', Buffer.from('x')]] as const };
    const world = new World({ logic: clicks, inputs: [[{ ...log, records: [record] }]], shipped: [true], tasks: 1, check: () => undefined });
    world.finish();
    const [found] = world.results as [StreamRecord];
    assert.deepEqual({ ...found, key: textOf(found.key), headers: found.headers.map(([name, value]) => [name, textOf(value)]) }, { ...record, key: 'a', headers: [['h', 'x']], bytes: null, changed: true, origin: { ...record.origin, codec: '' } });
  });

  it('behind a hop what a task sends that was idle is late by what the others came to meanwhile', () => {
    const task = new KeyedNode((place) => logic.open({ ...place, shipped: [true] }));
    const parcel = (from: number, watermark: number, idle: boolean, ...times: number[]): StreamRecord => {
      const groups = times.map((time) => packArrival({ key: 'k', record: at(time), watermark: time }));
      return recordOf({ to: 0, task: from, of: 2, epoch: 0, watermark, idle, records: times.length, groups });
    };
    task.feed([parcel(0, 10, true, 10), parcel(1, 50, false, 50)]);
    assert.deepEqual(task.barrier().sent.forwarded.map(({ time }) => time), [10, 50]);
    task.feed([parcel(0, 46, false, 45, 46)]);
    const { late, deduped } = task.barrier().sent;
    assert.deepEqual([late.map(({ time }) => time), deduped.length], [[45], 0]);
  });

  it('a record without a key fails', () => {
    const task = node();
    task.feed([at(5, { key: null }), at(-1)]);
    assert.deepEqual(task.barrier().sent.failed.map(({ failure }) => failure.code), ['key_missing', 'event_time_missing']);
  });

  it('passes the watermark on as it is, like a filter', () => {
    assert.deepEqual(node().barrier({ watermark: 50, idle: true }).passed, { own: -Infinity, watermark: -Infinity, idle: true, again: null });
    assert.deepEqual(node().barrier({ watermark: 50 }).passed, { own: 50, watermark: 50, idle: false, again: null });
  });

  it('forgets ten thousand per checkpoint, the rest at once, and remembers nothing in the end', () => {
    const task = node();
    task.feed(Array.from({ length: 15_000 }, (_, index) => at(100 + (index % 9), { key: Buffer.from(`${index}`) })));
    assert.equal(task.barrier({ watermark: 100 }).passed.again, null);
    assert.equal(task.store.size, 15_000);
    assert.equal(task.barrier({ watermark: 200 }).passed.again, 0);
    task.kill({ watermark: 200 });
    assert.equal(task.store.size, 5000);
    assert.equal(task.barrier({ watermark: 200 }).passed.again, null);
    assert.equal(task.store.size, 0);
    assert.equal(task.committed.results.length, 15_000);
  });

  it('forgets a record once its whole stretch of time is twice within behind the watermark', () => {
    for (const [time, forgotten] of [[8, 19], [9, 19], [11, 19], [12, 23]] as const) {
      const task = node();
      task.feed([at(time)]);
      for (let watermark = time; watermark <= 25; watermark++) {
        task.barrier({ watermark });
        assert.equal(task.store.size, Number(watermark < forgotten), `${time} at ${watermark}`);
      }
    }
  });

  it('shows keys and times that it remembers, and is described by key and within', () => {
    const task = node();
    task.feed([at(10, { key: Buffer.from([0xff]) }), at(20)]);
    assert.deepEqual(logic.contents(task.store).map(({ value }) => value), [{ key: '/w==', time: 10 }, { key: 'k', time: 20 }]);
    assert.equal(logic.bound, 'times of records until 12ms behind the watermark');
    const holds = (more: object): object | null => keyedOf('dedupe', { within: '4ms', late: 'drop', ...more }).holds;
    assert.deepEqual(holds({ late: 'topic', key: ' key ' }), logic.holds);
    for (const change of [{ within: '5ms' }, { key: 'value.at' }]) assert.notDeepEqual(holds(change), logic.holds);
  });
});
