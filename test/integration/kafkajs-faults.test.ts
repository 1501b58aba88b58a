import assert from 'node:assert/strict';
import { createServer, type AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { Failure } from '../../actors/failure.ts';
import { createKafkajsBroker } from '../../src/broker/kafkajs/index.ts';
import { type Kafka, ownKafkaOrSkip, type Skippable } from '../support/kafka.ts';
import { coded, newTopic, probe, record, unique, until } from '../support/kafkajs.ts';

let own: Promise<Kafka | null> | undefined;

/** One broker for this file, since starting it is what takes long; each test leaves it running. */
function kafka(t: Skippable): Promise<Kafka | null> {
  return (own ??= ownKafkaOrSkip(t));
}

after(async () => (await own)?.stop());

test('a broker killed in mid-stream: the reader goes on where it was, producers fail and new ones work', async (t) => {
  const server = await kafka(t);
  if (server === null) return;
  const broker = createKafkajsBroker({ brokers: [server.brokers], clientId: 'test' });
  try {
    const topic = await newTopic(broker, 3);
    const one = await probe(broker, unique('group'), [[topic]]);
    const producer = broker.producer();
    const all = (from: number) => Array.from({ length: 300 }, (_, index) => record(topic, index % 3, String(from + index)));
    await producer.send(all(0), 'none');
    await until('all read', () => one.records().length === 300);
    const started = Date.now();
    server.kill();
    await until('told that it is away', () => one.connections.length > 0);
    assert.equal(one.connections[0]?.code, 'broker_unavailable');
    await assert.rejects(broker.describeTopics([topic]), coded('broker_unavailable'));
    await server.restart();
    await producer.send(all(300), 'none').catch(async (error: Failure) => {
      assert.equal(error.code, 'broker_unavailable');
      await broker.producer().send(all(300), 'none');
    });
    await until('all read again', () => one.records().length >= 600);
    await until('told that it is back', () => one.connections.at(-1) === null);
    t.diagnostic(`going again ${Date.now() - started} ms after the kill, restart included`);
    assert.deepEqual(one.records().map(({ value }) => Number(String(value))).sort((a, b) => a - b), Array.from({ length: 600 }, (_, index) => index));
    await one.reader.stop();
  } finally {
    await broker.close();
  }
});

test('killed with a transaction open: its outcome is retryable, the next producer opens, and a first start meanwhile waits', async (t) => {
  const server = await kafka(t);
  if (server === null) return;
  const broker = createKafkajsBroker({ brokers: [server.brokers], clientId: 'test' });
  const later = createKafkajsBroker({ brokers: [server.brokers], clientId: 'test' });
  try {
    const topic = await newTopic(broker, 1);
    const id = unique('id');
    const transactional = broker.transactionalProducer(id, 10_000);
    await transactional.open();
    const transaction = await transactional.begin();
    await transaction.send([record(topic, 0, 'x')], 'none');
    server.kill();
    await wait(100);
    // Kafkajs keeps looking for the coordinator for a while, so a quick restart may even let the commit through.
    const outcome = transaction.commit().then(() => 'committed', (error: Failure) => error.code);
    await assert.rejects(later.connect(), coded('broker_unavailable'));
    const one = await probe(later, unique('group'), [[topic]]);
    await until('told that it is away', () => one.connections.length === 1);
    await server.restart();
    await until('assigned', () => one.partitions().length === 1, 15_000);
    assert.deepEqual(one.connections.map((failure) => failure?.code ?? null), ['broker_unavailable', null]);
    assert.deepEqual(one.failures, []);
    const next = broker.transactionalProducer(id, 10_000);
    await next.open();
    assert.ok(['committed', 'commit_unknown', 'fenced'].includes(await outcome));
    assert.deepEqual(await broker.listOffsets([{ topic, partition: 0 }], 'end'), [2], 'the record and its marker, settled by the opening');
    await until('past the marker', () => one.batches.at(-1)?.nextOffset === 2);
    if ((await outcome) === 'committed') assert.equal(one.records().length, 1);
    await one.reader.stop();
  } finally {
    await broker.close();
    await later.close();
  }
});

test('64 idle partitions and eight producers: few sockets, hardly any CPU, no timer warning', async (t) => {
  const server = await kafka(t);
  if (server === null) return;
  const warnings: string[] = [];
  const note = (warning: Error) => warnings.push(warning.name);
  process.on('warning', note);
  const broker = createKafkajsBroker({ brokers: [server.brokers], clientId: 'test' });
  try {
    const topic = await newTopic(broker, 64);
    const one = await probe(broker, unique('group'), [[topic]], { maxWait: 500 });
    for (let index = 0; index < 8; index++) await broker.transactionalProducer(unique('id'), 30_000).open();
    await until('all partitions looked at', () => one.batches.length === 64);
    await wait(1_000);
    const before = process.cpuUsage();
    await wait(3_000);
    const { user, system } = process.cpuUsage(before);
    const share = (user + system) / 30_000;
    t.diagnostic(`64 partitions, 8 producers: ${broker.sockets} sockets, ${share.toFixed(1)}% CPU idle`);
    assert.ok(broker.sockets <= 12, `${broker.sockets} sockets`);
    assert.ok(share < 20, `${share}% CPU`);
    assert.deepEqual(warnings, []);
    await one.reader.stop();
  } finally {
    process.off('warning', note);
    await broker.close();
  }
});

test('a broker that accepts and never answers does not hold up a stop', async () => {
  const silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const broker = createKafkajsBroker({ brokers: [`127.0.0.1:${(silent.address() as AddressInfo).port}`], clientId: 'test' });
  const one = await probe(broker, 'group', [['topic']]);
  await wait(100);
  const started = Date.now();
  await one.reader.stop();
  await broker.close();
  silent.close();
  assert.ok(Date.now() - started < 1_000);
});
