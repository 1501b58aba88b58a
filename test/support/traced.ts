import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { RuntimeEvents } from '../../actors/events.ts';
import type { Broker, OutgoingRecord } from '../../actors/port.ts';
import { createEmbeddedBroker } from '../../src/broker/embedded/index.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { noFaults } from '../../src/runtime/fault.ts';
import { Supervisor } from '../../src/runtime/supervisor.ts';
import { defaultLimits } from '../../src/runtime/topology.ts';
import { createStateDirectory } from '../../src/state/directory.ts';
import { openPositions } from '../../src/state/positions.ts';
import { createTableKeeper } from '../../src/tables/keeper.ts';
import { TraceSampler } from '../../src/telemetry/trace-sampler.ts';
import type { SamplingSettings } from '../../src/telemetry/trace-sampler.ts';
import { createTracer } from '../../src/telemetry/tracer.ts';
import { quietEvents } from '../../src/testing/quiet-events.ts';
import { planOf } from './plan.ts';
import { readCommitted } from './stream.ts';
import type { ReadRecord } from './stream.ts';

/** Topologies on an embedded broker, whose spans stay in memory. */
export class TracedWorld {
  readonly #folder = mkdtempSync(join(tmpdir(), 'millrace-traced-'));
  readonly broker: Broker;
  readonly #spans = new InMemorySpanExporter();
  readonly #events: Partial<RuntimeEvents>;
  readonly #sampling: Partial<SamplingSettings>;

  constructor(sampling: Partial<SamplingSettings> = {}, events: Partial<RuntimeEvents> = {}) {
    this.broker = createEmbeddedBroker({ path: join(this.#folder, 'topics'), partitions: 1 });
    this.#sampling = sampling;
    this.#events = events;
  }

  /** In the order in which they ended. */
  get spans(): readonly ReadableSpan[] {
    return this.#spans.getFinishedSpans();
  }

  spansOf(name: string): readonly ReadableSpan[] {
    return this.spans.filter((span) => span.name === name);
  }

  async produce(topic: string, records: readonly { readonly value: unknown; readonly headers?: OutgoingRecord['headers']; readonly key?: string; readonly timestamp?: number }[]): Promise<void> {
    await this.broker.connect();
    if (!(await this.broker.describeTopics([topic])).has(topic)) await this.broker.createTopics([{ topic, partitions: 1 }]);
    const producer = this.broker.producer();
    if (records.length > 0) await producer.send(records.map(({ value, headers = [], key, timestamp = 1000 }) => ({ topic, partition: 0, key: key === undefined ? null : Buffer.from(key), value: Buffer.from(JSON.stringify(value)), headers, timestamp })), 'none');
    await producer.close();
  }

  /** Works through what there is; the topology has `trigger: available_now`. */
  async run(yaml: string): Promise<void> {
    const plan = planOf(`${yaml}\ntrigger: { mode: available_now }\nbroker: { type: embedded, path: ${join(this.#folder, 'topics')}, partitions: 1 }\n`);
    const tracer = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: this.#spans })] }).getTracer('test');
    const sampler = new TraceSampler({ ratio: 0, parents: true, perSecond: 10, random: () => Math.random(), elapsed: () => performance.now(), ...this.#sampling });
    const memory = openPositions(this.#folder, () => undefined);
    const supervisor = new Supervisor({
      plans: [plan],
      broker: () => this.broker,
      memory,
      state: createStateDirectory(this.#folder),
      tables: createTableKeeper(this.#folder),
      createTopics: true,
      acceptOffsets: false,
      clock: systemClock,
      events: { ...quietEvents, ...this.#events },
      tracer: createTracer(tracer, sampler),
      reached: noFaults,
      limits: defaultLimits
    });
    supervisor.start();
    const [failure] = await supervisor.finished();
    memory.close();
    if (failure !== undefined) throw failure;
  }

  read(topic: string): Promise<ReadRecord[]> {
    return readCommitted(this.broker, topic);
  }

  async close(): Promise<void> {
    await this.broker.close();
  }
}

/** A sampled context as a header. */
export function sampledBy(traceId: string, spanId = 'b7ad6b7169203331', flags = '01'): readonly [string, Buffer] {
  return ['traceparent', Buffer.from(`00-${traceId}-${spanId}-${flags}`)];
}

/** A header's text; null where there is none. */
export function header({ headers }: ReadRecord, name: string): string | null {
  const value = headers.find(([key]) => key === name)?.[1];
  return value === undefined || value === null ? null : Buffer.from(value).toString();
}
