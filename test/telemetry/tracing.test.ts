import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { header, sampledBy, TracedWorld } from '../support/traced.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const other = '0af7651916cd43dd8448eb211c80319c';

const stateless = `
name: traced
delivery: exactly_once
on_error: skip
sources:
  orders: { type: kafka, topic: orders, start: earliest, codec: json }
transforms:
  large: { type: filter, from: orders, where: value.amount > 10 }
  marked: { type: map, from: large, set: { seen: "true" } }
sinks:
  out: { type: kafka, from: marked, topic: out }
`;

const parentOf = (span: ReadableSpan | undefined): string | undefined => span?.parentSpanContext?.spanId;
const idOf = (span: ReadableSpan | undefined): string | undefined => span?.spanContext().spanId;

describe('a traced batch', () => {
  const world = new TracedWorld();
  before(async () => {
    await world.produce('orders', [
      { value: { amount: 5 } },
      { value: { amount: 50 }, headers: [['kind', Buffer.from('a')], sampledBy(traceId), ['tracestate', Buffer.from('vendor=1')]] }
    ]);
    await world.run(stateless);
  });
  after(() => world.close());

  it('is one trace, the producer\'s, from poll to commit', () => {
    assert.deepEqual(world.spans.map(({ name }) => name).toSorted(), ['commit orders', 'poll orders', 'process large', 'process marked', 'send out']);
    for (const span of world.spans) assert.equal(span.spanContext().traceId, traceId);
    const [poll, large, marked, send, commit] = ['poll orders', 'process large', 'process marked', 'send out', 'commit orders'].map((name) => world.spansOf(name)[0]);
    assert.equal(parentOf(poll), 'b7ad6b7169203331');
    assert.deepEqual(poll?.links.map(({ context }) => context.spanId), ['b7ad6b7169203331']);
    assert.deepEqual([large, marked, send, commit].map(parentOf), [idOf(poll), idOf(large), idOf(marked), idOf(poll)]);
  });

  it('has the conventions\' attributes, and no data', () => {
    const { 'millrace.task': task, ...poll } = world.spansOf('poll orders')[0]?.attributes ?? {};
    assert.match(String(task), /0$/);
    assert.deepEqual(poll, {
      'messaging.system': 'kafka', 'messaging.operation.name': 'poll', 'messaging.operation.type': 'receive', 'messaging.destination.name': 'orders', 'messaging.destination.partition.id': '0',
      'messaging.consumer.group.name': 'traced', 'messaging.batch.message_count': 2, 'messaging.kafka.offset': 0, 'millrace.topology': 'traced'
    });
    assert.equal(world.spansOf('commit orders')[0]?.attributes['messaging.operation.type'], 'settle');
    assert.equal(world.spansOf('send out')[0]?.attributes['messaging.batch.message_count'], 1);
    assert.equal(world.spansOf('process marked')[0]?.attributes['millrace.node'], 'marked');
  });

  it('gives its outputs the context of their send, in the place of the producer\'s', async () => {
    const [record] = await world.read('out');
    assert.ok(record !== undefined);
    assert.equal(header(record, 'traceparent'), `00-${traceId}-${idOf(world.spansOf('send out')[0])}-01`);
    assert.equal(header(record, 'tracestate'), 'vendor=1');
    assert.deepEqual(record.headers.map(([name]) => name), ['kind', 'traceparent', 'tracestate']);
  });
});

it('a batch of several traces is one of its own, with links to at most 32 of them', async () => {
  const world = new TracedWorld();
  const records = Array.from({ length: 40 }, (_, index) => ({ value: { amount: 50 }, headers: [sampledBy(index < 2 ? traceId : other, (index + 1).toString(16).padStart(16, '0'))] }));
  await world.produce('orders', records);
  await world.run(stateless);
  const [poll] = world.spansOf('poll orders');
  assert.equal(poll?.parentSpanContext, undefined);
  assert.equal(poll?.links.length, 32);
  assert.equal(poll?.links[0]?.context.traceId, traceId);
  assert.equal(new Set(world.spans.map((span) => span.spanContext().traceId)).size, 1);
  await world.close();
});

