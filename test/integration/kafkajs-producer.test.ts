import assert from 'node:assert/strict';
import { after, test, type TestContext } from 'node:test';
import type { FetchedBatch, TopicPartition } from '../../actors/port.ts';
import { createKafkajsBroker, type KafkajsBroker } from '../../src/broker/kafkajs/index.ts';
import { kafkaOrSkip, stopSharedKafka } from '../support/kafka.ts';
import { settle } from '../contract/broker/support.ts';
import { coded, newTopic, probe, record, unique, until } from '../support/kafkajs.ts';

const brokers: KafkajsBroker[] = [];

async function kafka(t: TestContext): Promise<KafkajsBroker | null> {
  const server = await kafkaOrSkip(t);
  if (server === null) return null;
  const broker = createKafkajsBroker({ brokers: server.brokers.split(','), clientId: 'test' });
  brokers.push(broker);
  return broker;
}

after(async () => {
  for (const broker of brokers) await broker.close();
  await stopSharedKafka();
});

async function readAll(broker: KafkajsBroker, at: TopicPartition, isolation: 'committed' | 'uncommitted' = 'committed'): Promise<FetchedBatch[]> {
  const batches: FetchedBatch[] = [];
  for await (const batch of broker.readRange(at, 0, Infinity, isolation)) batches.push(batch);
  return batches;
}

test('records come back as they were sent: repeated headers in order, null keys, tombstones, gzip', async (t) => {
  const broker = await kafka(t);
  if (broker === null) return;
  const topic = await newTopic(broker, 1);
  const headers = [['a', Buffer.from('1')], ['b', null], ['a', Buffer.from('2')], ['__proto__', Buffer.from('x')], ['ünï', Buffer.alloc(0)]] as const;
  const producer = broker.producer();
  const sent = [
    record(topic, 0, 'value', { headers, timestamp: 0 }),
    record(topic, 0, null, { key: new Uint8Array([1, 2, 3]), timestamp: Date.now() + 60_000 }),
    record(topic, 0, 'x'.repeat(300), { key: null, timestamp: 7 })
  ];
  await producer.send(sent, 'none');
  await producer.send(sent, 'gzip');
  const read = (await readAll(broker, { topic, partition: 0 })).flatMap(({ records }) => records);
  assert.deepEqual(read.map(({ offset }) => offset), [0, 1, 2, 3, 4, 5]);
  for (const [index, found] of read.entries()) {
    const { key, value, timestamp, headers: names } = sent[index % 3]!;
    assert.deepEqual(found.key === null ? null : [...found.key], key === null ? null : [...key]);
    assert.deepEqual(found.value === null ? null : [...found.value], value === null ? null : [...value]);
    assert.equal(found.timestamp, timestamp);
    assert.deepEqual(found.headers.map(([name, content]) => [name, content === null ? null : String(content)]), names.map(([name, content]) => [name, content === null ? null : String(content)]));
  }
  await producer.close();
});

test('opening fences the earlier producer of the id and settles its transaction', async (t) => {
  const broker = await kafka(t);
  if (broker === null) return;
  const topic = await newTopic(broker, 1);
  const id = unique('id');
  const zombie = broker.transactionalProducer(id, 30_000);
  await zombie.open();
  const open = await zombie.begin();
  await open.send([record(topic, 0, 'zombie')], 'none');
  const heir = broker.transactionalProducer(id, 30_000);
  await heir.open();
  await assert.rejects(open.commit(), coded('fenced'));
  await assert.rejects(zombie.begin(), /dead/);
  const transaction = await heir.begin();
  await transaction.send([record(topic, 0, 'heir')], 'none');
  await transaction.commit();
  await settle(broker, id);
  const read = (await readAll(broker, { topic, partition: 0 })).flatMap(({ records }) => records);
  assert.deepEqual(read.map(({ value }) => String(value)), ['heir']);
  await zombie.close();
  await heir.close();
});

