import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { backends, createTopics, markedTopology, stateDir } from '../support/backend.ts';
import type { Backend, Marked } from '../support/backend.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { writeTopology } from '../support/plan.ts';
import { feedNumbered, readCommitted, verifyNumbered } from '../support/stream.ts';

/** A marked topology with another source or trigger. */
function changed(marked: Marked, { source, trigger }: { source?: string; trigger?: string }): Marked {
  let { yaml } = marked;
  if (source !== undefined) yaml = yaml.replace(/ {2}in: .*/, `  in: ${source}`);
  if (trigger !== undefined) yaml = yaml.replace('\ndelivery:', `\ntrigger: ${trigger}\ndelivery:`);
  return { ...marked, yaml };
}

/** Runs until the daemon ends by itself. */
async function runToEnd(marked: Marked, state: string): Promise<DaemonProcess> {
  const daemon = new DaemonProcess(writeTopology(marked.yaml), { stateDir: state });
  const { code } = await daemon.exited;
  assert.equal(code, 0, daemon.output);
  return daemon;
}

async function written(backend: Backend, { topics }: Marked): Promise<number> {
  return backend.use(async (broker) => (await readCommitted(broker, topics.out)).length + (await readCommitted(broker, topics.bad)).length);
}

async function committedOf(backend: Backend, { name, topics }: Marked): Promise<{ committed: (number | undefined)[]; ends: number[] }> {
  const partitions = [0, 1, 2, 3].map((partition) => ({ topic: topics.in, partition }));
  return backend.use(async (broker) => ({
    committed: (await broker.committed(name, partitions)).map((commit) => commit?.offset),
    ends: await broker.listOffsets(partitions, 'end')
  }));
}

