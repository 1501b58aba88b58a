import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Broker } from '../../actors/port.ts';
import { avroFormat } from '../../src/codec/avro/format.ts';
import { prefixId, withPrefix } from '../../src/codec/registry/frame.ts';
import { kafkaBackend, stateDir } from '../support/backend.ts';
import type { Backend } from '../support/backend.ts';
import { millrace } from '../support/cli.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { kafkaOrSkip } from '../support/kafka.ts';
import { writeTopology } from '../support/plan.ts';
import { registryOrSkip } from '../support/registry.ts';
import type { Registry } from '../support/registry.ts';
import { readCommitted } from '../support/stream.ts';
import { secret } from '../support/secrets.ts';

/** The registry asks for none, and takes any. */
const password = secret('registry-pa55word');

/*
 * The ready topologies of Avro, as they are but for their names and topics, on a real Kafka and a real schema registry.
 */

const config = resolve(import.meta.dirname, '../../config');
const orderSchema = readFileSync(join(config, 'schemas/order.avsc'), 'utf8');
const format = avroFormat({ long: 'auto', logicalTypes: 'text', readAs: null });
const own = { text: orderSchema, references: [] };

interface Field {
  readonly name: string;
  readonly type: unknown;
  readonly default?: unknown;
}

/** The order's schema with other fields. */
function orderWith(change: (fields: readonly Field[]) => readonly Field[]): string {
  const schema = JSON.parse(orderSchema) as { fields: readonly Field[] };
  return JSON.stringify({ ...schema, fields: change(schema.fields) });
}

const order = { customer: 'ann', amount: '12.50', placed_at: '2026-11-01T10:00:00.000Z', status: 'PAID', weight: 1.5, note: null };
const big = 2n ** 53n + 1n;

/** A value as it is written with one schema and its id. */
function framed(id: number, schema: string, value: unknown): Uint8Array {
  return withPrefix(id, format.writer({ text: schema, references: [] }).write(value));
}

async function put(broker: Broker, topic: string, values: readonly Uint8Array[]): Promise<void> {
  const producer = broker.producer();
  await producer.send(values.map((value) => ({ topic, partition: 0, key: Buffer.from('k'), value, headers: [], timestamp: Date.now() })), 'none');
  await producer.close();
}

async function textsOf(broker: Broker, topic: string): Promise<string[]> {
  return (await readCommitted(broker, topic)).map(({ value }) => Buffer.from(value ?? []).toString());
}

