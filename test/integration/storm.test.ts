import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { kafkaBackend, stateDir } from '../support/backend.ts';
import { countedTopology, createCountedTopics, feedCounted, verifyCounted } from '../support/counted.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { kafkaOrSkip } from '../support/kafka.ts';
import { writeTopology } from '../support/plan.ts';

const args = ['--session-timeout', '2'];
const minute = 60;
const perSecond = 1000;
/** Changes that are there before: a daemon that joins has something to restore, and leaves in the middle of it. */
const before = 60_000;

describe('a rebalance storm', () => {
  it('of a daemon that joins or leaves every second for a minute, some by kill -9, ends in the right counts', async (t) => {
    const kafka = await kafkaOrSkip(t);
    if (kafka === null) return;
    const backend = kafkaBackend(kafka.brokers);
    const counted = countedTopology(backend);
    const file = writeTopology(counted.yaml);
    await backend.use(async (broker) => {
      await createCountedTopics(broker, counted);
      await feedCounted(broker, counted.topics.in, before);
      const steady = new DaemonProcess(file, { stateDir: stateDir(), args });
      await steady.until(({ topologies }) => topologies.some(({ tasks }) => tasks.running > 0));
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
        await feedCounted(broker, counted.topics.in, perSecond, before + second * perSecond);
        await new Promise((resolve) => setTimeout(resolve, Math.max(0, started + 1000 - Date.now())));
      }
      await guest?.stop();
      // All that the last guest gave up is its own again: four tasks that read, four that count.
      await steady.until(({ topologies }) => topologies.every(({ tasks }) => tasks.running === 8));
      await steady.caughtUp();
      assert.equal(await steady.stop(), 0, steady.output);
      await verifyCounted(broker, counted.topics.out, before + minute * perSecond);
    });
  });
});
