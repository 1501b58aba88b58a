import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Broker } from '../../actors/port.ts';
import { backends, createTopics, markedTopology, stateDir } from '../support/backend.ts';
import type { Marked } from '../support/backend.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { writeTopology } from '../support/plan.ts';
import { feedNumbered, readCommitted, verifyNumbered } from '../support/stream.ts';

/** Commits offsets as another program would: in a transaction of its own, with metadata of its own. */
async function commitAs(broker: Broker, { name, topics }: Marked, offset: number, metadata: string): Promise<void> {
  const producer = broker.transactionalProducer(`${name}-other`, 10_000);
  await producer.open();
  const transaction = await producer.begin();
  await transaction.sendOffsets(name, [{ topic: topics.in, partition: 1, offset, metadata }]);
  await transaction.commit();
  await producer.close();
}

async function runUntilCaughtUp(file: string, state: string): Promise<void> {
  const daemon = new DaemonProcess(file, { stateDir: state, args: ['--session-timeout', '2'] });
  await daemon.caughtUp();
  assert.equal(await daemon.stop(), 0, daemon.output);
}

async function refused(file: string, state: string, code: string, message: RegExp): Promise<void> {
  const daemon = new DaemonProcess(file, { stateDir: state, args: ['--session-timeout', '2'] });
  const { code: exit } = await daemon.exited;
  assert.equal(exit, 65, daemon.output);
  assert.ok(daemon.lines.some((line) => line.includes(`"${code}"`) && message.test(line)), daemon.output);
}

for (const { name, open } of backends) {
  describe(`offsets on ${name}`, { concurrency: 2 }, () => {
    it('a first start at latest, killed before its first commit, misses nothing that came after it', async (t) => {
      const backend = await open(t);
      if (backend === null) return;
      const marked = markedTopology(backend, { start: 'latest' });
      const file = writeTopology(marked.yaml);
      const state = stateDir();
      await backend.use(async (broker) => {
        await createTopics(broker, marked);
        await feedNumbered(broker, marked.topics.in, 500);
      });
      const first = new DaemonProcess(file, { stateDir: state, args: ['--session-timeout', '2'] });
      await first.until(({ ready, topologies }) => ready && topologies[0]?.tasks.running === 4);
      await first.kill();
      await backend.use((broker) => feedNumbered(broker, marked.topics.in, 500, 500));
      await runUntilCaughtUp(file, state);
      await backend.use(async (broker) => {
        const records = [...(await readCommitted(broker, marked.topics.out)), ...(await readCommitted(broker, marked.topics.bad))];
        const ids = records.map(({ value }) => Number(/"id":(\d+)/.exec(Buffer.from(value ?? []).toString())?.[1])).toSorted((a, b) => a - b);
        assert.deepEqual(ids, Array.from({ length: 500 }, (_, index) => index + 500));
      });
    });

    it('offsets set by another tool: it stops and says which', async (t) => {
      const backend = await open(t);
      if (backend === null) return;
      const marked = markedTopology(backend);
      const file = writeTopology(marked.yaml);
      const state = stateDir();
      await backend.use(async (broker) => {
        await createTopics(broker, marked);
        await feedNumbered(broker, marked.topics.in, 200);
      });
      await runUntilCaughtUp(file, state);
      await backend.use((broker) => commitAs(broker, marked, 3, ''));
      await refused(file, state, 'foreign_commit', new RegExp(`offset 3 for ${marked.topics.in}\\[1\\] with no metadata`));
      await refused(file, stateDir(), 'foreign_commit', new RegExp(`offset 3 for ${marked.topics.in}\\[1\\]`));
    });

    it('a stop and a start in between change nothing', async (t) => {
      const backend = await open(t);
      if (backend === null) return;
      const marked = markedTopology(backend);
      const file = writeTopology(marked.yaml);
      const state = stateDir();
      await backend.use((broker) => createTopics(broker, marked));
      for (const from of [0, 1000, 2000]) {
        await backend.use((broker) => feedNumbered(broker, marked.topics.in, 1000, from));
        await runUntilCaughtUp(file, state);
      }
      await backend.use((broker) => verifyNumbered(broker, marked.topics, 3000));
    });

    it('at least once: everything is there, in order per key', async (t) => {
      const backend = await open(t);
      if (backend === null) return;
      const marked = markedTopology(backend, { delivery: 'at_least_once' });
      const file = writeTopology(marked.yaml);
      const state = stateDir();
      await backend.use(async (broker) => {
        await createTopics(broker, marked);
        await feedNumbered(broker, marked.topics.in, 3000);
      });
      await runUntilCaughtUp(file, state);
      await backend.use((broker) => verifyNumbered(broker, marked.topics, 3000));
    });
  });
}