describe('a schema registry and Kafka', () => {
  let backend: Backend;
  let registry: Registry;
  let ready = false;

  before(async () => {
    // Skipped in each test, so that each says why.
    const skips = { skip: () => undefined };
    const [kafka, started] = await Promise.all([kafkaOrSkip(skips), registryOrSkip(skips)]);
    if (kafka === null || started === null) return;
    backend = kafkaBackend(kafka.brokers);
    registry = started;
    ready = true;
  });

  after(async () => {
    if (ready) await registry.stop();
  });

  /** A ready topology with names of its own. */
  function placed(name: string, suffix: string, change: (yaml: string) => string = (yaml) => yaml): string {
    const yaml = readFileSync(join(config, `${name}.yaml`), 'utf8')
      .replace(/^name: (\w+)$/m, `name: $1_${suffix}`)
      .replace(/^broker: .*$/m, backend.yaml)
      .replace(/^registry: .*$/m, `registry: { url: "${registry.url}", auth: { username: millrace, password: "${password}" } }`)
      .replaceAll(/\borders(-\w+)?\b(?=[ },\n])/g, (word) => (word === 'orders' ? word : `${word}-${suffix}`))
      .replace('topic: orders\n', `topic: orders-${suffix}\n`);
    return writeTopology(change(yaml).replace('schemas/order.avsc', 'order.avsc'), { 'order.avsc': orderSchema });
  }

  it('Avro to JSON while the schema changes: what can be read as ours goes on, what cannot is a dead letter with both ids; also without the registry', async (t) => {
    if (!ready) return void t.skip('no Kafka or no schema registry');
    const topics = { in: 'orders-read', out: 'orders-json-read', bad: 'orders-rejected-read' };
    const file = placed('avro-to-json', 'read');
    await backend.use((broker) => broker.createTopics(Object.values(topics).map((topic) => ({ topic, partitions: 1 }))));
    const first = await registry.register('orders-read-value', orderSchema);
    const write = (values: readonly Uint8Array[]): Promise<void> => backend.use((broker) => put(broker, topics.in, values));
    await write([framed(first, orderSchema, { ...order, id: 1 }), framed(first, orderSchema, { ...order, id: big })]);
    const state = stateDir();
    const daemon = new DaemonProcess(file, { stateDir: state, args: ['--session-timeout', '2', '--log-level', 'trace'] });
    await daemon.caughtUp();

    // While it runs: a field more, a field that has a default here less, and an int that is a long here.
    const added = orderWith((fields) => [...fields, { name: 'channel', type: 'string', default: 'web' }]);
    const removed = orderWith((fields) => fields.filter(({ name }) => name !== 'weight'));
    const promoted = orderWith((fields) => fields.map((field) => (field.name === 'id' ? { ...field, type: 'int' } : field)));
    const { weight: _, ...light } = order;
    for (const [schema, value] of [[added, { ...order, id: 3, channel: 'shop' }], [removed, { ...light, id: 4 }], [promoted, { ...order, id: 5 }]] as const) {
      await write([framed(await registry.register('orders-read-value', schema), schema, value)]);
    }
    const other = orderWith((fields) => fields.map((field) => (field.name === 'customer' ? { ...field, type: { type: 'array', items: 'int' } } : field)));
    const incompatible = await registry.register('orders-read-value', other);
    await write([framed(incompatible, other, { ...order, id: 6, customer: [1] }), framed(first, orderSchema, { ...order, id: 7 })]);
    await daemon.caughtUp();

    const [texts, letters] = await backend.use((broker) => Promise.all([textsOf(broker, topics.out), readCommitted(broker, topics.bad)]));
    const line = (id: string, more = '"weight":1.5,"note":null'): string => `{"id":${id},"customer":"ann","amount":"12.50","placed_at":"2026-11-01T10:00:00.000Z","status":"PAID",${more}}`;
    assert.deepEqual(texts, [line('1'), line(String(big)), line('3'), line('4', '"weight":0,"note":null'), line('5'), line('7')]);
    assert.equal(letters.length, 1);
    const headers = new Map(letters[0]?.headers.map(([name, value]) => [name, Buffer.from(value ?? []).toString()]));
    assert.equal(headers.get('millrace.error.code'), 'schema_incompatible');
    assert.match(headers.get('millrace.error.message') ?? '', new RegExp(`schema ${incompatible} cannot be read as schema ${first} .*customer`));
    assert.equal(await daemon.stop(), 0, daemon.output);
  });

  it('JSON to Avro: the schema is registered where that is asked for, and what is written can be read by its id', async (t) => {
    if (!ready) return void t.skip('no Kafka or no schema registry');
    const topics = { in: 'orders-in-write', out: 'orders-avro-write', bad: 'orders-unfit-write' };
    const file = placed('json-to-avro', 'write', (yaml) => yaml.replace(/$/, '\ntrigger: available_now\n'));
    await backend.use((broker) => broker.createTopics(Object.values(topics).map((topic) => ({ topic, partitions: 1 }))));
    await backend.use((broker) => put(broker, topics.in, [Buffer.from(`{"id":${big},"customer":"ann","amount":"12.5","placed_at":"2026-11-01T10:00:00Z","status":"SENT"}`), Buffer.from('{"id":"x"}')]));
    const daemon = new DaemonProcess(file, { stateDir: stateDir() });
    assert.equal((await daemon.exited).code, 0, daemon.output);
    const [written, letters] = await backend.use((broker) => Promise.all([readCommitted(broker, topics.out), readCommitted(broker, topics.bad)]));
    assert.deepEqual([written.length, letters.length], [1, 1]);
    const bytes = written[0]?.value as Uint8Array;
    const registered = await registry.register('orders-avro-write-value', orderSchema);
    assert.equal(prefixId(bytes), registered);
    assert.deepEqual(format.reader(own).read(bytes.subarray(5)), { id: big, customer: 'ann', amount: '12.50', placed_at: '2026-11-01T10:00:00.000Z', status: 'SENT', weight: 0, note: null });
  });

  it('Protobuf whose file imports another: registered with it, and read by the references of the registry; JSON by its schema', async (t) => {
    if (!ready) return void t.skip('no Kafka or no schema registry');
    const topics = ['lines-in', 'lines-protobuf', 'lines-json', 'lines-bad'];
    await backend.use((broker) => broker.createTopics(topics.map((topic) => ({ topic, partitions: 1 }))));
    await backend.use((broker) => put(broker, 'lines-in', [Buffer.from('{"id":7,"price":{"amount":"9007199254740993","currency":"EUR"}}'), Buffer.from('{"id":"x"}')]));
    const file = writeTopology(`
name: lines
${backend.yaml}
registry: { url: "${registry.url}" }
on_error: { dead_letter: lines-bad }
trigger: available_now
sources: { in: { type: kafka, topic: lines-in, start: earliest } }
sinks:
  protobuf: { type: kafka, from: in, topic: lines-protobuf, codec: { type: protobuf, schema: line.proto, message: shop.Line, auto_register: true } }
  json: { type: kafka, from: in, topic: lines-json, codec: { type: json, schema: line.json, framing: confluent, auto_register: true } }
`, {
      'line.proto': 'syntax = "proto3"; package shop; import "money.proto"; message Empty {} message Line { int64 id = 1; Money price = 2; }',
      'money.proto': 'syntax = "proto3"; package shop; message Money { int64 amount = 1; string currency = 2; }',
      'line.json': '{"type":"object","title":"Line","properties":{"id":{"type":"integer"}},"required":["id"]}'
    });
    const writer = new DaemonProcess(file, { stateDir: stateDir() });
    assert.equal((await writer.exited).code, 0, writer.output);
    assert.deepEqual((await backend.use((broker) => readCommitted(broker, 'lines-bad'))).length, 2);

    await backend.use((broker) => broker.createTopics(['lines-back', 'lines-back-bad'].map((topic) => ({ topic, partitions: 1 }))));
    const back = writeTopology(`
name: lines_back
${backend.yaml}
registry: { url: "${registry.url}" }
on_error: { dead_letter: lines-back-bad }
trigger: available_now
sources:
  protobuf: { type: kafka, topic: lines-protobuf, start: earliest, codec: protobuf }
  json: { type: kafka, topic: lines-json, start: earliest, codec: { type: json, framing: confluent } }
sinks: { out: { type: kafka, from: [protobuf, json], topic: lines-back, codec: json } }
`);
    const reader = new DaemonProcess(back, { stateDir: stateDir() });
    assert.equal((await reader.exited).code, 0, reader.output);
    const texts = await backend.use((broker) => textsOf(broker, 'lines-back'));
    assert.deepEqual(texts.toSorted(), ['{"id":7,"price":{"amount":"9007199254740993","currency":"EUR"}}', '{"id":7,"price":{"amount":9007199254740993,"currency":"EUR"}}']);
  });

  it('says before the start what the registry would say then', async (t) => {
    if (!ready) return void t.skip('no Kafka or no schema registry');
    const file = placed('json-to-avro', 'check', (yaml) => yaml.replace(', auto_register: true', ''));
    await backend.use((broker) => broker.createTopics(['orders-in-check', 'orders-avro-check', 'orders-unfit-check'].map((topic) => ({ topic, partitions: 1 }))));
    const missing = await millrace(['validate', '--online', file]);
    assert.equal(missing.code, 78);
    assert.match(missing.stderr, /:\d+:\d+: registry: expected the schema under the subject orders-avro-check-value, found it not registered/);
    const refused = await millrace(['run', file, '--state-dir', stateDir(), '--http', 'off']);
    assert.equal(refused.code, 78, refused.stdout);
    assert.match(refused.stdout, /schema_not_registered.*sink avro: expected the schema under the subject orders-avro-check-value/);

    await registry.register('orders-avro-check-value', orderWith((fields) => fields.map((field) => (field.name === 'id' ? { ...field, type: 'string' } : field))));
    await registry.rule('orders-avro-check-value', 'BACKWARD');
    const incompatible = await millrace(['validate', '--online', file]);
    assert.match(incompatible.stderr, /registry: the schema is not compatible with the latest of the subject orders-avro-check-value/);
    await registry.rule('orders-avro-check-value', 'NONE');
    await registry.register('orders-avro-check-value', orderSchema);
    const good = await millrace(['validate', '--online', file]);
    assert.deepEqual([good.code, good.stderr], [0, '']);
  });

  it('an outage stops nothing that is known, not even a start', async (t) => {
    if (!ready) return void t.skip('no Kafka or no schema registry');
    const topics = { in: 'orders-away', out: 'orders-json-away', bad: 'orders-rejected-away' };
    const file = placed('avro-to-json', 'away');
    await backend.use((broker) => broker.createTopics(Object.values(topics).map((topic) => ({ topic, partitions: 1 }))));
    const id = await registry.register('orders-away-value', orderSchema);
    const write = (value: object, schemaId = id): Promise<void> => backend.use((broker) => put(broker, topics.in, [framed(schemaId, orderSchema, value)]));
    const state = stateDir();
    const daemon = new DaemonProcess(file, { stateDir: state, args: ['--session-timeout', '2', '--log-level', 'trace'] });
    await write({ ...order, id: 1 });
    await daemon.caughtUp();
    await registry.stop();
    ready = false;
    await write({ ...order, id: 2 });
    await daemon.caughtUp();
    assert.equal(await daemon.stop(), 0, daemon.output);

    const again = new DaemonProcess(file, { stateDir: state, args: ['--session-timeout', '2', '--log-level', 'trace'] });
    await write({ ...order, id: 3 });
    await again.caughtUp();
    // One that nobody has seen before waits, and holds nothing back for good: it is said why.
    await write({ ...order, id: 4 }, 4711);
    await again.until(({ topologies: [topology] }) => (topology?.lag ?? 0) > 0 && again.output.includes('registry_unavailable'));
    const texts = await backend.use((broker) => textsOf(broker, topics.out));
    assert.deepEqual(texts.map((text) => (JSON.parse(text) as { id: number }).id), [1, 2, 3]);
    await again.kill();
  });
});
