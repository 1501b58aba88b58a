import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { backends, createTopics, markedTopology, stateDir } from '../support/backend.ts';
import type { Backend, Marked } from '../support/backend.ts';
import { runCommand } from '../support/command.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { writeTopology } from '../support/plan.ts';
import { checkout } from '../support/scratch.ts';
import { feedNumbered, readCommitted } from '../support/stream.ts';
import type { ReadRecord } from '../support/stream.ts';

interface Site {
  readonly backend: Backend;
  readonly marked: Marked;
  readonly file: string;
  readonly state: string;
}

interface Listed {
  readonly dead_letters: readonly { code: string; node: string; tries: number; redriven: boolean; partition: number; offset: number; source: { topic: string; partition: number; offset: number } }[];
}

interface Redriven {
  readonly redriven: number;
  readonly before: number;
  readonly to: Readonly<Record<string, number>>;
  readonly left: Readonly<Record<string, number>>;
}

/** A topology that has read `fed` records, of which every tenth is a dead letter, and is stopped. */
async function afterARun(open: (typeof backends)[number]['open'], t: Parameters<typeof open>[0], fed: number, work: (site: Site) => Promise<void>): Promise<void> {
  const backend = await open(t);
  if (backend === null) return;
  const marked = markedTopology(backend);
  const site = { backend, marked, file: writeTopology(marked.yaml), state: stateDir() };
  await backend.use(async (broker) => {
    await createTopics(broker, marked, 2);
    await feedNumbered(broker, marked.topics.in, fed);
  });
  await run(site);
  await work(site);
}

async function run({ file, state }: Site): Promise<void> {
  const daemon = new DaemonProcess(file, { stateDir: state, args: ['--session-timeout', '2'] });
  await daemon.caughtUp();
  assert.equal(await daemon.stop(), 0, daemon.output);
}

async function dlq<T>(action: string, { file }: Site, ...args: string[]): Promise<T> {
  return JSON.parse(await runCommand('dlq', action, file, '--json', ...args)) as T;
}

const textOf = (record: ReadRecord): string => Buffer.from(record.value ?? []).toString();
const triesOf = ({ headers }: ReadRecord): string[] => headers.filter(([name]) => name === 'millrace.redrive.tries').map(([, value]) => Buffer.from(value ?? []).toString());
const read = ({ backend }: Site, topic: string): Promise<ReadRecord[]> => backend.use((broker) => readCommitted(broker, topic));

/** How often each broken input is in the source topic, as a histogram: times by number of inputs. */
function times(records: readonly ReadRecord[]): Record<number, number> {
  const counts = new Map<string, number>();
  for (const record of records.filter((each) => !textOf(each).endsWith('}'))) counts.set(textOf(record), (counts.get(textOf(record)) ?? 0) + 1);
  const histogram: Record<number, number> = {};
  for (const count of counts.values()) histogram[count] = (histogram[count] ?? 0) + 1;
  return histogram;
}