for (const { name, open } of backends) {
  describe(`sources and triggers on ${name}`, { concurrency: 2 }, () => {
    for (const delivery of ['exactly_once', 'at_least_once']) {
      it(`available_now, ${delivery}: commits the ends there were, exits 0, and does nothing when there is nothing new`, async (t) => {
        const backend = await open(t);
        if (backend === null) return;
        const marked = changed(markedTopology(backend, { delivery }), { trigger: 'available_now' });
        await backend.use(async (broker) => {
          await createTopics(broker, marked);
          await feedNumbered(broker, marked.topics.in, 3000);
          // Control records at the ends of the partitions: a transaction that commits, and one that does not.
          for (const end of ['commit', 'abort'] as const) {
            const producer = broker.transactionalProducer(`${marked.name}-feeder`, 30_000);
            await producer.open();
            const transaction = await producer.begin();
            const value = Buffer.from(end === 'commit' ? '{"id":3000,"key":"last","seq":0}' : '{"aborted":true}');
            await transaction.send([0, 1, 2, 3].map((partition) => ({ topic: marked.topics.in, partition, key: null, value: partition === 0 || end === 'abort' ? value : Buffer.from('{'), headers: [], timestamp: Date.now() })), 'none');
            await transaction[end]();
            await producer.close();
          }
          const settling = broker.transactionalProducer(`${marked.name}-feeder`, 30_000);
          await settling.open();
          await settling.close();
        });
        const state = stateDir();
        await runToEnd(marked, state);
        const first = await committedOf(backend, marked);
        assert.deepEqual(first.committed, first.ends);
        assert.equal(await written(backend, marked), 3004);
        const second = await runToEnd(marked, state);
        assert.equal(await written(backend, marked), 3004);
        assert.deepEqual(await committedOf(backend, marked), first);
        assert.ok(!second.lines.some((line) => line.includes('"level":"error"')), second.output);
        await backend.use((broker) => feedNumbered(broker, marked.topics.in, 500, 10_000));
        await runToEnd(marked, stateDir());
        assert.equal(await written(backend, marked), 3504);
      });
    }

    it('processing_time reads at each tick what there is by then, in between nothing', async (t) => {
      const backend = await open(t);
      if (backend === null) return;
      const marked = changed(markedTopology(backend), { trigger: '{ mode: processing_time, interval: 3s }' });
      await backend.use(async (broker) => {
        await createTopics(broker, marked);
        await feedNumbered(broker, marked.topics.in, 2000);
      });
      const feeder = changed(markedTopology(backend), { trigger: 'available_now' });
      await backend.use(async (broker) => {
        await createTopics(broker, feeder);
        await feedNumbered(broker, feeder.topics.in, 1000);
      });
      const daemon = new DaemonProcess(writeTopology(marked.yaml), { stateDir: stateDir() });
      await daemon.caughtUp();
      assert.equal(await daemon.stop(), 0, daemon.output);
      await backend.use((broker) => verifyNumbered(broker, marked.topics, 2000));
      // With the ticks an hour apart only the first one reads.
      const hourly = { ...marked, yaml: marked.yaml.replace('3s', '1h') };
      await backend.use((broker) => feedNumbered(broker, marked.topics.in, 1000, 2000));
      const slow = new DaemonProcess(writeTopology(hourly.yaml), { stateDir: stateDir() });
      await slow.caughtUp();
      if (name === 'Kafka') {
        await backend.use((broker) => feedNumbered(broker, marked.topics.in, 1000, 3000));
        await wait(1000);
      }
      assert.equal(await slow.stop(), 0, slow.output);
      await backend.use((broker) => verifyNumbered(broker, marked.topics, 3000));
    });

    it('rate_limit holds the pace, and loses and doubles nothing when the daemon is killed in between', async (t) => {
      const backend = await open(t);
      if (backend === null) return;
      const base = markedTopology(backend);
      const marked = changed(base, { source: `{ type: kafka, topic: ${base.topics.in}, start: earliest, rate_limit: { records: 200, bytes: 1MiB } }` });
      await backend.use(async (broker) => {
        await createTopics(broker, marked);
        await feedNumbered(broker, marked.topics.in, 20_000);
      });
      const state = stateDir();
      const daemon = new DaemonProcess(writeTopology(marked.yaml), { stateDir: state });
      const read = async (): Promise<number> => Number(new RegExp(`millrace_records_in_total\\{topology="${marked.name}",node="in",kind="source"\\} (\\d+)`).exec(await daemon.metrics())?.[1] ?? 0);
      while ((await read()) === 0) await wait(50);
      const before = { at: performance.now(), read: await read() };
      await wait(3000);
      const rate = ((await read()) - before.read) / ((performance.now() - before.at) / 1000);
      // Four tasks of 200 records each.
      assert.ok(rate > 600 && rate < 1000, `${rate} records per second`);
      await daemon.kill();
      const rest = new DaemonProcess(writeTopology(base.yaml), { stateDir: state });
      await rest.caughtUp();
      assert.equal(await rest.stop(), 0, rest.output);
      await backend.use((broker) => verifyNumbered(broker, marked.topics, 20_000));
    });

    it('start at a time, and at offsets', async (t) => {
      const backend = await open(t);
      if (backend === null) return;
      const base = markedTopology(backend);
      // Young enough not to be deleted by retention meanwhile.
      const at = Date.now() - 3_600_000;
      const record = (partition: number, n: number) => ({
        topic: base.topics.in, partition, key: null, headers: [], timestamp: at + n * 1000, value: Buffer.from(JSON.stringify({ partition, n }))
      });
      await backend.use(async (broker) => {
        await createTopics(broker, base);
        const producer = broker.producer();
        await producer.send([0, 1, 2, 3].flatMap((partition) => Array.from({ length: 10 }, (_, n) => record(partition, n))), 'none');
        await producer.close();
      });
      const seen = async (start: string): Promise<string[]> => {
        const fresh = { ...changed(base, { source: `{ type: kafka, topic: ${base.topics.in}, start: ${start} }`, trigger: 'available_now' }) };
        const group = markedTopology(backend).name;
        const before = await backend.use((broker) => readCommitted(broker, base.topics.out));
        await runToEnd({ ...fresh, yaml: fresh.yaml.replace(/^name: .*/m, `name: ${group}`) }, stateDir());
        const after = await backend.use((broker) => readCommitted(broker, base.topics.out));
        const key = ({ value, partition, offset }: { value: Uint8Array | null; partition: number; offset: number }): [string, string] => {
          const { partition: from, n } = JSON.parse(Buffer.from(value ?? []).toString()) as { partition: number; n: number };
          return [`${partition}/${offset}`, `${from}:${n}`];
        };
        const old = new Set(before.map((each) => key(each)[0]));
        return after.map(key).filter(([place]) => !old.has(place)).map(([, what]) => what).toSorted();
      };
      const expected = (from: readonly number[]): string[] => from.flatMap((first, partition) => Array.from({ length: 10 - first }, (_, n) => `${partition}:${first + n}`)).toSorted();
      assert.deepEqual(await seen(`{ timestamp: ${new Date(at + 6000).toISOString()} }`), expected([6, 6, 6, 6]));
      assert.deepEqual(await seen('{ offsets: { 0: 4, 1: latest, 3: 10 } }'), expected([4, 10, 0, 10]));
      assert.deepEqual(await seen('latest'), []);
    });

    it('a pattern takes the topics that are there and those that come, from their first record, also with start: latest', async (t) => {
      const backend = await open(t);
      if (backend === null) return;
      const base = markedTopology(backend);
      const source = `{ type: kafka, pattern: '${base.name}-in(-.*)?', start: latest }`;
      const marked = changed(base, { source });
      await backend.use(async (broker) => {
        await createTopics(broker, marked);
        await feedNumbered(broker, marked.topics.in, 100);
      });
      const state = stateDir();
      const first = new DaemonProcess(writeTopology(marked.yaml), { stateDir: state });
      await first.caughtUp();
      const later = `${base.name}-in-later`;
      const make = async (): Promise<void> => {
        await backend.use(async (broker) => {
          await broker.createTopics([{ topic: later, partitions: 8 }]);
          await feedNumbered(broker, later, 1000);
        });
      };
      // The embedded broker is the daemon's alone: there the topic comes while it stands still.
      if (name === 'Kafka') {
        await make();
        await first.until(({ topologies }) => topologies[0]?.tasks.running === 8);
        await first.caughtUp();
        assert.equal(await first.stop(), 0, first.output);
        await backend.use((broker) => feedNumbered(broker, later, 500, 1000));
      } else {
        assert.equal(await first.stop(), 0, first.output);
        await make();
        await backend.use((broker) => feedNumbered(broker, later, 500, 1000));
      }
      const second = new DaemonProcess(writeTopology(marked.yaml), { stateDir: state });
      await second.until(({ topologies }) => topologies[0]?.tasks.running === 8);
      await second.caughtUp();
      assert.equal(await second.stop(), 0, second.output);
      await backend.use((broker) => verifyNumbered(broker, marked.topics, 1500));
    });
  });
}
