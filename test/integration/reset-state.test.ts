import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Kafka, logLevel } from 'kafkajs';
import { backends, kafkaBackend, stateDir } from '../support/backend.ts';
import type { Backend } from '../support/backend.ts';
import { millrace } from '../support/cli.ts';
import { countedTopology, createCountedTopics, feedCounted, verifyCounted } from '../support/counted.ts';
import type { Counted, CountedOptions } from '../support/counted.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { kafkaOrSkip } from '../support/kafka.ts';
import { writeTopology } from '../support/plan.ts';

/** Two and a half minutes of events: the last window is open. */
const count = 3000;

interface Site {
  readonly backend: Backend;
  readonly counted: Counted;
  readonly file: string;
  readonly state: string;
}

/** A topology that has counted what was fed to it, and is stopped. */
async function afterARun(backend: Backend, options: CountedOptions = {}): Promise<Site> {
  const counted = countedTopology(backend, options);
  const site = { backend, counted, file: writeTopology(counted.yaml), state: stateDir() };
  await backend.use((broker) => createCountedTopics(broker, counted, 2));
  await feed(site, 0, count);
  await run(site);
  return site;
}

function feed({ backend, counted }: Site, from: number, to: number): Promise<void> {
  return backend.use((broker) => feedCounted(broker, counted.topics.in, to - from, from));
}

async function run({ file }: Site, state: string): Promise<string>;
async function run(site: Site): Promise<string>;
async function run({ file, state: own }: Site, state = own): Promise<string> {
  const daemon = new DaemonProcess(file, { stateDir: state, args: ['--session-timeout', '2'] });
  await daemon.caughtUp();
  assert.equal(await daemon.stop(), 0, daemon.output);
  return daemon.output;
}

async function reset({ file, state }: Pick<Site, 'file' | 'state'>, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await millrace(['offsets', 'reset', file, '--state-dir', state, ...args]);
  assert.equal(code, 0, stderr);
  return stdout;
}

function copyOf(state: string): string {
  const copy = stateDir();
  cpSync(state, copy, { recursive: true });
  return copy;
}

for (const { name, open } of backends) {
  describe(`offsets reset of a topology with keyed state on ${name}`, { concurrency: 4 }, () => {
    it('wants to be told what becomes of the state', async (t) => {
      const backend = await open(t);
      if (backend === null) return;
      const counted = countedTopology(backend);
      await backend.use((broker) => createCountedTopics(broker, counted, 2));
      const file = writeTopology(counted.yaml);
      const unsaid = await millrace(['offsets', 'reset', file, '--to', 'earliest']);
      assert.equal(unsaid.code, 64);
      assert.match(unsaid.stderr, /has keyed state \(counts\).*\n +--state drop .*\n +--state keep /);
      const part = await millrace(['offsets', 'reset', file, '--to', 'earliest', '--state', 'drop', '--partition', '1']);
      assert.match(part.stderr, /--state drop is for the whole topology, without --partition/);
      const wrong = await millrace(['offsets', 'reset', file, '--to', 'earliest', '--state', 'dorp']);
      assert.match(wrong.stderr, /--state is keep or drop, not dorp/);
    });

    for (const changelog of ['on', 'off'] as const) {
      it(`keep: the state is taken as it is, once and again, with changelog ${changelog}`, async (t) => {
        const backend = await open(t);
        if (backend === null) return;
        const site = await afterARun(backend, { changelog });
        await reset(site, '--to', 'latest', '--state', 'keep', '--yes');
        assert.match(await reset(site, '--to', 'latest', '--state', 'keep', '--yes'), /State stays as it is/);
        await feed(site, count, count + 600);
        assert.doesNotMatch(await run(site), /restoring the state/);
        if (changelog === 'on') {
          await reset(site, '--to', 'latest', '--state', 'keep', '--yes');
          await feed(site, count + 600, count + 900);
          assert.match(await run(site, stateDir()), /restoring the state of counts-\d: 0 of/);
        }
        await backend.use((broker) => verifyCounted(broker, counted(site), count + (changelog === 'on' ? 900 : 600)));
      });

      it(`drop: it begins empty, whoever has old state, with changelog ${changelog}`, async (t) => {
        const backend = await open(t);
        if (backend === null) return;
        const site = await afterARun(backend, { changelog });
        const old = copyOf(site.state);
        const shown = await reset(site, '--to', 'latest', '--state', 'drop');
        assert.match(shown, /State begins empty, on every machine\. On this one: counts-0, counts-1\./);
        assert.equal(/Deleted, .*-counts-changelog\./.test(shown), changelog === 'on');
        assert.match(await reset(site, '--to', 'latest', '--state', 'drop', '--yes'), /Done\./);
        await feed(site, count, count + 900);
        const after = await run(site, changelog === 'on' ? stateDir() : old);
        assert.match(after, /"topology":/);
        await feed(site, count + 900, count + 1200);
        if (changelog === 'on') await run(site, old);
        await feed(site, count + 1200, count + 1500);
        await run(site, old);
        await backend.use((broker) => verifyCounted(broker, counted(site), count + 1500, { once: false, from: count }));
      });
    }
  });
}

function counted(site: Site): string {
  return site.counted.topics.out;
}

describe('offsets reset of a topology with keyed state whose group is gone', () => {
  it('drop: epochs are above all that were, so that old state on another machine is not taken', async (t) => {
    const kafka = await kafkaOrSkip(t);
    if (kafka === null) return;
    const site = await afterARun(kafkaBackend(kafka.brokers));
    const admin = new Kafka({ brokers: [kafka.brokers], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    await admin.deleteGroups([site.counted.name]).finally(() => admin.disconnect());
    const keep = await millrace(['offsets', 'reset', site.file, '--to', 'latest', '--state', 'keep', '--yes', '--state-dir', site.state]);
    assert.equal(keep.code, 65, keep.stdout);
    assert.match(keep.stderr, /checkpoint_lost: .*--state keep cannot go on there/);
    await reset({ file: site.file, state: stateDir() }, '--to', 'latest', '--state', 'drop', '--yes');
    await feed(site, count, count + 900);
    await run(site);
    await site.backend.use((broker) => verifyCounted(broker, counted(site), count + 900, { once: false, from: count }));
  });
});
