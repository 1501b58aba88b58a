import assert from 'node:assert/strict';
import { brokerCase, endOf, newId, outgoing, rejectsWith, started, transact, write } from './support.ts';
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