for (const { name, open } of backends) {
  it(`dead letters on ${name} are driven again once, and those that fail again are back with their count of tries`, (t) =>
    afterARun(open, t, 200, async (site) => {
      const { topics } = site.marked;
      const listed = await dlq<Listed>('ls', site, '--limit', '100');
      assert.equal(listed.dead_letters.length, 20);
      for (const { code, node, tries, redriven, source } of listed.dead_letters) assert.deepEqual([code, node, tries, redriven, source.topic], ['undecodable', 'in', 0, false, topics.in]);

      assert.equal((await dlq<Redriven>('redrive', site)).redriven, 20, 'shown');
      assert.deepEqual(times(await read(site, topics.in)), { 1: 20 });
      const some = await dlq<Redriven>('redrive', site, '--yes', '--limit', '7', '--code', 'undecodable');
      assert.deepEqual([some.redriven, some.to], [7, { [topics.in]: 7 }]);
      assert.equal((await dlq<Redriven>('redrive', site, '--yes', '--code', 'record_too_large')).redriven, 0);
      assert.equal((await dlq<Redriven>('redrive', site, '--yes')).redriven, 13);
      const again = await dlq<Redriven>('redrive', site, '--yes');
      assert.deepEqual([again.redriven, again.left], [0, { foreign: 0, no_source: 0, truncated: 0, partition_gone: 0 }]);
      const input = await read(site, topics.in);
      assert.deepEqual(times(input), { 2: 20 });
      assert.deepEqual((await dlq<Listed>('ls', site, '--limit', '100')).dead_letters.map(({ redriven }) => redriven), Array.from({ length: 20 }, () => true));

      // Byte for byte, in the same partition, at the same time, with nothing of the failure left.
      for (const record of input.filter((each) => triesOf(each).length > 0)) {
        const original = input.find((each) => triesOf(each).length === 0 && textOf(each) === textOf(record));
        assert.deepEqual([record.partition, record.timestamp, Buffer.from(record.key ?? [])], [original?.partition, original?.timestamp, Buffer.from(original?.key ?? [])]);
        assert.deepEqual([triesOf(record), record.headers.length], [['1'], 1]);
      }

      await run(site);
      const back = (await dlq<Listed>('ls', site, '--limit', '100')).dead_letters;
      assert.deepEqual([back.filter(({ tries }) => tries === 1).length, back.filter(({ redriven }) => redriven).length], [20, 20]);
      assert.equal((await dlq<Redriven>('redrive', site, '--yes', '--max-tries', '1')).redriven, 0);
      assert.equal((await dlq<Redriven>('redrive', site, '--yes')).redriven, 20);
      assert.deepEqual(times(await read(site, topics.in)), { 3: 20 });
      const last = back.find(({ tries }) => tries === 1);
      const shown = await runCommand('dlq', 'show', site.file, '--partition', String(last?.partition), '--offset', String(last?.offset));
      assert.match(shown, /tries {6}1\n[^]*value {6}\{"id":\d+9,/);
    }));
}

describe('dlq redrive on Kafka', () => {
  it('doubles nothing when it is killed and run again, twice at once too, while the topology runs', (t) =>
    afterARun((backends.find(({ name }) => name === 'Kafka') as (typeof backends)[number]).open, t, 3000, async (site) => {
      const { topics } = site.marked;
      const daemon = new DaemonProcess(site.file, { stateDir: site.state, args: ['--session-timeout', '2'] });
      await daemon.caughtUp();
      for (const wait of [0, 250]) await killed(site, wait);
      const inTime = (await read(site, topics.in)).filter((record) => triesOf(record).length > 0).length;
      assert.ok(inTime > 0 && inTime < 300, `${inTime} before the last kill`);
      // What failed again by now is another dead letter; it goes by tries here, so that each is driven once.
      const both = await Promise.allSettled([1, 2].map(() => dlq('redrive', site, '--yes', '--max-tries', '1')));
      assert.ok(both.some(({ status }) => status === 'fulfilled'), JSON.stringify(both));
      await dlq<Redriven>('redrive', site, '--yes', '--max-tries', '1');
      assert.deepEqual(times(await read(site, topics.in)), { 2: 300 });
      await daemon.caughtUp();
      assert.equal(await daemon.stop(), 0, daemon.output);
      assert.equal((await read(site, topics.bad)).length, 600);
    }));
});

/** A redrive that is killed at some time after it has begun to write. */
async function killed(site: Site, wait: number): Promise<void> {
  const before = (await read(site, site.marked.topics.in)).length;
  const child = spawn(process.execPath, ['src/main.ts', 'dlq', 'redrive', site.file, '--yes', '--rate', '40', '--max-tries', '1'], { cwd: checkout, stdio: 'ignore' });
  const exited = once(child, 'exit');
  while ((await read(site, site.marked.topics.in)).length === before) await new Promise((resolve) => setTimeout(resolve, 10));
  await new Promise((resolve) => setTimeout(resolve, wait));
  child.kill('SIGKILL');
  await exited;
}
