import assert from 'node:assert/strict';
import { Member, memberSettings } from './member.ts';
import { brokerCase, endOf, newId, outgoing, outgoings, readAll, rejectsWith, sleep, started, textOf, transact, valuesOf, write } from './support.ts';
import type { Case } from './support.ts';

/** Topics, and where they begin and end. */
export const topicCases: readonly Case[] = [
  brokerCase('creates and describes topics', async (broker) => {
    const [first, second] = [newId(), newId()];
    await broker.createTopics([{ topic: first, partitions: 3 }, { topic: second, partitions: 1, config: { 'max.message.bytes': '20000' } }]);
    const found = await broker.describeTopics([first, second]);
    assert.deepEqual(found.get(first), { partitions: 3, maxMessageBytes: 1_048_588, timestamps: { behind: Infinity, ahead: 3_600_000 }, keyed: false });
    assert.deepEqual(found.get(second), { partitions: 1, maxMessageBytes: 20_000, timestamps: { behind: Infinity, ahead: 3_600_000 }, keyed: false });
  }),

  brokerCase('leaves topics that exist as they are', async (broker, backend) => {
    const topic = await backend.newTopic(2);
    const other = newId();
    await write(broker, [outgoing(topic, 1, 'kept')]);
    await broker.createTopics([{ topic, partitions: 5 }, { topic: other, partitions: 1 }]);
    const found = await broker.describeTopics([topic, other]);
    assert.deepEqual([found.get(topic)?.partitions, found.get(other)?.partitions], [2, 1]);
    assert.equal(await endOf(broker, topic, 1), 1);
  }),

  brokerCase('a topic that does not exist is absent from the description', async (broker, backend) => {
    const topic = await backend.newTopic(1);
    const found = await broker.describeTopics([newId(), topic]);
    assert.deepEqual([...found.keys()], [topic]);
  }),

  brokerCase('lists start, end and timestamps', async (broker, backend) => {
    const topic = await backend.newTopic(2);
    await write(broker, [0, 1, 2, 3].map((second) => outgoing(topic, 0, `${second}`, { timestamp: started + second * 1000 })));
    const both = [{ topic, partition: 1 }, { topic, partition: 0 }];
    assert.deepEqual(await broker.listOffsets(both, 'start'), [0, 0]);
    assert.deepEqual(await broker.listOffsets(both, 'end'), [0, 4]);
    assert.deepEqual(await broker.listOffsets(both, { timestamp: started - 1 }), [0, 0]);
    assert.deepEqual(await broker.listOffsets(both, { timestamp: started + 2000 }), [0, 2]);
    assert.deepEqual(await broker.listOffsets(both, { timestamp: started + 2001 }), [0, 3]);
    assert.deepEqual(await broker.listOffsets(both, { timestamp: started + 9000 }), [0, 4]);
  }),

  brokerCase('deletes records below an offset: the log starts there, for whoever reads', async (broker, backend) => {
    const topic = await backend.newTopic(2);
    const [at, other] = [{ topic, partition: 0 }, { topic, partition: 1 }];
    await write(broker, [...outgoings(topic, 0, 10), ...outgoings(topic, 1, 3)].map((record, index) => ({ ...record, timestamp: started + index })));
    await broker.deleteRecords([{ ...at, offset: 4 }, { ...other, offset: 3 }]);
    assert.deepEqual(await broker.listOffsets([at, other], 'start'), [4, 3]);
    assert.deepEqual(await broker.listOffsets([at, other], 'end'), [10, 3]);
    assert.deepEqual(await broker.listOffsets([at, other], { timestamp: started }), [4, 3]);
    assert.deepEqual((await readAll(broker, at, 4)).records.map(({ offset }) => offset), [4, 5, 6, 7, 8, 9]);
    for await (const { startOffset } of broker.readRange(at, 5, 6, 'committed')) assert.equal(startOffset, 4);
    await rejectsWith('offset_out_of_range', () => readAll(broker, at, 3));
    await broker.deleteRecords([{ ...at, offset: 2 }]);
    await broker.deleteRecords([]);
    await write(broker, [outgoing(topic, 1, 'later')]);
    assert.deepEqual(await broker.listOffsets([at, other], 'start'), [4, 3]);
    assert.deepEqual((await readAll(broker, other, 3)).records.map(textOf), ['later']);
  }),

  brokerCase('a member that reads on does not notice what is deleted behind it; one that starts below is told', async (broker, backend) => {
    const topic = await backend.newTopic(1);
    const at = { topic, partition: 0 };
    await write(broker, outgoings(topic, 0, 10));
    const member = await Member.start(broker, memberSettings(backend.newGroup(), [topic]), 0);
    await member.untilRecords(10);
    await broker.deleteRecords([{ ...at, offset: 10 }]);
    await write(broker, [outgoing(topic, 0, 'next')]);
    await member.untilRecords(11);
    assert.equal(member.batches.at(-1)?.startOffset, 10);
    await member.stop();
    const late = await Member.start(broker, memberSettings(backend.newGroup(), [topic]), 9);
    await late.until('a failure', () => late.failure !== null);
    assert.equal(late.failure?.code, 'offset_out_of_range');
    await late.stop();
  }),

  brokerCase('deleting what is not there is refused', async (broker, backend) => {
    const topic = await backend.newTopic(1);
    await write(broker, outgoings(topic, 0, 2));
    await rejectsWith('offset_out_of_range', () => broker.deleteRecords([{ topic, partition: 0, offset: 3 }]));
    await rejectsWith('topic_missing', () => broker.deleteRecords([{ topic, partition: 1, offset: 0 }]));
    assert.deepEqual(await valuesOf(broker, topic), ['v0', 'v1']);
  }),

  brokerCase('deletes topics with their records and what was committed for them; one of the same name begins empty', async (broker, backend) => {
    const group = backend.newGroup();
    const topic = await backend.newTopic(2);
    const other = await backend.newTopic(1);
    await write(broker, [...outgoings(topic, 0, 10), outgoing(topic, 1, 'a'), outgoing(other, 0, 'stays')]);
    await broker.commitOffsets(group, [{ topic, partition: 0, offset: 7, metadata: 'x' }, { topic: other, partition: 0, offset: 1, metadata: 'y' }]);
    await broker.deleteTopics([topic, newId()]);
    assert.deepEqual([...(await broker.describeTopics([topic, other])).keys()], [other]);
    assert.ok(!(await broker.listTopics()).includes(topic));
    await rejectsWith('topic_missing', () => broker.listOffsets([{ topic, partition: 0 }], 'end'));
    await broker.deleteTopics([]);
    await broker.createTopics([{ topic, partitions: 1, config: { 'cleanup.policy': 'compact' } }]);
    assert.deepEqual(await broker.listOffsets([{ topic, partition: 0 }, { topic: other, partition: 0 }], 'end'), [0, 1]);
    await write(broker, [outgoing(topic, 0, 'anew', { key: Buffer.from('k') })]);
    assert.deepEqual([await valuesOf(broker, topic), await valuesOf(broker, other)], [['anew'], ['stays']]);
    for (let tries = 0; (await broker.committed(group, [{ topic, partition: 0 }]))[0] !== null; tries++) {
      assert.ok(tries < 100, 'what was committed for the deleted topic is still there');
      await sleep(50);
    }
    assert.equal((await broker.committed(group, [{ topic: other, partition: 0 }]))[0]?.offset, 1);
  }),

  brokerCase('a topic made to be compacted says so and takes no record without a key', async (broker) => {
    const topic = newId();
    await broker.createTopics([{ topic, partitions: 1, config: { 'cleanup.policy': 'compact,delete', 'retention.ms': '3600000', 'max.message.bytes': '30000' } }]);
    const info = (await broker.describeTopics([topic])).get(topic);
    assert.deepEqual([info?.keyed, info?.maxMessageBytes], [true, 30_000]);
    await rejectsWith('record_failed', () => write(broker, [outgoing(topic, 0, 'no key')]));
    await rejectsWith('record_too_large', () => write(broker, [outgoing(topic, 0, 'x'.repeat(31_000), { key: Buffer.from('k') })]));
    await write(broker, [outgoing(topic, 0, 'kept', { key: Buffer.from('k') })]);
    await broker.deleteRecords([{ topic, partition: 0, offset: 1 }]);
    assert.deepEqual(await broker.listOffsets([{ topic, partition: 0 }], 'start'), [1]);
  }),

  brokerCase('committed offsets: null for none, in the order asked for, with their metadata', async (broker, backend) => {
    const topic = await backend.newTopic(3);
    const group = backend.newGroup();
    const metadata = `{"é":"${'x'.repeat(1000)}"}`;
    const [one, two, three] = [0, 1, 2].map((partition) => ({ topic, partition })) as [{ topic: string; partition: number }, { topic: string; partition: number }, { topic: string; partition: number }];
    assert.deepEqual(await broker.committed(group, [one, two]), [null, null]);
    await transact(broker, async (transaction) => {
      await transaction.send([outgoing(topic, 0, 'a')], 'none');
      await transaction.sendOffsets(group, [{ ...three, offset: 7, metadata: '' }, { ...one, offset: 5, metadata }]);
      await transaction.commit();
    });
    assert.deepEqual(await broker.committed(group, [one, two, three]), [{ offset: 5, metadata }, null, { offset: 7, metadata: '' }]);
    assert.deepEqual(await broker.committed(group, [three]), [{ offset: 7, metadata: '' }]);
    assert.deepEqual(await broker.committed(backend.newGroup(), [one]), [null]);
  }),

  brokerCase('listing or reading a topic that does not exist is topic_missing', async (broker) => {
    const at = { topic: newId(), partition: 0 };
    await rejectsWith('topic_missing', () => broker.listOffsets([at], 'end'));
    await rejectsWith('topic_missing', async () => {
      for await (const _ of broker.readRange(at, 0, 1, 'committed'));
    });
  })
];
