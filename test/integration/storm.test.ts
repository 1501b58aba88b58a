import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Broker } from '../../actors/port.ts';
import { kafkaBackend, stateDir } from '../support/backend.ts';
import type { Backend } from '../support/backend.ts';
import { countedTopology, createCountedTopics, feedCounted, verifyCounted } from '../support/counted.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { kafkaOrSkip } from '../support/kafka.ts';
import { closeMatched, createMatchedTopics, feedMatched, matchedTopology, verifyMatched } from '../support/matched.ts';
import { writeTopology } from '../support/plan.ts';

const args = ['--session-timeout', '2'];
const minute = 60;

/** A topology in a storm, what is fed to it, and how its results are checked. */
interface Stormed {
  readonly yaml: string;
  /** Tasks of a daemon that is alone. */
  readonly tasks: number;
  /** Records that are there before: a daemon that joins has something to restore, and leaves in the middle of it. */
  readonly before: number;
  readonly perSecond: number;
  create(broker: Broker): Promise<void>;
  feed(broker: Broker, count: number, from: number): Promise<void>;
  verify(broker: Broker, count: number): Promise<void>;
}

function counted(backend: Backend): Stormed {
  const made = countedTopology(backend);
  return {
    yaml: made.yaml,
    // Four that read, four that count.
    tasks: 8,
    before: 60_000,
    perSecond: 1000,
    create: (broker) => createCountedTopics(broker, made),
    feed: (broker, count, from) => feedCounted(broker, made.topics.in, count, from),
    verify: (broker, count) => verifyCounted(broker, made.topics.out, count)
  };
}

function matched(backend: Backend): Stormed {
  const made = matchedTopology(backend);
  return {
    yaml: made.yaml,
    // Four that read orders, four that drop repetitions, four that read payments, four that match.
    tasks: 16,
    before: 15_000,
    perSecond: 300,
    create: (broker) => createMatchedTopics(broker, made),
    feed: (broker, count, from) => feedMatched(broker, made, count, from),
    async verify(broker, count) {
      await closeMatched(broker, made);
      await verifyMatched(broker, made, count);
    }
  };
}

async function storm(backend: Backend, stormed: Stormed): Promise<void> {
  const { yaml, tasks, before, perSecond } = stormed;
  const file = writeTopology(yaml);
  await backend.use(async (broker) => {
    await stormed.create(broker);
    await stormed.feed(broker, before, 0);
    const steady = new DaemonProcess(file, { stateDir: stateDir(), args });
    await steady.until(({ topologies }) => topologies.some(({ tasks: { running } }) => running > 0));
    // One folder is known already when its daemon comes back; the others are new, which means a restore of everything.
    const known = stateDir();
    let guest: DaemonProcess | null = null;
    for (let second = 0; second < minute; second += 1) {
      const started = Date.now();
      if (guest === null) guest = new DaemonProcess(file, { stateDir: second % 3 === 0 ? known : stateDir(), args });
      else {
        await (second % 8 === 3 ? guest.kill() : guest.stop());
        guest = null;
      }
      await stormed.feed(broker, perSecond, before + second * perSecond);
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, started + 1000 - Date.now())));
    }
    await guest?.stop();
    // All that the last guest gave up is its own again.
    await steady.until(({ topologies }) => topologies.every(({ tasks: { running } }) => running === tasks));
    await steady.caughtUp();
    await stormed.verify(broker, before + minute * perSecond);
    assert.equal(await steady.stop(), 0, steady.output);
  });
}

describe('a rebalance storm of a daemon that joins or leaves every second for a minute, some by kill -9', { concurrency: 2 }, () => {
  for (const [what, make] of [['counts', counted], ['pairs and strays, without repetitions', matched]] as const) {
    it(`ends in the right ${what}`, async (t) => {
      const kafka = await kafkaOrSkip(t);
      if (kafka === null) return;
      const backend = kafkaBackend(kafka.brokers);
      await storm(backend, make(backend));
    });
  }
});
