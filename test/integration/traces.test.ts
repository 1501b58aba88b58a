import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { Broker } from '../../actors/port.ts';
import { kafkaBackend, stateDir } from '../support/backend.ts';
import type { Backend } from '../support/backend.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { jaegerOrSkip } from '../support/jaeger.ts';
import type { Jaeger, JaegerSpan, JaegerTrace } from '../support/jaeger.ts';
import { kafkaOrSkip, stopSharedKafka } from '../support/kafka.ts';
import type { Skippable } from '../support/kafka.ts';
import { writeTopology } from '../support/plan.ts';
import { readCommitted } from '../support/stream.ts';
import { header, sampledBy } from '../support/traced.ts';
import { secret } from '../support/secrets.ts';

/** A key as collectors ask for one; Jaeger takes it as any other. */
const headers = `authorization=Bearer%20${secret('key-of-the-collector', 'header')}`;

/** A topology with a filter, an enrichment and a window behind a repartition topic, whose topics are its own. */
function orders(backend: Backend): { readonly file: string; readonly name: string } {
  const name = `t${randomBytes(4).toString('hex')}`;
  const yaml = `
name: ${name}
${backend.yaml}
delivery: exactly_once
sources:
  orders: { type: kafka, topic: ${name}-orders, start: earliest }
tables:
  users: { type: file, path: users.ndjson, key: id }
transforms:
  large: { type: filter, from: orders, where: value.amount > 10 }
  known: { type: enrich, from: large, table: users, key: value.user, into: user }
  per_minute: { type: window, from: known, key: value.user, window: { type: tumbling, size: 1m }, aggregate: { count: count() }, emit: update, late: drop }
sinks:
  out: { type: kafka, from: known, topic: ${name}-out }
  counts: { type: kafka, from: per_minute, topic: ${name}-counts }
`;
  return { name, file: writeTopology(yaml, { 'users.ndjson': '{"id":"u1","name":"Ada"}\n' }) };
}

async function createTopics(broker: Broker, name: string): Promise<void> {
  await broker.createTopics(['orders', 'out', 'counts'].map((topic) => ({ topic: `${name}-${topic}`, partitions: 2 })));
}

interface Order {
  readonly partition?: number;
  readonly amount?: number;
  readonly traceId?: string;
}

async function produce(broker: Broker, name: string, wanted: readonly Order[]): Promise<void> {
  const producer = broker.producer();
  await producer.send(wanted.map(({ partition = 0, amount = 50, traceId }) => ({
    topic: `${name}-orders`, partition, key: null, value: Buffer.from(JSON.stringify({ user: 'u1', amount })), headers: traceId === undefined ? [] : [sampledBy(traceId)], timestamp: Date.now()
  })), 'none');
  await producer.close();
}

const newTrace = (): string => randomBytes(16).toString('hex');

/** Kafka and a Jaeger; null, and the test is skipped, where they cannot be had. */
async function services(t: Skippable): Promise<{ readonly backend: Backend; readonly jaeger: Jaeger } | null> {
  const kafka = await kafkaOrSkip(t);
  if (kafka === null) return null;
  const jaeger = await jaegerOrSkip(t);
  return jaeger === null ? null : { backend: kafkaBackend(kafka.brokers), jaeger };
}

after(stopSharedKafka);

const tag = (span: JaegerSpan, key: string): unknown => span.tags.find((each) => each.key === key)?.value;

/** Names of a span and of those above it, up to the producer's. */
function pathOf(trace: JaegerTrace, span: JaegerSpan): string[] {
  // A parent that Jaeger does not have it shows as a link.
  const parent = span.references.find(({ refType }) => refType === 'CHILD_OF') ?? span.references[0];
  const above = trace.spans.find(({ spanID }) => spanID === parent?.spanID);
  return [...(above === undefined ? [parent?.spanID ?? 'none'] : pathOf(trace, above)), span.operationName];
}

