import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EventTime } from '../../actors/source/event-time.ts';
import type { SourceTime } from '../../actors/component.ts';
import type { Broker, TopicPartition } from '../../actors/port.ts';
import type { TaskState } from '../../actors/store.ts';
import { changelogOf } from '../../src/runtime/changelog.ts';
import { keyedSettings } from '../../src/runtime/keyed.ts';
import { topicHash } from '../../src/runtime/offset-metadata.ts';
import type { OffsetMetadata } from '../../src/runtime/offset-metadata.ts';
import { Purger } from '../../src/runtime/purger.ts';
import { Topics } from '../../src/runtime/topics.ts';
import type { Plan, SubTopology } from '../../src/topology/model.ts';
import { ManualClock } from '../support/clock.ts';
import { plainTopic } from '../support/task.ts';
import { planOf, recordOf } from '../topology/harness.ts';

const window = { type: 'window', from: 'events', window: { type: 'tumbling', size: '1m' }, aggregate: { n: 'count()' }, late: 'drop' };

function planWith(more: object = {}): Plan {
  return planOf({
    name: 'keyed',
    broker: { type: 'embedded', path: 'x' },
    sources: { events: { type: 'kafka', topics: ['a', 'b'] } },
    transforms: { counts: { ...window, ...more } },
    sinks: { out: { type: 'kafka', from: 'counts', topic: 'out' } }
  });
}

function brokerOf(counts: Readonly<Record<string, number>>, more: Partial<Broker> = {}): Broker {
  const describeTopics = (names: readonly string[]) => Promise.resolve(new Map(names.flatMap((name) => (counts[name] === undefined ? [] : [[name, { ...plainTopic, partitions: counts[name] }] as const]))));
  return { describeTopics, ...more } as unknown as Broker;
}

function inputOf(plan: Plan, counts: Readonly<Record<string, number>>) {
  const broker = brokerOf(counts);
  return { plan, sub: plan.subTopologies[0] as SubTopology, broker, topics: new Topics(broker, new ManualClock()) };
}

describe('partitions of keyed nodes', () => {
  it('that are grouped by their own keys are equally many', async () => {
    await assert.rejects(keyedSettings(inputOf(planWith(), { a: 4, b: 3 }), null), { code: 'partitions_differ', message: /a 4, b 3/ });
    assert.equal((await keyedSettings(inputOf(planWith(), { a: 4, b: 4 }), null)).tasks, 4);
  });

  it('may differ where the records go through a topic of their own', async () => {
    const settings = await keyedSettings(inputOf(planWith({ key: 'value.k' }), { a: 4, b: 3, 'keyed-counts-repartition': 4 }), null);
    assert.equal(settings.tasks, 4);
    assert.equal(settings.partitions('keyed-counts-repartition'), 4);
  });

  it('are as many as when the state was written', async () => {
    const latest = { partitions: { [topicHash('a')]: 2, [topicHash('b')]: 4 } } as unknown as OffsetMetadata;
    await assert.rejects(keyedSettings(inputOf(planWith(), { a: 4, b: 4 }), latest), { code: 'partitions_changed', message: /a had 2 partitions.*has 4/ });
  });
});

describe('the changelog', () => {
  it('refuses an entry that its topic does not take', async () => {
    const plan = planWith();
    const topics = new Topics(brokerOf({ 'keyed-counts-changelog': 4 }), new ManualClock());
    const sealed = (bytes: number) => ({ sealed: () => [{ store: 'counts', key: Buffer.from('k'), value: Buffer.alloc(bytes) }] }) as unknown as TaskState;
    const records = async (bytes: number) => (await changelogOf({ plan, partition: 2, state: sealed(bytes), topics, clock: new ManualClock(77), unmarked: new Set() }))();
    assert.deepEqual((await records(10)).map(({ topic, partition, timestamp }) => ({ topic, partition, timestamp })), [{ topic: 'keyed-counts-changelog', partition: 2, timestamp: 77 }]);
    await assert.rejects(records(2_000_000), { code: 'state_too_large' });
  });
});

describe('the purger', () => {
  it('deletes what is committed of repartition topics, now and then and at the end, and nothing else', async () => {
    const clock = new ManualClock();
    const deleted: (TopicPartition & { offset: number })[] = [];
    const broker = brokerOf({}, { deleteRecords: (offsets) => Promise.resolve(void deleted.push(...offsets)) });
    const purger = new Purger({ plan: planWith({ key: 'value.k' }), broker, clock });
    const at = (topic: string, offset: number) => ({ topic, partition: 1, offset, watermark: 0 });
    purger.committed([at('keyed-counts-repartition', 5), at('a', 9)]);
    purger.committed([at('keyed-counts-repartition', 7)]);
    assert.deepEqual(deleted, []);
    clock.advance(30_000);
    purger.committed([at('keyed-counts-repartition', 8)]);
    await purger.close();
    assert.deepEqual(deleted.map(({ topic, offset }) => [topic, offset]), [['keyed-counts-repartition', 7], ['keyed-counts-repartition', 8]]);
  });
});

describe('event time of a partition', () => {
  const time: SourceTime = { expression: null, readsValue: false, delay: 10, idle: 100, advance: false, maxFuture: 1000 };

  it('goes by the highest time less the delay, and never back', () => {
    const partition = new EventTime(time, 500);
    partition.note(400);
    assert.equal(partition.watermark, 500);
    partition.note(700);
    assert.equal(partition.watermark, 690);
  });

  it('is idle once nothing came for as long, and not before what came last was told', () => {
    const partition = new EventTime(time, 0);
    partition.note(700);
    assert.deepEqual(partition.stand(100), { watermark: 690, idle: false });
    assert.deepEqual(partition.stand(99), { watermark: 690, idle: false });
    assert.deepEqual(partition.stand(100), { watermark: 690, idle: true });
  });

  it('goes on with the wall clock where that is asked for, from where it stood', () => {
    const partition = new EventTime({ ...time, advance: true }, 690);
    assert.deepEqual(partition.stand(150), { watermark: 740, idle: false });
    assert.deepEqual(partition.stand(250), { watermark: 840, idle: false });
  });

  it('refuses what is too far ahead of the wall clock', () => {
    const partition = new EventTime(time, 0);
    assert.equal(partition.timeOf(recordOf(1, { timestamp: 6000 }), 5000), 6000);
    assert.throws(() => partition.timeOf(recordOf(1, { timestamp: 6001 }), 5000), { code: 'event_time_refused' });
  });
});
