import assert from 'node:assert/strict';
import type { TopicPartition } from '../../../actors/port.ts';
import { failureOf, Member, memberSettings, nameOf } from './member.ts';
import { topicPattern } from '../../../actors/topic-set.ts';
import { brokerCase, newId, outgoing, outgoings, rejectsWith, sleep, texts, withBroker, write } from './support.ts';
import type { Case } from './support.ts';

const all = (topic: string, partitions: number): TopicPartition[] => Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));

/** Until the members have all `count` partitions among them, each one of them `least` or more, none twice. */
async function untilShared(members: readonly [Member, ...Member[]], count: number, least: number): Promise<void> {
  await members[0].until(`${count} partitions shared by ${members.length}`, () => {
    const names = members.flatMap((member) => member.names);
    const generations = new Set(members.map(({ generation }) => generation));
    return names.length === count && new Set(names).size === count && members.every((member) => member.names.length >= least) && generations.size > 0;
  });
}

/** Several members: who reads what, and who may commit. */
export const groupCases: readonly Case[] = [
  brokerCase('two members share the partitions, equal numbers of a topic group with one of them', async (broker, backend) => {
    const [a, b, c] = [await backend.newTopic(4), await backend.newTopic(4), await backend.newTopic(2)];
    const settings = memberSettings(backend.newGroup(), [], { topicSets: [{ topics: [a, b], patterns: [] }, { topics: [c], patterns: [] }] });
    await withBroker(backend, async (other) => {
      const one = await Member.start(broker, settings);
      const two = await Member.start(other, settings);
      await untilShared([one, two], 10, 3);
      for (const member of [one, two]) {
        const numbers = (topic: string): number[] => member.partitions.filter((at) => at.topic === topic).map(({ partition }) => partition).toSorted();
        assert.deepEqual(numbers(a), numbers(b));
        assert.equal(numbers(a).length + numbers(c).length, 3);
      }
      await Promise.all([one.stop(), two.stop()]);
    });
  }),

  brokerCase('a member that comes takes its share, and what the first keeps goes on undisturbed', async (broker, backend) => {
    const topic = await backend.newTopic(4);
    const settings = memberSettings(backend.newGroup(), [topic]);
    const everywhere = (prefix: string) => all(topic, 4).flatMap(({ partition }) => outgoings(topic, partition, 10, prefix));
    await withBroker(backend, async (other) => {
      const one = await Member.start(broker, settings, 0);
      await one.untilAssigned(4);
      await write(broker, everywhere('a'));
      await one.untilRecords(40);
      one.deliverFrom = null;
      const two = await Member.start(other, settings, 10);
      await untilShared([one, two], 4, 2);
      await write(broker, everywhere('b'));
      await two.untilRecords(20);
      await one.untilRecords(60);
      for (const at of one.partitions) assert.deepEqual(one.values(at), [...texts(10, 'a'), ...texts(10, 'b')]);
      for (const at of two.partitions) assert.deepEqual(two.values(at), texts(10, 'b'));
      await Promise.all([one.stop(), two.stop()]);
    });
  }),

  brokerCase('when a member leaves the other gets all, and what is new to it waits for deliver', async (broker, backend) => {
    const topic = await backend.newTopic(4);
    const settings = memberSettings(backend.newGroup(), [topic]);
    await withBroker(backend, async (other) => {
      const one = await Member.start(broker, settings, 0);
      const two = await Member.start(other, settings, 0);
      await untilShared([one, two], 4, 2);
      const kept = one.names;
      one.deliverFrom = null;
      await two.stop();
      await one.untilAssigned(4);
      await write(broker, all(topic, 4).map(({ partition }) => outgoing(topic, partition, 'v')));
      await one.untilRecords(2);
      await sleep(300);
      assert.deepEqual(one.batches.filter(({ records }) => records.length > 0).map(nameOf).toSorted(), kept);
      for (const at of one.partitions) if (!kept.includes(nameOf(at))) one.deliver(at, 0);
      await one.untilRecords(4);
      await one.stop();
    });
  }),

  brokerCase('a member that comes back gets the partitions whose state it holds', async (broker, backend) => {
    const topic = await backend.newTopic(6);
    const group = backend.newGroup();
    const held = [1, 3, 5].map((partition) => ({ topic, partition }));
    await withBroker(backend, async (other) => {
      const one = await Member.start(broker, memberSettings(group, [topic]));
      await one.untilAssigned(6);
      const two = await Member.start(other, memberSettings(group, [topic], { held: () => held }));
      await untilShared([one, two], 6, 3);
      assert.deepEqual(two.names, held.map(nameOf));
      await Promise.all([one.stop(), two.stop()]);
    });
  }),

  brokerCase('pinned: a newcomer gets nothing that another holds, and all that nobody does', async (broker, backend) => {
    const topic = await backend.newTopic(5);
    const group = backend.newGroup();
    const held = [0, 1, 2, 3].map((partition) => ({ topic, partition }));
    await withBroker(backend, async (other) => {
      const one = await Member.start(broker, memberSettings(group, [topic], { held: () => held, pinned: true }));
      await one.untilAssigned(5);
      const two = await Member.start(other, memberSettings(group, [topic], { pinned: true }));
      await untilShared([one, two], 5, 1);
      assert.deepEqual([one.names, two.names], [held.map(nameOf), [`${topic}[4]`]]);
      await one.stop();
      await two.untilAssigned(5);
      await two.stop();
    });
  }),

  brokerCase('members come and go: every record is read, with handover at committed offsets', async (broker, backend) => {
    const topic = await backend.newTopic(3);
    const group = backend.newGroup();
    const settings = memberSettings(group, [topic]);
    await write(broker, all(topic, 3).flatMap(({ partition }) => outgoings(topic, partition, 10)));
    const one = await Member.start(broker, settings, 0);
    await one.untilRecords(30);
    await one.commit(one.partitions.map((at) => ({ ...at, offset: one.position(at), metadata: 'one' })));
    await one.stop();
    await withBroker(backend, async (other) => {
      const committed = await other.committed(group, all(topic, 3));
      assert.deepEqual(committed, all(topic, 3).map(() => ({ offset: 10, metadata: 'one' })));
    });
  }),

  brokerCase('a commit of an earlier generation is fenced, one of this generation counts', async (broker, backend) => {
    const topic = await backend.newTopic(2);
    const group = backend.newGroup();
    const settings = memberSettings(group, [topic]);
    const at = { topic, partition: 0 };
    await withBroker(backend, async (other) => {
      const one = await Member.start(broker, settings);
      await one.untilAssigned(2);
      const before = one.generation;
      const two = await Member.start(other, settings);
      await untilShared([one, two], 2, 1);
      await rejectsWith('fenced', () => one.commit([{ ...at, offset: 1, metadata: 'old' }], before));
      assert.deepEqual(await broker.committed(group, [at]), [null]);
      await one.commit([{ ...at, offset: 2, metadata: 'new' }]);
      assert.deepEqual(await broker.committed(group, [at]), [{ offset: 2, metadata: 'new' }]);
      await Promise.all([one.stop(), two.stop()]);
      await rejectsWith('fenced', () => one.commit([{ ...at, offset: 3, metadata: 'late' }]));
    });
  }),

  brokerCase('a newcomer with another plan is refused, naming both; the others go on', async (broker, backend) => {
    const topic = await backend.newTopic(2);
    const group = backend.newGroup();
    await withBroker(backend, async (other) => {
      const one = await Member.start(broker, memberSettings(group, [topic], { signature: 'plan-old' }), 0);
      await one.untilAssigned(2);
      const two = new Member(other, memberSettings(group, [topic], { signature: 'plan-new' }));
      const failure = await failureOf(two);
      assert.equal(failure.code, 'plan_mismatch', failure.message);
      assert.match(failure.message, /plan-old/);
      assert.match(failure.message, /plan-new/);
      await two.stop();
      await one.untilAssigned(2);
      await write(broker, [outgoing(topic, 0, 'a'), outgoing(topic, 1, 'b')]);
      await one.untilRecords(2);
      assert.equal(one.failure, null);
      await one.stop();
    });
  }),

  brokerCase('stops twice, and without start', async (broker, backend) => {
    const topic = await backend.newTopic(1);
    const never = new Member(broker, memberSettings(backend.newGroup(), [topic]));
    await never.stop();
    await never.stop();
    const member = await Member.start(broker, memberSettings(backend.newGroup(), [topic]));
    await member.stop();
    await member.stop();
    const read = await Member.start(broker, memberSettings(backend.newGroup(), [topic]), 0);
    await write(broker, outgoings(topic, 0, 3));
    await read.untilRecords(3);
    await read.stop();
    await write(broker, outgoings(topic, 0, 3));
    await sleep(300);
    assert.deepEqual(read.values(), texts(3));
    await read.stop();
  }),

  brokerCase('topics that meet a pattern are read, also those made later; a topic that is named belongs to its own set', async (broker, backend) => {
    const prefix = newId();
    const make = (name: string, partitions: number): Promise<void> => broker.createTopics([{ topic: `${prefix}-${name}`, partitions }]);
    await Promise.all([make('a', 2), make('special', 3), make('other.a', 1)]);
    const sets = [
      { topics: [], patterns: [topicPattern(`${prefix}-(a|b|special)`)] },
      { topics: [`${prefix}-special`], patterns: [] }
    ];
    const settings = memberSettings(backend.newGroup(), [], { topicSets: sets });
    await withBroker(backend, async (other) => {
      const one = await Member.start(broker, settings, 0);
      const two = await Member.start(other, settings, 0);
      await untilShared([one, two], 5, 2);
      await make('b', 4);
      await untilShared([one, two], 9, 3);
      for (const member of [one, two]) {
        const numbers = (name: string): number[] => member.partitions.filter(({ topic }) => topic === `${prefix}-${name}`).map(({ partition }) => partition);
        for (const number of numbers('a')) assert.ok(numbers('b').includes(number), 'equal numbers of one set are with one member');
      }
      await write(broker, outgoings(`${prefix}-b`, 3, 5));
      await one.until('what was written to the new topic', () => one.records().length + two.records().length === 5);
      assert.ok((await broker.listTopics()).includes(`${prefix}-b`));
      await Promise.all([one.stop(), two.stop()]);
    });
  }),

  brokerCase('closing a broker takes its readers out of their groups', async (broker, backend) => {
    const topic = await backend.newTopic(2);
    const settings = memberSettings(backend.newGroup(), [topic]);
    const one = await Member.start(broker, settings);
    const other = await backend.broker();
    const two = await Member.start(other, settings);
    await untilShared([one, two], 2, 1);
    await other.close();
    await one.untilAssigned(2);
    await two.stop();
    await one.stop();
  }),

  [
    'a broker closes twice, and refuses after that',
    async (backend) => {
      const topic = await backend.newTopic(1);
      const broker = await backend.broker();
      await broker.connect();
      await broker.close();
      await broker.close();
      await rejectsWith(null, () => broker.listOffsets([{ topic, partition: 0 }], 'end'));
    }
  ]
];
