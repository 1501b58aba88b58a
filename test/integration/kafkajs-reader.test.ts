import assert from 'node:assert/strict';
import { after, test, type TestContext } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { createKafkajsBroker, type KafkajsBroker } from '../../src/broker/kafkajs/index.ts';
import { kafkaOrSkip, stopSharedKafka } from '../support/kafka.ts';
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

test('two readers share co-partitioned units; what stays with one goes on undisturbed; leaving hands over at once', async (t) => {
  const broker = await kafka(t);
  if (broker === null) return;
  const [left, right, other] = [await newTopic(broker, 4), await newTopic(broker, 4), await newTopic(broker, 2)];
  const groups = [[left, right], [other]];
  const group = unique('group');
  const one = await probe(broker, group, groups);
  await until('the first has all', () => one.partitions().length === 10);
  const started = Date.now();
  const two = await probe(broker, group, groups);
  await until('the second has its share', () => two.partitions().length > 0 && one.assignments.length > 1);
  t.diagnostic(`rebalanced in ${Date.now() - started} ms`);
  for (const { partitions } of [one, two]) {
    const sides = [left, right].map((topic) => partitions().filter((at) => at.startsWith(topic)).map((at) => at.split('/')[1]));
    assert.deepEqual(sides[0], sides[1], 'both sides of the join, same numbers');
  }
  assert.equal(new Set([...one.partitions(), ...two.partitions()]).size, 10);

  const mine = one.assignments.at(-1)!.partitions[0]!;
  const producer = broker.producer();
  await producer.send([record(mine.topic, mine.partition, 'a')], 'none');
  await until('a record arrives', () => one.records().length === 1);
  const before = Date.now();
  await two.reader.stop();
  await until('the first has all again', () => one.partitions().length === 10);
  t.diagnostic(`taken over ${Date.now() - before} ms after the stop`);
  await producer.send([record(mine.topic, mine.partition, 'b')], 'none');
  await until('the next one, not the first again', () => one.records().length === 2);
  assert.deepEqual(one.records().map(({ value }) => String(value)), ['a', 'b']);
  await producer.close();
  await one.reader.stop();
  await one.reader.stop();
});

test('a commit of an earlier generation is fenced, one of this generation comes back with its metadata', async (t) => {
  const broker = await kafka(t);
  if (broker === null) return;
  const topic = await newTopic(broker, 2);
  const group = unique('group');
  const one = await probe(broker, group, [[topic]]);
  await until('assigned', () => one.assignments.length === 1);
  const at = { topic, partition: 0 };
  const generation = one.assignments[0]!.generation;
  await one.reader.commit(generation, [{ ...at, offset: 7, metadata: '{"epoch":1}' }]);
  assert.deepEqual(await broker.committed(group, [at, { topic, partition: 1 }]), [{ offset: 7, metadata: '{"epoch":1}' }, null]);
  const two = await probe(broker, group, [[topic]]);
  await until('rebalanced', () => one.assignments.length === 2);
  await assert.rejects(one.reader.commit(generation, [{ ...at, offset: 9, metadata: '' }]), coded('fenced'));
  await Promise.all([one.reader.stop(), two.reader.stop()]);
  await assert.rejects(one.reader.commit(one.assignments.at(-1)!.generation, [{ ...at, offset: 9, metadata: '' }]), coded('fenced'));
});

test('a member with another plan is refused and the running one goes on', async (t) => {
  const broker = await kafka(t);
  if (broker === null) return;
  const topic = await newTopic(broker, 2);
  const group = unique('group');
  const one = await probe(broker, group, [[topic]], { signature: 'old' });
  await until('assigned', () => one.partitions().length === 2);
  const two = await probe(broker, group, [[topic]], { signature: 'new' });
  await until('refused', () => two.failures.length === 1);
  assert.equal(two.failures[0]!.code, 'plan_mismatch');
  assert.match(two.failures[0]!.message, /old.*new/);
  await wait(300);
  assert.equal(one.partitions().length, 2);
  assert.deepEqual(one.failures, []);
  await Promise.all([one.reader.stop(), two.reader.stop()]);
});

