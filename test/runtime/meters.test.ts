import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { durationBounds, Histogram } from '../../actors/histogram.ts';
import type { TaskState } from '../../actors/store.ts';
import { Meters } from '../../src/runtime/meters.ts';
import { TimestampSample } from '../../src/runtime/timestamp-sample.ts';
import type { StreamRecord } from '../../actors/record.ts';
import { WiredTask } from '../support/task.ts';
import { planOf, withTransform } from '../topology/harness.ts';

const plan = planOf(withTransform({ type: 'filter', where: 'value.n > 1' }));
const [source, filter, sink] = plan.nodes.map(({ id }) => id) as [number, number, number];

describe('what is measured of nodes', () => {
  it('a queue waits as long as its records do, one by one', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ sent: fc.boolean(), count: fc.integer({ min: 1, max: 5 }), after: fc.integer({ min: 0, max: 50 }) })), (steps) => {
        let now = 0;
        const meters = new Meters(plan, () => now);
        const edge = meters.task(null).edge(source, filter);
        const queue: number[] = [];
        let waited = 0;
        for (const { sent, count, after } of steps) {
          now += after;
          if (sent) queue.push(...new Array<number>(count).fill(now));
          const taken = sent ? [] : queue.splice(0, count);
          if (sent) edge.sent(count, now);
          else if (taken.length > 0) edge.taken(taken.length, now);
          waited += taken.reduce((sum, at) => sum + now - at, 0);
        }
        const still = queue.reduce((sum, at) => sum + now - at, 0);
        const [status] = meters.status().edges;
        if (status === undefined) throw new Error('no edge');
        assert.equal(status.records, queue.length);
        assert.ok(Math.abs(status.waited * 1000 - waited - still) < 1e-6);
      })
    );
  });

  it('a task that ends takes its queue along, not what was waited', () => {
    let now = 0;
    const meters = new Meters(plan, () => now);
    const first = meters.task(null);
    first.edge(source, filter).sent(3, 0);
    now = 2000;
    first.end();
    const second = meters.task(null);
    second.edge(source, filter).sent(1, now);
    now = 3000;
    assert.deepEqual(meters.status().edges, [{ from: 'events', to: 'node', records: 1, waited: 7 }]);
  });

  it('stores are added up over tasks, looked at now and then, and gone with their tasks', () => {
    let now = 0;
    let looks = 0;
    const state = { get sizes() { looks += 1; return [{ store: 'per_minute', entries: 2, bytes: 10 }]; } } as unknown as TaskState;
    const meters = new Meters(plan, () => now);
    const tasks = [meters.task(state), meters.task({ ...state, sizes: [{ store: 'per_minute', entries: 1, bytes: 5 }] })];
    looks = 0;
    for (let look = 0; look < 3; look += 1) assert.deepEqual(meters.status().stores, [{ store: 'per_minute', entries: 3, bytes: 15 }]);
    assert.equal(looks, 1);
    for (const task of tasks) task.end();
    now = 10_000;
    assert.deepEqual(meters.status().stores, []);
  });

  it('latency is from the timestamp to the commit; records without one have none', () => {
    const meters = new Meters(plan, () => 0);
    meters.committed(sink, [1000, 3000, -1, 9000], 5000);
    const [{ records } = { records: new Histogram().status }] = meters.status().latency;
    assert.deepEqual([records.count, records.sum], [3, 6]);
  });

  it('of many batches eight timestamps are kept', () => {
    const sample = new TimestampSample();
    const at = (timestamp: number): StreamRecord => ({ timestamp }) as StreamRecord;
    sample.note(sink, [at(1), at(2), at(3)]);
    sample.note(sink, [at(4)]);
    assert.deepEqual([...sample.take()], [[sink, [1, 3, 4]]]);
    for (let n = 0; n < 100; n += 1) sample.note(sink, [at(n)]);
    assert.deepEqual((sample.take().get(sink) ?? []).toSorted((a, b) => a - b), [92, 93, 94, 95, 96, 97, 98, 99]);
    assert.deepEqual([...sample.take()], []);
  });

  it('moves with every batch that goes through real actors, and every queue is empty behind a barrier', async () => {
    const task = new WiredTask(plan, ['in']);
    task.feed('in', ['{"n":1}', '{"n":2}', '{"n":3}']);
    task.feed('in', ['{"n":4}']);
    const { work } = await task.checkpoint();
    const { processing, edges } = task.meters.status();
    assert.deepEqual(processing.map(({ node, batches }) => [node, batches.count]), [['events', 2], ['node', 2], ['out', 2]]);
    for (const { batches } of processing) assert.ok(batches.sum > 0 && batches.sum < 5);
    assert.deepEqual(edges.map(({ from, to, records }) => [from, to, records]).toSorted(), [['events', 'node', 0], ['node', 'out', 0]]);
    // The first and the last of what each batch had left: 1001, 1002 and, of a batch of one, 1000.
    assert.deepEqual([...work.written], [[sink, [1001, 1002, 1000]]]);
    task.stop();
  });
});

describe('a histogram', () => {
  it('has each value in the first bucket that is not below it', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.double({ min: 0, max: 1e6, noNaN: true }), fc.constantFrom(...durationBounds))), (values) => {
        const histogram = new Histogram();
        for (const value of values) histogram.note(value);
        const expected = [...durationBounds, Infinity].map((bound, index) => values.filter((value) => value <= bound && value > (durationBounds[index - 1] ?? -1)).length);
        assert.deepEqual(histogram.status.counts, expected);
        assert.equal(histogram.count, values.length);
      })
    );
  });
});
