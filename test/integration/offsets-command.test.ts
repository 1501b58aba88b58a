import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Broker } from '../../actors/port.ts';
import { backends, createTopics, markedTopology, stateDir } from '../support/backend.ts';
import type { Backend, Marked } from '../support/backend.ts';
import { millrace } from '../support/cli.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { writeTopology } from '../support/plan.ts';
import { feedNumbered, readCommitted } from '../support/stream.ts';
import { Kafka, logLevel } from 'kafkajs';
import type { Admin } from 'kafkajs';
import { kafkaOrSkip } from '../support/kafka.ts';
import { rejectsWith } from '../contract/broker/support.ts';

interface Site {
  readonly backend: Backend;
  readonly marked: Marked;
  readonly file: string;
  readonly state: string;
}

interface Got {
  readonly members: readonly object[];
  readonly partitions: readonly { partition: number; committed: number | null; end: number; lag: number | null; epoch: number | null; task: string | null; state: string }[];
}

interface Reset {
  readonly done: boolean;
  readonly changes: readonly { partition: number; from: number | null; to: number; again: number; skipped: number }[];
}

const fed = 200;

/** A topology that has read what was fed to it, and is stopped. */
async function afterARun(open: (typeof backends)[number]['open'], t: Parameters<typeof open>[0], work: (site: Site) => Promise<void>, delivery = 'exactly_once'): Promise<void> {
  const backend = await open(t);
  if (backend === null) return;
  const marked = markedTopology(backend, { delivery });
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

async function get({ file }: Site): Promise<Got> {
  const { code, stdout, stderr } = await millrace(['offsets', 'get', file, '--json']);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Got;
}

async function reset({ file, state }: Site, ...args: string[]): Promise<Reset> {
  const { code, stdout, stderr } = await millrace(['offsets', 'reset', file, '--json', '--state-dir', state, ...args]);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Reset;
}

/** How often each input was worked on, as a histogram: times by number of inputs. */
async function times({ backend, marked }: Site): Promise<Record<number, number>> {
  return backend.use(async (broker) => {
    const records = [...(await readCommitted(broker, marked.topics.out)), ...(await readCommitted(broker, marked.topics.bad))];
    const counts = new Map<string, number>();
    for (const { value } of records) {
      const id = /"id":(\d+)/.exec(Buffer.from(value ?? []).toString())?.[1] ?? '';
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    const histogram: Record<number, number> = {};
    for (const count of counts.values()) histogram[count] = (histogram[count] ?? 0) + 1;
    return histogram;
  });
}

/** Commits as another program would. */
async function commitAs(broker: Broker, { name, topics }: Marked, offset: number): Promise<void> {
  await broker.commitOffsets(name, [{ topic: topics.in, partition: 1, offset, metadata: '' }]);
}

for (const { name, open } of backends) {
  describe(`millrace offsets on ${name}`, { concurrency: 2 }, () => {
    it('reset to earliest: shown, then done, and everything is read once more, in the epochs that follow', (t) =>
      afterARun(open, t, async (site) => {
        const before = await get(site);
        assert.deepEqual(before.partitions.map(({ committed, lag, task, state }) => [committed, lag, task, state]), before.partitions.map(({ end }, index) => [end, 0, `in-${index}`, 'committed']));
        const shown = await reset(site, '--to', 'earliest');
        assert.deepEqual([shown.done, shown.changes.map(({ from, to, again }) => [from, to, again])], [false, before.partitions.map(({ end }) => [end, 0, end])]);
        assert.deepEqual(await get(site), before);
        assert.equal((await reset(site, '--to', 'earliest', '--yes')).done, true);
        const after = await get(site);
        assert.deepEqual(after.partitions.map(({ committed, epoch, task }) => [committed, epoch, task]), before.partitions.map(({ epoch, task }) => [0, (epoch ?? 0) + 1, task]));
        await run(site);
        assert.deepEqual(await times(site), { 2: fed });
        for (const [index, { epoch }] of (await get(site)).partitions.entries()) assert.ok((epoch ?? 0) > (after.partitions[index]?.epoch ?? 0));
      }));

    it('reset one partition to an offset, and all to a time', (t) =>
      afterARun(open, t, async (site) => {
        const [zero, one] = (await get(site)).partitions;
        assert.ok(zero !== undefined && one !== undefined);
        const { changes } = await reset(site, '--to', String(one.end - 7), '--partition', '1', '--topic', site.marked.topics.in, '--yes');
        assert.deepEqual(changes.map(({ partition, again }) => [partition, again]), [[1, 7]]);
        assert.deepEqual((await get(site)).partitions.map(({ lag }) => lag), [0, 7]);
        await run(site);
        assert.deepEqual(await times(site), { 1: fed - 7, 2: 7 });
        // No record is as late as that: the end.
        const late = await reset(site, '--to', new Date(Date.now() + 3_600_000).toISOString(), '--yes');
        assert.deepEqual(late.changes.map(({ again, skipped }) => [again, skipped]), [[0, 0], [0, 0]]);
        const early = await reset(site, '--to', '2001-01-01T00:00:00Z');
        assert.deepEqual(early.changes.map(({ again }) => again), [zero.end, one.end]);
        const refused = await millrace(['offsets', 'reset', site.file, '--to', '100000', '--yes']);
        assert.equal(refused.code, 65);
        assert.match(refused.stderr, new RegExp(`no offset 100000.*\\[0\\] holds 0 to ${zero.end}, .*\\[1\\] holds 0 to ${one.end}`));
      }));

    it('get works while it runs; reset is refused, and says who is there', (t) =>
      afterARun(open, t, async (site) => {
        const daemon = new DaemonProcess(site.file, { stateDir: site.state, args: ['--session-timeout', '2'] });
        await daemon.caughtUp();
        const { partitions } = await get(site);
        assert.deepEqual(partitions.map(({ lag }) => lag), [0, 0]);
        const { code, stderr } = await millrace(['offsets', 'reset', site.file, '--to', 'earliest', '--yes']);
        if (name === 'Kafka') assert.match(stderr, /group_in_use: .* is running: group .* has 1 member \(millrace on 127\.0\.0\.1\)/);
        else assert.match(stderr, new RegExp(`group_in_use: .* is running: .* is in use by another process \\(pid ${daemon.child.pid}\\)`));
        assert.equal(code, 75);
        assert.equal(await daemon.stop(), 0, daemon.output);
        assert.deepEqual((await get(site)).partitions.map(({ committed }) => committed), partitions.map(({ committed }) => committed));
      }));

    for (const delivery of name === 'Kafka' ? ['exactly_once', 'at_least_once'] : ['exactly_once']) {
      it(`leads out of a commit of another program, ${delivery}`, (t) =>
        afterARun(
          open,
          t,
          async (site) => {
            const [, one] = (await get(site)).partitions;
            await site.backend.use((broker) => commitAs(broker, site.marked, 3));
            assert.deepEqual((await get(site)).partitions.map(({ state, committed }) => [state, committed === 3]), [['committed', false], ['foreign', true]]);
            const stopped = new DaemonProcess(site.file, { stateDir: site.state, args: ['--session-timeout', '2'] });
            assert.equal((await stopped.exited).code, 65);
            assert.match(stopped.output, /foreign_commit.*offsets reset FILE/);
            await reset(site, '--to', 'latest', '--yes');
            // The epoch is not in the offsets any more; the daemon's folder remembers it.
            assert.equal((await get(site)).partitions[1]?.epoch, (one?.epoch ?? 0) + 1);
            await site.backend.use((broker) => feedNumbered(broker, site.marked.topics.in, 100, fed));
            await run(site);
            assert.deepEqual(await times(site), { 1: fed + 100 });
          },
          delivery
        ));
    }

    it('sets where a group begins that has never run', async (t) => {
      const backend = await open(t);
      if (backend === null) return;
      const marked = markedTopology(backend, { start: 'latest' });
      const site = { backend, marked, file: writeTopology(marked.yaml), state: stateDir() };
      await backend.use(async (broker) => {
        await createTopics(broker, marked, 2);
        await feedNumbered(broker, marked.topics.in, fed);
      });
      assert.deepEqual((await get(site)).partitions.map(({ state }) => state), ['none', 'none']);
      // The other partition is left to start: latest.
      await reset(site, '--to', '0', '--partition', '0', '--yes');
      await run(site);
      assert.deepEqual(await times(site), { 1: (await get(site)).partitions[0]?.end });
    });
  });
}

const onKafka = backends.find(({ name }) => name === 'Kafka') as (typeof backends)[number];

/** Kafka's own tools, to do harm with. */
async function withAdmin(t: Parameters<typeof kafkaOrSkip>[0], work: (admin: Admin) => Promise<void>): Promise<void> {
  const kafka = await kafkaOrSkip(t);
  if (kafka === null) return;
  const admin = new Kafka({ brokers: [kafka.brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.disconnect();
  }
}

/** A start that is refused, with the command that leads out. */
async function refused({ file, state }: Site, code: string): Promise<void> {
  const daemon = new DaemonProcess(file, { stateDir: state, args: ['--session-timeout', '2'] });
  assert.equal((await daemon.exited).code, 65, daemon.output);
  assert.match(daemon.output, new RegExp(`"${code}".*offsets reset FILE`));
}

describe('millrace offsets reset on Kafka', { concurrency: 2 }, () => {
  it('leads out of a group that was deleted, and counts epochs on from what the daemon remembers', (t) =>
    afterARun(onKafka.open, t, (site) =>
      withAdmin(t, async (admin) => {
        const before = (await get(site)).partitions;
        await admin.deleteGroups([site.marked.name]);
        await refused(site, 'checkpoint_lost');
        await reset(site, '--to', 'latest', '--yes');
        assert.deepEqual((await get(site)).partitions.map(({ epoch, lag }) => [epoch, lag]), before.map(({ epoch }) => [(epoch ?? 0) + 1, 0]));
        await run(site);
        assert.deepEqual(await times(site), { 1: fed });
      })
    ));

  it('leads out of an offset below the log', (t) =>
    afterARun(onKafka.open, t, (site) =>
      withAdmin(t, async (admin) => {
        const { topics } = site.marked;
        await site.backend.use((broker) => feedNumbered(broker, topics.in, 300, fed));
        const ends = (await get(site)).partitions.map(({ end }) => end);
        await admin.fetchTopicOffsets(topics.in);
        await admin.deleteTopicRecords({ topic: topics.in, partitions: ends.map((end, partition) => ({ partition, offset: String(end - 5) })) });
        assert.deepEqual((await get(site)).partitions.map(({ state }) => state), ['out_of_range', 'out_of_range']);
        await refused(site, 'offset_out_of_range');
        const { changes } = await reset(site, '--to', 'earliest', '--yes');
        assert.deepEqual(changes.map(({ to, again, skipped }) => [to, again, skipped]), ends.map((end) => [end - 5, 0, 0]));
        await run(site);
        assert.deepEqual(await times(site), { 1: fed + 10 });
      })
    ));

  it('fences a task that hangs somewhere, whose transaction would move the offsets afterwards', (t) =>
    afterARun(onKafka.open, t, ({ backend, marked, ...site }) =>
      backend.use(async (broker) => {
        const zombie = broker.transactionalProducer(`${marked.name}-in-0`, 30_000);
        await zombie.open();
        const transaction = await zombie.begin();
        await transaction.sendOffsets(marked.name, [{ topic: marked.topics.in, partition: 0, offset: 5, metadata: '' }]);
        await reset({ backend, marked, ...site }, '--to', '1', '--yes');
        await rejectsWith('fenced', () => transaction.commit());
        await zombie.close();
        assert.deepEqual((await get({ backend, marked, ...site })).partitions.map(({ committed }) => committed), [1, 1]);
      })
    ));
});
