import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Kafka, logLevel } from 'kafkajs';
import type { TopicPartition } from '../../actors/port.ts';
import { kafkaBackend, stateDir } from '../support/backend.ts';
import type { Backend } from '../support/backend.ts';
import { millrace } from '../support/cli.ts';
import type { Ran } from '../support/cli.ts';
import { countedTopology, createCountedTopics, feedCounted, verifyCounted } from '../support/counted.ts';
import type { Counted, CountedOptions } from '../support/counted.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { kafkaOrSkip } from '../support/kafka.ts';
import { writeTopology } from '../support/plan.ts';

const count = 3000;

interface Site {
  readonly backend: Backend;
  readonly counted: Counted;
  readonly file: string;
  readonly state: string;
  readonly brokers: string;
}

function start({ file, state }: Site): DaemonProcess {
  return new DaemonProcess(file, { stateDir: state, args: ['--session-timeout', '2'] });
}

/** A topology that has counted what was fed to it; `end` says how its daemon ends. */
async function afterARun(t: Parameters<typeof kafkaOrSkip>[0], options: CountedOptions, end: 'stop' | 'kill', work: (site: Site) => Promise<void>): Promise<void> {
  const kafka = await kafkaOrSkip(t);
  if (kafka === null) return;
  const backend = kafkaBackend(kafka.brokers);
  const counted = countedTopology(backend, options);
  const site = { backend, counted, file: writeTopology(counted.yaml), state: stateDir(), brokers: kafka.brokers };
  await backend.use(async (broker) => {
    await createCountedTopics(broker, counted, 2);
    await feedCounted(broker, counted.topics.in, count);
  });
  const daemon = start(site);
  await daemon.caughtUp();
  if (end === 'stop') assert.equal(await daemon.stop(), 0, daemon.output);
  else await daemon.kill();
  await work(site);
}

async function deleteGroup({ counted, brokers }: Site): Promise<void> {
  const admin = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    // One that was killed counts until its session times out.
    for (let tries = 0; ; tries += 1) {
      const gone = await admin.deleteGroups([counted.name]).then(() => true, (error: unknown) => error);
      if (gone === true) return;
      assert.ok(tries < 100, String(gone));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } finally {
    await admin.disconnect();
  }
}

function restore({ file, state }: Site, ...args: string[]): Promise<Ran> {
  return millrace(['offsets', 'restore', file, '--state-dir', state, ...args]);
}

function committed({ backend, counted }: Site): Promise<unknown[]> {
  const topics = [counted.topics.in, `${counted.name}-counts-repartition`];
  const partitions = topics.flatMap((topic): TopicPartition[] => [0, 1].map((partition) => ({ topic, partition })));
  return backend.use((broker) => broker.committed(counted.name, partitions));
}

/** Counts on from where it is, and recomputes all. */
async function goesOn(site: Site): Promise<void> {
  const { backend, counted } = site;
  await backend.use((broker) => feedCounted(broker, counted.topics.in, 900, count));
  const daemon = start(site);
  await daemon.caughtUp();
  assert.equal(await daemon.stop(), 0, daemon.output);
  assert.doesNotMatch(daemon.output, /restoring the state|put aside/);
  await backend.use((broker) => verifyCounted(broker, counted.topics.out, count + 900));
}

/** What a note says that was not written since. */
function staleBy(file: string): void {
  const note = JSON.parse(readFileSync(file, 'utf8')) as { epoch: number; offsets: Record<string, Record<string, number>> };
  const offsets = Object.fromEntries(Object.entries(note.offsets).map(([topic, at]) => [topic, Object.fromEntries(Object.keys(at).map((partition) => [partition, 0]))]));
  writeFileSync(file, JSON.stringify({ ...note, epoch: note.epoch - 1, nonce: 'earlier', offsets }));
}

describe('millrace offsets restore on Kafka', { concurrency: 3 }, () => {
  it('commits again what was there to the byte, so that state and offsets fit: shown first, then done, then nothing is left', (t) =>
    afterARun(t, {}, 'stop', async (site) => {
      const before = await committed(site);
      assert.match((await restore(site, '--yes')).stdout, /is there already[^]*There is nothing to restore/);
      await deleteGroup(site);
      const refused = start(site);
      assert.equal((await refused.exited).code, 65);
      assert.match(refused.output, /"checkpoint_lost".*offsets restore FILE/);
      const shown = await restore(site);
      assert.equal(shown.code, 0, shown.stderr);
      assert.match(shown.stdout, /counts-repartition +1 +- +\d+ +counts-1 +\d+ +is committed again/);
      assert.match(shown.stdout, /Nothing is changed yet/);
      assert.deepEqual(await committed(site), [null, null, null, null]);
      assert.match((await restore({ ...site, state: stateDir() })).stdout, /not remembered here[^]*another daemon[^]*nothing to restore/);
      const done = await restore(site, '--yes');
      assert.match(done.stdout, /Done\./);
      assert.deepEqual(await committed(site), before);
      await goesOn(site);
    }));

  it('goes by what the state was committed at, where the daemon was killed before it noted its last positions', (t) =>
    afterARun(t, { local: true }, 'kill', async (site) => {
      await deleteGroup(site);
      for (const name of readdirSync(join(site.state, 'positions'))) staleBy(join(site.state, 'positions', name));
      const done = await restore(site, '--yes');
      assert.match(done.stdout, /did not end by itself[^]*Done\./);
      await goesOn(site);
    }));

  it('is refused while it runs, and where the log has not what comes next', (t) =>
    afterARun(t, { changelog: 'off' }, 'stop', async (site) => {
      const { backend, counted } = site;
      const running = start(site);
      await running.caughtUp();
      const inUse = await restore(site, '--yes');
      assert.equal(inUse.code, 75);
      assert.match(inUse.stderr, /group_in_use/);
      assert.equal(await running.stop(), 0);
      await deleteGroup(site);
      const at = { topic: counted.topics.in, partition: 0 };
      await backend.use(async (broker) => {
        await feedCounted(broker, at.topic, 100, count);
        await broker.deleteRecords([{ ...at, offset: (await broker.listOffsets([at], 'end'))[0] as number }]);
      });
      const gone = await restore(site, '--yes');
      assert.equal(gone.code, 65);
      assert.match(gone.stderr, /offset_out_of_range: .*-in\[0\] holds \d+ to \d+, remembered is \d+\. Nothing was changed/);
      assert.deepEqual(await committed(site), [null, null, null, null]);
    }));
});
