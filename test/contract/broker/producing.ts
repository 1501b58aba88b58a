import assert from 'node:assert/strict';
import type { Header } from '../../../actors/record.ts';
import { brokerCase, endOf, newId, outgoing, outgoings, readAll, rejectsWith, started, texts, valuesOf, write } from './support.ts';
import type { Case } from './support.ts';

const plain = (bytes: Uint8Array | null): string | null => (bytes === null ? null : Buffer.from(bytes).toString('hex'));

/** Sending without transactions, and reading without a group. */
export const producingCases: readonly Case[] = [
  brokerCase('brings keys, values, tombstones and timestamps back byte for byte', async (broker, backend) => {
    const topic = await backend.newTopic(1);
    const bytes = Buffer.from([0, 255, 128, 10, 13]);
    const sent = [
      outgoing(topic, 0, 'a', { key: bytes, value: bytes }),
      outgoing(topic, 0, 'b', { key: null, value: bytes, timestamp: started - 86_400_000 }),
      outgoing(topic, 0, 'c', { key: bytes, value: null }),
      outgoing(topic, 0, 'd', { key: Buffer.alloc(0), value: Buffer.alloc(0), timestamp: started - 1 }),
      outgoing(topic, 0, 'e', { key: null, value: null })
    ];
    await write(broker, sent);
    const { records, nextOffset } = await readAll(broker, { topic, partition: 0 });
    const seen = records.map(({ offset, key, value, timestamp }) => ({ offset, key: plain(key), value: plain(value), timestamp }));
    assert.deepEqual(seen, sent.map(({ key, value, timestamp }, offset) => ({ offset, key: plain(key), value: plain(value), timestamp })));
    assert.equal(nextOffset, 5);
  }),

  brokerCase('keeps headers in order: repeated names, null and empty values, __proto__', async (broker, backend) => {
    const topic = await backend.newTopic(1);
    const headers: readonly Header[] = [
      ['trace', Buffer.from('1')],
      ['other', null],
      ['trace', Buffer.from('2')],
      ['__proto__', Buffer.from('x')],
      ['constructor', Buffer.alloc(0)],
      ['', Buffer.from([0, 255])],
      ['naïve', null]
    ];
    await write(broker, [outgoing(topic, 0, 'v', { headers }), outgoing(topic, 0, 'w')]);
    const { records } = await readAll(broker, { topic, partition: 0 });
    assert.deepEqual(records[0]?.headers.map(([name, value]) => [name, plain(value)]), headers.map(([name, value]) => [name, plain(value)]));
    assert.deepEqual(records[1]?.headers, []);
  }),

  brokerCase('takes a value of 900 kB', async (broker, backend) => {
    const topic = await backend.newTopic(1);
    const value = Buffer.alloc(900_000, 'abc');
    await write(broker, [outgoing(topic, 0, '', { value })]);
    await write(broker, [outgoing(topic, 0, 'next')]);
    const { records } = await readAll(broker, { topic, partition: 0 });
    assert.equal(records.length, 2);
    assert.ok(value.equals(records[0]?.value as Uint8Array));
  }),

  brokerCase('keeps the order of each partition over many sends', async (broker, backend) => {
    const topic = await backend.newTopic(3);
    const producer = broker.producer();
    for (let round = 0; round < 5; round++) {
      const records = [0, 1, 2].flatMap((partition) => outgoings(topic, partition, 100, `${round}.`));
      await producer.send(records, round % 2 === 0 ? 'none' : 'gzip');
    }
    await producer.close();
    const expected = [0, 1, 2, 3, 4].flatMap((round) => texts(100, `${round}.`));
    for (const partition of [0, 1, 2]) assert.deepEqual(await valuesOf(broker, topic, partition), expected);
  }),

  brokerCase('a send to several topics reaches all of them', async (broker, backend) => {
    const topics = [await backend.newTopic(1), await backend.newTopic(2)] as const;
    await write(broker, [outgoing(topics[0], 0, 'a'), outgoing(topics[1], 1, 'b'), outgoing(topics[0], 0, 'c')]);
    assert.deepEqual(await valuesOf(broker, topics[0]), ['a', 'c']);
    assert.deepEqual(await valuesOf(broker, topics[1], 1), ['b']);
    assert.deepEqual(await valuesOf(broker, topics[1], 0), []);
  }),

  brokerCase('reads exactly [from, to), and ends at the end', async (broker, backend) => {
    const topic = await backend.newTopic(1);
    const at = { topic, partition: 0 };
    await write(broker, outgoings(topic, 0, 20));
    const middle = await readAll(broker, at, 5, 9);
    assert.deepEqual(middle.records.map(({ offset }) => offset), [5, 6, 7, 8]);
    assert.equal(middle.nextOffset, 9);
    assert.deepEqual((await readAll(broker, at, 18, 1000)).records.map(({ offset }) => offset), [18, 19]);
    assert.deepEqual((await readAll(broker, at, 20, 1000)).records, []);
    assert.deepEqual((await readAll(broker, at, 7, 7)).records, []);
  }),

  brokerCase('tells start and end with each range, and reads many bytes in several parts', async (broker, backend) => {
    const topic = await backend.newTopic(1);
    const value = Buffer.alloc(100_000, 1);
    for (let round = 0; round < 6; round++) await write(broker, Array.from({ length: 9 }, () => outgoing(topic, 0, '', { value })));
    let count = 0;
    for await (const batch of broker.readRange({ topic, partition: 0 }, 0, 1000, 'committed')) {
      assert.deepEqual([batch.topic, batch.partition, batch.startOffset, batch.endOffset], [topic, 0, 0, 54]);
      assert.ok(batch.bytes >= batch.records.length * value.length);
      count += batch.records.length;
    }
    assert.equal(count, 54);
  }),

  brokerCase('a send to a missing topic is topic_missing, and the producer is dead after it', async (broker, backend) => {
    const topic = await backend.newTopic(1);
    const producer = broker.producer();
    await rejectsWith('topic_missing', () => producer.send([outgoing(newId(), 0, 'a')], 'none'));
    await rejectsWith(null, () => producer.send([outgoing(topic, 0, 'b')], 'none'));
    await producer.close();
    assert.equal(await endOf(broker, topic), 0);
  }),

  brokerCase('refuses a record larger than the topic takes', async (broker, backend) => {
    const topic = await backend.newTopic(1, { 'max.message.bytes': '10000' });
    const producer = broker.producer();
    await rejectsWith('record_too_large', () => producer.send([outgoing(topic, 0, '', { value: Buffer.alloc(20_000) })], 'none'));
    await producer.close();
    assert.equal(await endOf(broker, topic), 0);
  }),

  brokerCase('a closed producer refuses, and closes twice', async (broker, backend) => {
    const topic = await backend.newTopic(1);
    const producer = broker.producer();
    await producer.send([outgoing(topic, 0, 'a')], 'none');
    await producer.close();
    await producer.close();
    await rejectsWith(null, () => producer.send([outgoing(topic, 0, 'b')], 'none'));
    assert.equal(await endOf(broker, topic), 1);
  })
];
