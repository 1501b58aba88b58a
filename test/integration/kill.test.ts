import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createTopics, embeddedBackend, kafkaBackend, markedTopology, stateDir } from '../support/backend.ts';
import type { Backend } from '../support/backend.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { kafkaOrSkip } from '../support/kafka.ts';
import { writeTopology } from '../support/plan.ts';
import { feedNumbered, verifyNumbered } from '../support/stream.ts';

const count = 12_000;
const points = ['P0', 'P1', 'P2', 'P3', 'P4', 'P5', 'P6'];

/** Feeds, starts a daemon that kills itself at a point of its second epoch there, starts another, and recomputes. */
async function killedAt(backend: Backend, point: string): Promise<void> {
  const marked = markedTopology(backend);
  const file = writeTopology(marked.yaml);
  const state = stateDir();
  await backend.use(async (broker) => {
    await createTopics(broker, marked);
    await feedNumbered(broker, marked.topics.in, count);
  });
  const first = new DaemonProcess(file, { stateDir: state, env: { MILLRACE_FAULT_AT: `${point}:kill@2` }, args: ['--session-timeout', '2'] });
  const { signal } = await first.exited;
  assert.equal(signal, 'SIGKILL', first.output);
  const second = new DaemonProcess(file, { stateDir: state, args: ['--session-timeout', '2'] });
  await second.caughtUp();
  assert.equal(await second.stop(), 0, second.output);
  await backend.use((broker) => verifyNumbered(broker, marked.topics, count));
}

describe('kill -9 between any two steps of a checkpoint, on the embedded broker', { concurrency: 2 }, () => {
  for (const point of points) it(`at ${point}: each input has its effect once, in order`, () => killedAt(embeddedBackend(), point));
});

describe('kill -9 between any two steps of a checkpoint, on Kafka', { concurrency: 4 }, () => {
  for (const point of points) {
    it(`at ${point}: each input has its effect once, in order`, async (t) => {
      const kafka = await kafkaOrSkip(t);
      if (kafka !== null) await killedAt(kafkaBackend(kafka.brokers), point);
    });
  }
});