test('aborted records never arrive, the position passes them, and lag is 0 once a transactional writer stops', async (t) => {
  const broker = await kafka(t);
  if (broker === null) return;
  const topic = await newTopic(broker, 1);
  const at = { topic, partition: 0 };
  const one = await probe(broker, unique('group'), [[topic]]);
  const id = unique('id');
  const producer = broker.transactionalProducer(id, 30_000);
  await producer.open();
  for (const [value, commit] of [['a', true], ['b', false], ['c', true], ['d', false]] as const) {
    const transaction = await producer.begin();
    await transaction.send([record(topic, 0, value)], value === 'c' ? 'gzip' : 'none');
    await (commit ? transaction.commit() : transaction.abort());
  }
  await settle(broker, id);
  const [end] = await broker.listOffsets([at], 'end');
  assert.equal(end, 8);
  await until('the position is at the end', () => one.batches.at(-1)?.nextOffset === end);
  assert.equal(one.batches.at(-1)!.endOffset, end);
  assert.deepEqual(one.records().map(({ value }) => String(value)), ['a', 'c']);
  const all = (await readAll(broker, at, 'uncommitted')).flatMap(({ records }) => records);
  assert.deepEqual(all.map(({ offset, value }) => [offset, String(value)]), [[0, 'a'], [2, 'b'], [4, 'c'], [6, 'd']]);

  const next = broker.transactionalProducer(id, 30_000);
  await next.open();
  const pending = await next.begin();
  await pending.send([record(topic, 0, 'e')], 'none');
  assert.deepEqual(await broker.listOffsets([at], 'end'), [8], 'the last stable offset, not the high watermark');
  await pending.abort();
  await next.close();
  await producer.close();
  await one.reader.stop();
});

test('offsets become visible with the transaction, with their metadata', async (t) => {
  const broker = await kafka(t);
  if (broker === null) return;
  const topic = await newTopic(broker, 2);
  const group = unique('group');
  const at = { topic, partition: 1 };
  const producer = broker.transactionalProducer(unique('id'), 30_000);
  await producer.open();
  const first = await producer.begin();
  await first.send([record(topic, 0, 'a')], 'none');
  await first.sendOffsets(group, [{ ...at, offset: 3, metadata: 'task 1' }]);
  await first.commit();
  const second = await producer.begin();
  await second.sendOffsets(group, [{ ...at, offset: 4, metadata: 'task 2' }]);
  await second.abort();
  const third = await producer.begin();
  await third.sendOffsets(group, [{ ...at, offset: 5, metadata: 'ü'.repeat(100) }]);
  await third.commit();
  assert.deepEqual(await broker.committed(group, [at]), [{ offset: 5, metadata: 'ü'.repeat(100) }]);
  await producer.close();
});

test('what a broker refuses is named, and the producer is dead after it', async (t) => {
  const broker = await kafka(t);
  if (broker === null) return;
  const topic = await newTopic(broker, 1, { 'max.message.bytes': '1000' });
  assert.equal((await broker.describeTopics([topic, 'not-there'])).get(topic)?.maxMessageBytes, 1000);
  const producer = broker.producer();
  await assert.rejects(producer.send([record(topic, 0, 'x'.repeat(2000))], 'none'), coded('record_too_large'));
  await assert.rejects(producer.send([record(topic, 0, 'x')], 'none'), /dead/);
  const lost = broker.producer();
  await assert.rejects(lost.send([record('not-there', 0, 'x')], 'none'), (error: Error) => /"not-there"/.test(error.message) && coded('topic_missing')(error));
  const transactional = broker.transactionalProducer(unique('id'), 30_000);
  await transactional.open();
  const transaction = await transactional.begin();
  await assert.rejects(transaction.send([record(topic, 0, 'x'.repeat(2000))], 'none'), coded('record_too_large'));
  await assert.rejects(transaction.commit(), coded('broker_unavailable'));
});

test('a send of many records takes time in proportion to them (groupMessagesPerPartition was quadratic)', async (t) => {
  const broker = await kafka(t);
  if (broker === null) return;
  const topic = await newTopic(broker, 1);
  const producer = broker.producer();
  const batch = (size: number) => Array.from({ length: size }, (_, index) => record(topic, 0, `value ${index}`));
  await producer.send(batch(100), 'none');
  const started = performance.now();
  await producer.send(batch(20_000), 'none');
  const took = performance.now() - started;
  t.diagnostic(`20,000 records in ${Math.round(took)} ms`);
  assert.ok(took < 2_000);
  assert.deepEqual(await broker.listOffsets([{ topic, partition: 0 }], 'end'), [20_100]);
});
