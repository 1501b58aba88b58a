import assert from 'node:assert/strict';
import { brokerCase, endOf, newId, outgoing, outgoings, readAll, rejectsWith, settle, texts, transact, valuesOf, withBroker, write } from './support.ts';
import type { Case } from './support.ts';

/** Transactions: all or nothing, and one owner per id. */
export const transactionCases: readonly Case[] = [
  brokerCase('a commit shows records of several topics and offsets of several groups at once', async (broker, backend) => {
    const topics = [await backend.newTopic(2), await backend.newTopic(1)] as const;
    const groups = [backend.newGroup(), backend.newGroup()] as const;
    const at = { topic: topics[0], partition: 0 };
    await transact(broker, async (transaction) => {
      await transaction.send([...outgoings(topics[0], 0, 3), outgoing(topics[0], 1, 'other')], 'none');
      await transaction.send(outgoings(topics[1], 0, 2), 'gzip');
      for (const group of groups) await transaction.sendOffsets(group, [{ ...at, offset: 12, metadata: group }]);
      assert.deepEqual(await valuesOf(broker, topics[0]), []);
      assert.deepEqual(await valuesOf(broker, topics[1]), []);
      await transaction.commit();
    });
    assert.deepEqual(await valuesOf(broker, topics[0]), texts(3));
    assert.deepEqual(await valuesOf(broker, topics[0], 1), ['other']);
    assert.deepEqual(await valuesOf(broker, topics[1]), texts(2));
    for (const group of groups) assert.deepEqual(await broker.committed(group, [at]), [{ offset: 12, metadata: group }]);
  }),

  brokerCase('an abort shows nothing: no records, no offsets', async (broker, backend) => {
    const topic = await backend.newTopic(1);
    const group = backend.newGroup();
    const at = { topic, partition: 0 };
    await transact(broker, async (transaction) => {
      await transaction.send(outgoings(topic, 0, 3), 'none');
      await transaction.sendOffsets(group, [{ ...at, offset: 1, metadata: '' }]);
      await transaction.abort();
    });
    await write(broker, [outgoing(topic, 0, 'after')]);
    assert.deepEqual(await valuesOf(broker, topic), ['after']);
    assert.deepEqual(await broker.committed(group, [at]), [null]);
  }),

  brokerCase('what is not committed is not there for committed reads', async (broker, backend) => {
    const topic = await backend.newTopic(1);
    await write(broker, [outgoing(topic, 0, 'before')]);
    await transact(broker, async (transaction) => {
      await transaction.send(outgoings(topic, 0, 3), 'none');
      assert.equal(await endOf(broker, topic), 1);
      assert.deepEqual(await valuesOf(broker, topic), ['before']);
      await transaction.commit();
    });
    assert.deepEqual(await valuesOf(broker, topic), ['before', ...texts(3)]);
  }),

  brokerCase('a commit leaves an offset without a record, and reading still ends exactly at the end', async (broker, backend) => {
    const topic = await backend.newTopic(1);
    for (let round = 0; round < 3; round++) {
      await transact(broker, async (transaction) => {
        await transaction.send(outgoings(topic, 0, 2), 'none');
        await transaction.commit();
      });
    }
    const end = await endOf(broker, topic);
    const { records, nextOffset } = await readAll(broker, { topic, partition: 0 });
    assert.deepEqual(records.map(({ offset }) => offset), [0, 1, 3, 4, 6, 7]);
    assert.deepEqual([end, nextOffset], [9, 9]);
    const gap = await readAll(broker, { topic, partition: 0 }, 8, 9);
    assert.deepEqual([gap.records, gap.nextOffset], [[], 9]);
  }),

  brokerCase('one producer runs transaction after transaction, empty ones too', async (broker, backend) => {
    const topic = await backend.newTopic(1);
    const id = newId();
    const producer = broker.transactionalProducer(id, 30_000);
    await producer.open();
    for (const value of ['a', null, 'b', 'c', null]) {
      const transaction = await producer.begin();
      if (value !== null) await transaction.send([outgoing(topic, 0, value)], 'none');
      await (value === 'b' ? transaction.abort() : transaction.commit());
    }
    await producer.close();
    await producer.close();
    await settle(broker, id);
    assert.deepEqual(await valuesOf(broker, topic), ['a', 'c']);
  }),

  brokerCase('offsets alone can be committed in a transaction', async (broker, backend) => {
    const topic = await backend.newTopic(1);
    const group = backend.newGroup();
    const at = { topic, partition: 0 };
    await transact(broker, async (transaction) => {
      await transaction.sendOffsets(group, [{ ...at, offset: 3, metadata: 'm' }]);
      await transaction.commit();
    });
    assert.deepEqual(await broker.committed(group, [at]), [{ offset: 3, metadata: 'm' }]);
  }),

  brokerCase('opening a second producer with one id fences the first, whose records never show', async (broker, backend) => {
    const topic = await backend.newTopic(1);
    const group = backend.newGroup();
    const at = { topic, partition: 0 };
    const id = newId();
    const first = broker.transactionalProducer(id, 30_000);
    await first.open();
    const transaction = await first.begin();
    await transaction.send(outgoings(topic, 0, 2), 'none');
    await transaction.sendOffsets(group, [{ ...at, offset: 2, metadata: 'first' }]);
    await withBroker(backend, async (other) => {
      const second = other.transactionalProducer(id, 30_000);
      await second.open();
      await rejectsWith('fenced', () => transaction.commit());
      await rejectsWith(null, () => first.begin());
      const next = await second.begin();
      await next.send([outgoing(topic, 0, 'second')], 'none');
      await next.sendOffsets(group, [{ ...at, offset: 9, metadata: 'second' }]);
      await next.commit();
      await second.close();
    });
    await first.close();
    await settle(broker, id);
    assert.deepEqual(await valuesOf(broker, topic), ['second']);
    assert.deepEqual(await broker.committed(group, [at]), [{ offset: 9, metadata: 'second' }]);
  }),

  brokerCase('a fenced producer cannot send either', async (broker, backend) => {
    const topic = await backend.newTopic(1);
    const id = newId();
    const first = broker.transactionalProducer(id, 30_000);
    const second = broker.transactionalProducer(id, 30_000);
    await first.open();
    await second.open();
    await rejectsWith('fenced', async () => {
      const transaction = await first.begin();
      await transaction.send([outgoing(topic, 0, 'zombie')], 'none');
      await transaction.commit();
    });
    await Promise.all([first.close(), second.close()]);
    assert.deepEqual(await valuesOf(broker, topic), []);
  }),

  brokerCase('open settles a transaction left open, so that it holds nothing back', async (broker, backend) => {
    const topic = await backend.newTopic(1);
    const id = newId();
    const left = broker.transactionalProducer(id, 60_000);
    await left.open();
    await (await left.begin()).send(outgoings(topic, 0, 2), 'none');
    const next = broker.transactionalProducer(id, 60_000);
    await next.open();
    await write(broker, [outgoing(topic, 0, 'after')]);
    assert.deepEqual(await valuesOf(broker, topic), ['after']);
    const { nextOffset } = await readAll(broker, { topic, partition: 0 });
    assert.equal(nextOffset, await endOf(broker, topic));
    await Promise.all([left.close(), next.close()]);
  }),

  brokerCase('after a rejected send the transactional producer is dead, and nothing of it shows', async (broker, backend) => {
    const topic = await backend.newTopic(1);
    const id = newId();
    const producer = broker.transactionalProducer(id, 30_000);
    await producer.open();
    const transaction = await producer.begin();
    await transaction.send([outgoing(topic, 0, 'half')], 'none');
    await rejectsWith('topic_missing', () => transaction.send([outgoing(newId(), 0, 'x')], 'none'));
    await rejectsWith(null, () => transaction.commit());
    await rejectsWith(null, () => producer.begin());
    await producer.close();
    const next = broker.transactionalProducer(id, 30_000);
    await next.open();
    await next.close();
    assert.deepEqual(await valuesOf(broker, topic), []);
  })
];
