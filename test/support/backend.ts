import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Broker } from '../../actors/port.ts';
import { createEmbeddedBroker } from '../../src/broker/embedded/index.ts';
import { createKafkajsBroker } from '../../src/broker/kafkajs/index.ts';
import { kafkaOrSkip } from './kafka.ts';

/** Where a topology's topics are, as its file names it and as a test looks at it. */
export interface Backend {
  readonly name: string;
  /** The topology's `broker:` line. */
  readonly yaml: string;
  /** Opens the broker for a while; on the embedded one no daemon may run meanwhile. */
  use<T>(work: (broker: Broker) => Promise<T>): Promise<T>;
}

/** Topics in a folder of their own. */
export function embeddedBackend(): Backend {
  const path = mkdtempSync(join(tmpdir(), 'millrace-broker-'));
  return {
    name: 'embedded',
    yaml: `broker: { type: embedded, path: ${path} }`,
    use: (work) => use(createEmbeddedBroker({ path, partitions: 4 }), work)
  };
}

/** Topics on a Kafka that runs. */
export function kafkaBackend(brokers: string): Backend {
  return {
    name: 'kafka',
    yaml: `broker: { type: kafka, brokers: ["${brokers}"] }`,
    use: (work) => use(createKafkajsBroker({ brokers: [brokers], clientId: 'test' }), work)
  };
}

async function use<T>(broker: Broker, work: (broker: Broker) => Promise<T>): Promise<T> {
  await broker.connect();
  try {
    return await work(broker);
  } finally {
    await broker.close();
  }
}

/** Both brokers, for tests that hold either to the same; `open` gives null where a Kafka cannot be had, which skips the test. */
export const backends: readonly { readonly name: string; readonly open: (t: Parameters<typeof kafkaOrSkip>[0]) => Promise<Backend | null> }[] = [
  { name: 'the embedded broker', open: () => Promise.resolve(embeddedBackend()) },
  {
    name: 'Kafka',
    async open(t) {
      const kafka = await kafkaOrSkip(t);
      return kafka === null ? null : kafkaBackend(kafka.brokers);
    }
  }
];

/** A topology that marks records, with topics and group of its own. */
export interface Marked {
  readonly name: string;
  readonly topics: { readonly in: string; readonly out: string; readonly bad: string };
  readonly yaml: string;
}

/** Makes one; its topics are still to be created. */
export function markedTopology(backend: Backend, more: { delivery?: string; start?: string } = {}): Marked {
  const name = `t${randomBytes(4).toString('hex')}`;
  const topics = { in: `${name}-in`, out: `${name}-out`, bad: `${name}-bad` };
  const yaml = `
name: ${name}
${backend.yaml}
delivery: ${more.delivery ?? 'exactly_once'}
on_error: { dead_letter: ${topics.bad} }
sources:
  in: { type: kafka, topic: ${topics.in}, start: ${more.start ?? 'earliest'}, codec: json }
transforms:
  marked: { type: map, from: in, set: { seen: now() } }
sinks:
  out: { type: kafka, from: marked, topic: ${topics.out} }
`;
  return { name, topics, yaml };
}

/** Creates the topics of a marked topology. */
export async function createTopics(broker: Broker, { topics }: Marked, partitions = 4): Promise<void> {
  await broker.createTopics(Object.values(topics).map((topic) => ({ topic, partitions })));
}

/** A fresh folder for a daemon's state. */
export function stateDir(): string {
  return mkdtempSync(join(tmpdir(), 'millrace-state-'));
}