it('what is not traced keeps its headers byte for byte, and has no span', async () => {
  const world = new TracedWorld();
  const headers = [['a', Buffer.from([0, 255])], sampledBy(traceId, 'b7ad6b7169203331', '00'), ['a', null]] as const;
  await world.produce('orders', [{ value: { amount: 50 }, headers }]);
  await world.run(stateless);
  assert.deepEqual(world.spans, []);
  const [record] = await world.read('out');
  assert.deepEqual(record?.headers.map(([name, value]) => [name, value === null ? null : Buffer.from(value)]), headers);
  await world.close();
});

it('a record that fails is told with the span in which it failed', async () => {
  const told: unknown[] = [];
  const world = new TracedWorld({ ratio: 1 }, { recordsFailed: (_topology, node, { code, trace }) => told.push({ node, code, trace: trace?.traceparent }) });
  await world.produce('orders', [{ value: { amount: 'none' } }]);
  await world.run(stateless);
  const span = world.spansOf('process large')[0]?.spanContext();
  assert.deepEqual(told, [{ node: 'large', code: 'expression_failed', trace: `00-${span?.traceId}-${span?.spanId}-01` }]);
  await world.close();
});

const windowed = (key: string, emit: string): string => `
name: windows
delivery: exactly_once
sources:
  orders: { type: kafka, topic: orders, start: earliest, codec: json }
transforms:
  per_minute: { type: window, from: orders, key: ${key}, window: { type: tumbling, size: 1m }, aggregate: { count: count() }, emit: ${emit}, late: drop }
sinks:
  out: { type: kafka, from: per_minute, topic: out }
`;

for (const [what, key] of [['in its own task', 'key'], ['behind a repartition topic', 'value.kind']] as const) {
  it(`the result of a window goes on with the trace of what it counts, epochs and restarts later, ${what}`, async () => {
    const world = new TracedWorld();
    await world.produce('orders', [
      { value: { kind: 'a' }, key: 'a', headers: [sampledBy(traceId)], timestamp: 1000 },
      { value: { kind: 'b' }, key: 'b', timestamp: 1000 }
    ]);
    await world.run(windowed(key, 'final'));
    assert.deepEqual(await world.read('out'), []);
    const before = world.spans.length;
    await world.produce('orders', [{ value: { kind: 'c' }, key: 'c', timestamp: 200_000 }]);
    await world.run(windowed(key, 'final'));
    const results = (await world.read('out')).map((record) => [Buffer.from(record.key ?? []).toString(), header(record, 'traceparent')?.slice(3, 35)]);
    assert.deepEqual(results.find(([name]) => name === 'a-0'), ['a-0', traceId]);
    assert.ok(world.spans.slice(0, before).some(({ name }) => name === 'process per_minute'));
    const late = world.spans.slice(before);
    assert.deepEqual(late.map(({ name }) => name), ['process per_minute', 'send out']);
    assert.ok(world.spans.slice(0, before).some((span) => span.name === 'process per_minute' && idOf(span) === parentOf(late[0])));
    // Told once: nothing waits any more.
    await world.produce('orders', [{ value: { kind: 'd' }, key: 'd', timestamp: 400_000 }]);
    await world.run(windowed(key, 'final'));
    assert.equal(world.spans.length, before + 2);
    await world.close();
  });
}

it('a pair goes on with the traces of both, also of the one that was held', async () => {
  const world = new TracedWorld();
  const topology = `
name: pairs
delivery: exactly_once
sources:
  orders: { type: kafka, topic: orders, start: earliest, codec: json }
  paid: { type: kafka, topic: paid, start: earliest, codec: json }
transforms:
  both: { type: join, from: orders, with: paid, within: 1m, key: key, late: drop }
sinks:
  out: { type: kafka, from: both, topic: out }
`;
  await world.produce('orders', [{ value: { id: 1 }, key: 'a', headers: [sampledBy(traceId)] }]);
  await world.produce('paid', []);
  await world.run(topology);
  const before = world.spans.length;
  await world.produce('paid', [{ value: { id: 1 }, key: 'a' }]);
  await world.run(topology);
  const [record] = await world.read('out');
  assert.ok(record !== undefined);
  assert.equal(header(record, 'traceparent')?.slice(3, 35), traceId);
  assert.deepEqual(world.spans.slice(before).map(({ name }) => name), ['process both', 'send out']);
  await world.close();
});
