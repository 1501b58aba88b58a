import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { Broker } from '../../actors/port.ts';
import { createTopics, kafkaBackend, markedTopology, stateDir } from '../support/backend.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { kafkaOrSkip, ownKafkaOrSkip } from '../support/kafka.ts';
import { writeTopology } from '../support/plan.ts';
import { feedNumbered, verifyNumbered } from '../support/stream.ts';

/** Peak resident memory of a process, in MB, as Linux counts it. */
function peakMemory(pid: number): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

const waiting = ({ ready, topologies }: Awaited<ReturnType<DaemonProcess['readiness']>>): boolean => !ready && topologies.every(({ state }) => state === 'waiting');

describe('Kafka away', { concurrency: 2 }, () => {
  for (const delivery of ['exactly_once', 'at_least_once']) {
    it(`at the start and in mid-stream: it waits, says so, and goes on (${delivery})`, async (t) => {
      const kafka = await ownKafkaOrSkip(t);
      if (kafka === null) return;
      const backend = kafkaBackend(kafka.brokers);
      const marked = markedTopology(backend, { delivery });
      const file = writeTopology(marked.yaml);
      await backend.use((broker) => createTopics(broker, marked));
      kafka.kill();
      const daemon = new DaemonProcess(file, { stateDir: stateDir() });
      await daemon.until(waiting);
      await daemon.told(/"broker_unavailable".*waiting for the broker/);
      await kafka.restart();
      await daemon.caughtUp();

      const feed = (from: number): Promise<void> => backend.use((broker: Broker) => feedNumbered(broker, marked.topics.in, 5000, from));
      await feed(0);
      kafka.kill();
      await daemon.until(waiting);
      await wait(3000);
      await kafka.restart();
      await feed(5000);
      await daemon.caughtUp();
      assert.equal(await daemon.stop(), 0, daemon.output);
      if (delivery === 'exactly_once') await backend.use((broker) => verifyNumbered(broker, marked.topics, 10_000));
      await kafka.stop();
    });
  }
});

describe('a backlog of a million records', () => {
  it('is worked off with a heap of 128 MB, in less than 400 MB of memory', async (t) => {
    const kafka = await kafkaOrSkip(t);
    if (kafka === null) return;
    const backend = kafkaBackend(kafka.brokers);
    const marked = markedTopology(backend);
    const file = writeTopology(marked.yaml);
    await backend.use(async (broker) => {
      await createTopics(broker, marked);
      await feedNumbered(broker, marked.topics.in, 1_000_000);
    });
    // V8 lets garbage grow to several times what lives, the more the slower the machine: with a heap that has no room for it what lives shows. Without the compiler's cache that tests share, which is memory too.
    const daemon = new DaemonProcess(file, { stateDir: stateDir(), env: { NODE_DISABLE_COMPILE_CACHE: '1', NODE_OPTIONS: '--max-old-space-size=128' } });
    await daemon.caughtUp(120_000);
    const peak = peakMemory(daemon.child.pid as number);
    assert.ok(peak < 400, `${peak} MB`);
    t.diagnostic(`peak resident memory ${Math.round(peak)} MB`);
    assert.equal(await daemon.stop(), 0);
    await backend.use((broker) => verifyNumbered(broker, marked.topics, 1_000_000));
  });
});