test('topics that do not exist are named', async (t) => {
  const broker = await kafka(t);
  if (broker === null) return;
  const topic = await newTopic(broker, 1);
  const one = await probe(broker, unique('group'), [[topic, 'not-there'], ['nor-this']]);
  await until('failed', () => one.failures.length === 1);
  assert.equal(one.failures[0]!.code, 'topic_missing');
  assert.match(one.failures[0]!.message, /"not-there", "nor-this"/);
  await one.reader.stop();
});

test('a topic deleted while it is read is named; one that gets more partitions is shared out anew', async (t) => {
  const broker = await kafka(t);
  const server = await kafkaOrSkip(t);
  if (broker === null || server === null) return;
  const topic = await newTopic(broker, 1);
  const admin = new Kafka({ brokers: server.brokers.split(','), logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const group = unique('group');
  const one = await probe(broker, group, [[topic]], { maxWait: 50 });
  await until('reading', () => one.batches.length === 1);
  await admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] });
  // Any member that joins has fresh metadata, as has each after thirty seconds.
  const two = await probe(broker, group, [[topic]], { maxWait: 50 });
  await until('three partitions', () => new Set([...one.partitions(), ...two.partitions()]).size === 3);
  await two.reader.stop();
  await admin.deleteTopics({ topics: [topic] });
  await until('failed', () => one.failures.length === 1);
  assert.equal(one.failures[0]!.code, 'topic_missing');
  await admin.disconnect();
  await one.reader.stop();
});

test('an offset out of range fails and never moves', async (t) => {
  const broker = await kafka(t);
  if (broker === null) return;
  const topic = await newTopic(broker, 1);
  const producer = broker.producer();
  await producer.send([record(topic, 0, 'a')], 'none');
  const group = unique('group');
  const one = await probe(broker, group, [[topic]], { from: 5 });
  await until('failed', () => one.failures.length === 1);
  assert.equal(one.failures[0]!.code, 'offset_out_of_range');
  assert.match(one.failures[0]!.message, /Offset 5 .* starts at 0 and ends at 1/);
  assert.deepEqual(await broker.committed(group, [{ topic, partition: 0 }]), [null]);
  assert.deepEqual(one.records(), []);
  await one.reader.stop();
});

test('pause stops at once, resume goes on without waiting for a poll, deliver goes back', async (t) => {
  const broker = await kafka(t);
  if (broker === null) return;
  const topic = await newTopic(broker, 1);
  const at = { topic, partition: 0 };
  const producer = broker.producer();
  const one = await probe(broker, unique('group'), [[topic]], { maxWait: 2_000 });
  await until('first fetch', () => one.batches.length === 1);
  one.reader.pause(at);
  await producer.send([record(topic, 0, 'a'), record(topic, 0, 'b')], 'none');
  await wait(300);
  assert.equal(one.records().length, 0);
  await wait(1_900);
  const resumed = performance.now();
  one.reader.resume(at);
  await until('both', () => one.records().length === 2);
  const took = performance.now() - resumed;
  assert.ok(took < 500, `resume took ${took} ms`);
  one.reader.deliver(at, 1);
  await until('again from 1', () => one.records().length === 3);
  assert.equal(String(one.records()[2]!.value), 'b');
  await one.reader.stop();
});

test('stop in the middle of joining ends at once', async (t) => {
  const broker = await kafka(t);
  if (broker === null) return;
  const topic = await newTopic(broker, 1);
  const group = unique('group');
  const one = await probe(broker, group, [[topic]]);
  await until('assigned', () => one.assignments.length === 1);
  const two = await probe(broker, group, [[topic]]);
  await wait(30);
  const started = Date.now();
  await two.reader.stop();
  assert.ok(Date.now() - started < 1_000);
  await one.reader.stop();
  const never = broker.reader({ group, topicSets: [{ topics: [topic], patterns: [] }], discovery: 10_000, signature: '', sessionTimeout: 6_000, maxWait: 100, maxBytes: 1e6, maxBytesPerPartition: 1e6 }, {
    assigned: () => undefined, fetched: () => undefined, connection: () => undefined, failed: () => undefined
  });
  await never.stop();
});
