import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { kafkaBackend } from '../support/backend.ts';
import type { Backend } from '../support/backend.ts';
import { millrace } from '../support/cli.ts';
import { countedTopology, createCountedTopics, feedCounted, verifyCounted } from '../support/counted.ts';
import type { Counted } from '../support/counted.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { kafkaOrSkip } from '../support/kafka.ts';
import { writeTopology } from '../support/plan.ts';
import { stateFolder } from '../support/state.ts';

interface Site {
  readonly backend: Backend;
  readonly counted: Counted;
  readonly file: string;
  readonly state: string;
  readonly rows: string;
}

async function siteOn(t: Parameters<typeof kafkaOrSkip>[0], local: boolean): Promise<Site | null> {
  const kafka = await kafkaOrSkip(t);
  if (kafka === null) return null;
  const backend = kafkaBackend(kafka.brokers);
  const counted = countedTopology(backend, { local });
  await backend.use((broker) => createCountedTopics(broker, counted, 2));
  const folder = stateFolder();
  return { backend, counted, file: writeTopology(counted.yaml), state: join(folder, 'state'), rows: join(folder, 'rows.ndjson') };
}

const start = ({ file, state }: Site): DaemonProcess => new DaemonProcess(file, { stateDir: state, args: ['--session-timeout', '6'] });

async function run(site: Site): Promise<void> {
  const daemon = start(site);
  await daemon.caughtUp();
  assert.equal(await daemon.stop(), 0, daemon.output);
}

async function command({ file, state }: Site, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await millrace(['state', args[0] as string, file, '--node', 'counts', '--state-dir', state, ...args.slice(1)]);
  assert.equal(code, 0, stderr);
  return stdout + stderr;
}

/** Gone: the state directory, and what rebuilds it. */
async function lose({ backend, counted, state }: Site): Promise<void> {
  rmSync(state, { recursive: true });
  await backend.use((broker) => broker.deleteTopics([`${counted.name}-counts-changelog`]));
}

function feed({ backend, counted }: Site, from: number, to: number): Promise<void> {
  return backend.use((broker) => feedCounted(broker, counted.topics.in, to - from, from));
}

describe('state from a file on Kafka', { concurrency: 2 }, () => {
  it('behind a repartition topic: exported at rest, all lost, taken in: it counts on, once', async (t) => {
    const site = await siteOn(t, false);
    if (site === null) return;
    await feed(site, 0, 3000);
    await run(site);
    assert.match(await command(site, 'export', '--out', site.rows), /counts-1: \d+ entries of epoch \d+\n$/);
    await lose(site);
    assert.match(await command(site, 'import', '--from', site.rows, '--yes'), /has no state yet[^]*Done\./);
    await feed(site, 3000, 3900);
    await run(site);
    // The changelog alone, as another machine would.
    rmSync(site.state, { recursive: true });
    await feed(site, 3900, 4500);
    await run(site);
    await site.backend.use((broker) => verifyCounted(broker, site.counted.topics.out, 4500));
  });

  it('exported again and again while it runs, killed, all lost, taken in with the offsets of the last export: every record counts once', async (t) => {
    const site = await siteOn(t, true);
    if (site === null) return;
    await feed(site, 0, 2000);
    const daemon = start(site);
    await daemon.caughtUp();
    let exporting = true;
    const feeding = feedWhile(site, 2000, () => exporting);
    for (let times = 0; times < 4; times += 1) await command(site, 'export', '--out', site.rows);
    exporting = false;
    const fed = await feeding;
    await feed(site, fed, fed + 600);
    await daemon.caughtUp();
    await daemon.kill();
    await lose(site);
    // One that was killed counts until its session times out.
    const args = ['--from', site.rows, '--offsets', 'set', '--yes'];
    let taken = await millrace(['state', 'import', site.file, '--node', 'counts', '--state-dir', site.state, ...args]);
    for (let tries = 0; taken.code === 75 && tries < 40; tries += 1) taken = await millrace(['state', 'import', site.file, '--node', 'counts', '--state-dir', site.state, ...args]);
    assert.match(taken.stdout, /The offsets are set to those of the export[^]*Done\./, taken.stderr);
    await feed(site, fed + 600, fed + 1200);
    await run(site);
    await site.backend.use((broker) => verifyCounted(broker, site.counted.topics.out, fed + 1200, { once: false }));
  });
});

/** Feeds a little at a time; gives the number behind the last record. */
async function feedWhile(site: Site, from: number, goesOn: () => boolean): Promise<number> {
  let at = from;
  for (; goesOn(); at += 50) await feed(site, at, at + 50);
  return at;
}