describe('traces in Jaeger', () => {
  it('one record\'s trace leads through a filter, an enrichment, a sink, and over a hop to the result of a window', async (t) => {
    const found = await services(t);
    if (found === null) return;
    const { backend, jaeger } = found;
    const { name, file } = orders(backend);
    const traceId = newTrace();
    const daemon = await backend.use(async (broker) => {
      await createTopics(broker, name);
      await produce(broker, name, [{ amount: 5 }, { traceId }, { partition: 1 }]);
      const started = new DaemonProcess(file, { stateDir: stateDir(), args: ['--traces', jaeger.grpc, '--log-level', 'trace'], env: { OTEL_EXPORTER_OTLP_TRACES_HEADERS: headers, OTEL_TRACES_SAMPLER: 'parentbased_always_off', OTEL_BSP_SCHEDULE_DELAY: '100', OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test' } });
      return started;
    });
    const hop = `${name}-per_minute-repartition`;
    const trace = await jaeger.trace(traceId, ({ spans }) => [`send ${name}-counts`, `commit ${hop}`, `commit ${name}-orders`, `send ${name}-out`].every((each) => spans.some(({ operationName }) => operationName === each)), 30_000);
    const the = (operation: string): JaegerSpan => trace.spans.find(({ operationName }) => operationName === operation) ?? assert.fail(operation);
    const poll = ['b7ad6b7169203331', `poll ${name}-orders`];
    assert.deepEqual(pathOf(trace, the(`send ${name}-out`)), [...poll, 'process large', 'process known', `send ${name}-out`]);
    assert.deepEqual(pathOf(trace, the(`commit ${name}-orders`)), [...poll, `commit ${name}-orders`]);
    assert.deepEqual(pathOf(trace, the(`send ${name}-counts`)), [...poll, 'process large', 'process known', 'process per_minute', 'process per_minute', `send ${hop}`, `poll ${hop}`, 'process per_minute', 'process per_minute', `send ${name}-counts`]);
    const [host, port] = backend.yaml.match(/"(.*):(\d+)"/)?.slice(1) ?? [];
    const expected = {
      'span.kind': 'client', 'messaging.system': 'kafka', 'messaging.operation.name': 'poll', 'messaging.operation.type': 'receive', 'messaging.destination.name': `${name}-orders`, 'messaging.destination.partition.id': '0',
      'messaging.consumer.group.name': name, 'messaging.batch.message_count': 2, 'messaging.kafka.offset': 0, 'server.address': host, 'server.port': Number(port), 'millrace.topology': name
    };
    assert.deepEqual(Object.fromEntries(Object.keys(expected).map((key) => [key, tag(the(`poll ${name}-orders`), key)])), expected);
    assert.equal(trace.processes[the(`poll ${name}-orders`).processID]?.serviceName, 'millrace');
    assert.doesNotMatch(JSON.stringify(trace), /Ada/);
    const [out, count] = await backend.use(async (broker) => [(await readCommitted(broker, `${name}-out`)).filter((record) => header(record, 'traceparent') !== null), await readCommitted(broker, `${name}-counts`)] as const);
    assert.deepEqual(out.map((record) => header(record, 'traceparent')), [`00-${traceId}-${the(`send ${name}-out`).spanID}-01`]);
    assert.ok(count.some((record) => header(record, 'traceparent')?.slice(3, 35) === traceId));
    assert.equal(await daemon.stop(), 0);
    await jaeger.stop();
  });

  it('a collector that hangs and one that is gone hold nothing up; what is dropped is counted; traces come again', async (t) => {
    const found = await services(t);
    if (found === null) return;
    const { backend, jaeger } = found;
    const { name, file } = orders(backend);
    const env = { OTEL_EXPORTER_OTLP_HEADERS: headers, OTEL_EXPORTER_OTLP_ENDPOINT: jaeger.http, OTEL_BSP_SCHEDULE_DELAY: '50', OTEL_BSP_MAX_QUEUE_SIZE: '40', OTEL_EXPORTER_OTLP_TIMEOUT: '1000' };
    const daemon = await backend.use(async (broker) => {
      await createTopics(broker, name);
      await produce(broker, name, [{ traceId: newTrace() }, { partition: 1 }]);
      const started = new DaemonProcess(file, { stateDir: stateDir(), env });
      await started.caughtUp();
      const dropped = async (): Promise<number> => Number(/^millrace_trace_spans_dropped_total\S* (\d+)/m.exec(await started.metrics())?.[1] ?? 0);
      // Committed while it hangs, and while it is gone.
      jaeger.pause();
      await feed(broker, name, 40);
      await started.caughtUp();
      const whileItHangs = await dropped();
      assert.ok(whileItHangs > 0, 'nothing was dropped while the collector hung');
      await jaeger.stop();
      await feed(broker, name, 40);
      await started.caughtUp();
      assert.ok((await dropped()) > whileItHangs, 'nothing was dropped while the collector was gone');
      assert.match(started.output, /traces are not taken/);
      await jaeger.start();
      await wait(1500);
      const traceId = newTrace();
      await produce(broker, name, [{ traceId }]);
      await jaeger.trace(traceId, ({ spans }) => spans.some(({ operationName }) => operationName === `commit ${name}-orders`));
      return started;
    });
    assert.equal(await daemon.stop(), 0);
    const written = await backend.use((broker) => readCommitted(broker, `${name}-out`));
    assert.equal(written.length, 83);
    await jaeger.stop();
  });
});

/** Records one by one, each with a trace of its own. */
async function feed(broker: Broker, name: string, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    await produce(broker, name, [{ traceId: newTrace() }]);
    await wait(20);
  }
}
