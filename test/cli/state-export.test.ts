import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import type { Broker, TransactionalProducer } from '../../actors/port.ts';
import type { StoreValue } from '../../actors/store.ts';
import { checkImport } from '../../src/runtime/import-check.ts';
import type { ImportSettings } from '../../src/runtime/import-check.ts';
import { importState } from '../../src/runtime/import-state.ts';
import { createStateDirectory } from '../../src/state/directory.ts';
import { acquireLock } from '../../src/state/lock.ts';
import { checkStateFile, entriesIn, writeState, writeWhole } from '../../src/state/state-file.ts';
import type { ExportedTask, StateHeader } from '../../src/state/state-file.ts';
import { embeddedBackend } from '../support/backend.ts';
import type { Backend } from '../support/backend.ts';
import { millrace } from '../support/cli.ts';
import type { Ran } from '../support/cli.ts';
import { countedTopology, createCountedTopics, feedCounted, verifyCounted } from '../support/counted.ts';
import type { Counted, CountedOptions } from '../support/counted.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { planOf, writeTopology } from '../support/plan.ts';
import { stateFolder } from '../support/state.ts';

const count = 3000;

interface Site {
  readonly backend: Backend;
  readonly counted: Counted;
  readonly file: string;
  readonly state: string;
  readonly rows: string;
}

/** A topology that has counted what was fed to it, is stopped, and was exported. */
async function exported(options: CountedOptions = {}): Promise<Site> {
  const backend = embeddedBackend();
  const counted = countedTopology(backend, { local: true, ...options });
  const folder = stateFolder();
  const site = { backend, counted, file: writeTopology(counted.yaml), state: join(folder, 'state'), rows: join(folder, 'rows.ndjson') };
  await backend.use((broker) => createCountedTopics(broker, counted, 2));
  await feed(site, 0, count);
  await run(site);
  const { code, stderr } = await state(site, 'export', '--out', site.rows);
  assert.equal(code, 0, stderr);
  return site;
}

function feed({ backend, counted }: Site, from: number, to: number): Promise<void> {
  return backend.use((broker) => feedCounted(broker, counted.topics.in, to - from, from));
}

async function run({ file, state: dir }: Pick<Site, 'file' | 'state'>): Promise<string> {
  const daemon = new DaemonProcess(file, { stateDir: dir });
  await daemon.caughtUp();
  assert.equal(await daemon.stop(), 0, daemon.output);
  return daemon.output;
}

function state({ file, state: dir }: Pick<Site, 'file' | 'state'>, action: string, ...args: string[]): Promise<Ran> {
  return millrace(['state', action, file, '--node', 'counts', '--state-dir', dir, ...args]);
}

const take = (site: Site, ...args: string[]): Promise<Ran> => state(site, 'import', '--from', site.rows, ...args);

/** The state directory and the changelogs are gone; offsets and inputs are there. */
async function lose({ backend, counted, state: dir }: Site): Promise<void> {
  rmSync(dir, { recursive: true });
  await backend.use((broker) => broker.deleteTopics([`${counted.name}-counts-changelog`]));
}

/** Its lines but the first and the last. */
const entriesOf = (path: string): string[] => readFileSync(path, 'utf8').trim().split('\n').slice(1, -1);

/** The export with another first line, as if it had been made so. */
function rewrite(path: string, to: string, change: (header: StateHeader) => StateHeader): void {
  const file = checkStateFile(path);
  const entries = (task: number): [string, StoreValue][] => [...entriesIn(file, task)].map(({ key, value }) => [Buffer.from(key).toString('latin1'), JSON.parse(Buffer.from(value).toString()) as StoreValue]);
  writeWhole(to, (write) => writeState(change(file.header), entries, write));
}

describe('millrace state export | import', { concurrency: 2 }, () => {
  for (const changelog of ['on', 'off'] as const) {
    it(`puts back what ${changelog === 'on' ? 'was lost' : 'is there'}, with changelog ${changelog}: the next start counts on, once`, async () => {
      const site = await exported({ changelog });
      if (changelog === 'on') await lose(site);
      const args = changelog === 'on' ? [] : ['--replace'];
      const shown = await take(site, ...args);
      assert.match(shown.stdout, changelog === 'on' ? /counts-0 +1 +40 +has no state yet[^]*Nothing is changed yet/ : /its state is given up/, shown.stderr);
      assert.match((await take(site, ...args, '--yes')).stdout, /Done\. The next start/);
      assert.match((await take(site, '--yes')).stdout, /was taken in before[^]*nothing left to do/);
      await feed(site, count, count + 600);
      const output = await run(site);
      assert.equal(/restoring the state/.test(output), changelog === 'on');
      await site.backend.use((broker) => verifyCounted(broker, site.counted.topics.out, count + 600));
    });
  }

  it('wants to be told what becomes of state and offsets; with those of the export it counts again from there', async () => {
    const site = await exported();
    await feed(site, count, count + 600);
    await run(site);
    const refused = await take(site, '--yes');
    assert.equal(refused.code, 65);
    assert.match(refused.stderr, /counts-1 has state already \(.*\): add --replace[^]*-in\[0\]: 1500 in the export, 1800 committed: add --offsets set to go on from the export, or --offsets keep/);
    const again = join(stateFolder(), 'again.ndjson');
    const kept = await take(site, '--replace', '--offsets', 'keep', '--yes');
    assert.match(kept.stdout, /its state is given up[^]*The offsets stay/, kept.stderr);
    await run(site);
    await state(site, 'export', '--out', again);
    assert.deepEqual(entriesOf(again), entriesOf(site.rows), 'what came between is in neither');
    const place = (path: string): number => checkStateFile(path).header.tasks[0]?.offsets[site.counted.topics.in]?.['0'] ?? 0;
    assert.deepEqual([place(site.rows), place(again)], [count / 2, count / 2 + 300]);
    const set = await take(site, '--replace', '--offsets', 'set', '--yes');
    assert.match(set.stdout, /-in +1 +1800 +1500\n[^]*Done/, set.stderr);
    await run(site);
    await site.backend.use((broker) => verifyCounted(broker, site.counted.topics.out, count + 600, { once: false }));
  });
});

/** A second window beside the one of a counted topology; with a key of its own it is behind a repartition topic. */
const withTotals = ({ yaml, topics }: Counted, more = ''): string =>
  yaml.replace('sinks:\n', `  totals: { type: window, from: in, ${more}window: { type: tumbling, size: 1h }, aggregate: { n: count() }, late: drop }\nsinks:\n  all: { type: kafka, from: totals, topic: ${topics.out}-totals }\n`);

describe('millrace state export | import of a task with two stores', () => {
  it('takes each back by itself, and sets no offsets under the other', async () => {
    const backend = embeddedBackend();
    const counted = countedTopology(backend, { local: true });
    const yaml = withTotals(counted);
    const folder = stateFolder();
    const site = { backend, counted, file: writeTopology(yaml), state: join(folder, 'state'), rows: join(folder, 'rows.ndjson') };
    await backend.use((broker) => createCountedTopics(broker, counted, 2));
    await feed(site, 0, count);
    await run(site);
    const totals = join(folder, 'totals.ndjson');
    const both = ['counts', 'totals'].map((node) => ['--node', node, node === 'counts' ? site.rows : totals] as const);
    for (const [option, node, path] of both) assert.equal((await millrace(['state', 'export', site.file, option, node, '--out', path, '--state-dir', site.state])).code, 0);
    await lose(site);
    await backend.use((broker) => broker.deleteTopics([`${counted.name}-totals-changelog`]));
    for (const [option, node, path] of both) {
      const taken = await millrace(['state', 'import', site.file, option, node, '--from', path, '--yes', '--state-dir', site.state]);
      assert.match(taken.stdout, /Done\./, taken.stderr);
    }
    await feed(site, count, count + 600);
    await run(site);
    const again = join(folder, 'again.ndjson');
    await millrace(['state', 'export', site.file, '--node', 'totals', '--out', again, '--state-dir', site.state]);
    const sum = (path: string): number => entriesOf(path).reduce((total, line) => total + ((JSON.parse(line) as { value: readonly [unknown, number] }).value[1]), 0);
    assert.deepEqual([sum(totals), sum(again)], [count, count + 600]);
    await backend.use(async (broker) => {
      await verifyCounted(broker, counted.topics.out, count + 600);
      const set = { ...settingsOf(site, broker), replace: true, offsets: 'set' } as const;
      const rejects = (text: string, message: RegExp): Promise<void> => assert.rejects(checkImport({ ...set, plan: planOf(text) }), { code: 'import_refused', message });
      await rejects(yaml, /counts-0 keeps totals beside counts, which would not fit the offsets of the export/);
      await rejects(yaml.replace('changelog: "on"', 'changelog: "off"'), /keeps totals beside counts, and with changelog: off one store cannot be replaced alone/);
      await rejects(withTotals(counted, 'key: value.group, '), /counts-0 feeds totals, which would count again what is read again/);
    });
  });
});

describe('millrace state export | import, of one run', () => {
  const made = Promise.withResolvers<Site>();
  before(async () => { made.resolve(await exported()); });

  it('is refused where it does not fit, with every field that differs', async () => {
    const site = await made.promise;
    const other = { ...site, file: writeTopology(site.counted.yaml.replace('size: 1m', 'size: 2m').replace('count: count(), ', '').replace('name: ', 'group: elsewhere\nname: ')) };
    const differs = await take(other, '--replace', '--yes');
    assert.equal(differs.code, 65);
    assert.match(differs.stderr, /group: \w+ in the export, elsewhere in [^]*counts holds something else: aggregate: [^]*counts holds something else: window.every: 60000 → 120000\n[^]*window.size: 60000 → 120000/);
    const totals = { ...site, rows: join(stateFolder(), 'rows.ndjson') };
    rewrite(site.rows, totals.rows, (header) => ({ ...header, node: 'totals' }));
    assert.match((await take(totals)).stderr, /import_refused: .* is an export of totals, not of counts/);
    const { header } = checkStateFile(site.rows);
    const tasks = (change: (task: ExportedTask, index: number) => Partial<ExportedTask>): StateHeader => ({ ...header, tasks: header.tasks.map((task, index) => ({ ...task, ...change(task, index) })) });
    const cases: readonly (readonly [header: StateHeader, code: string, why: RegExp])[] = [
      [tasks((_, index) => ({ task: `counts-${index + 4}` })), 'import_refused', /task: counts-4 in the export, counts-0, counts-1 here/],
      [tasks(({ counts }) => ({ counts: Object.fromEntries(Object.keys(counts ?? {}).map((hash) => [hash, 8])) })), 'import_refused', /partitions of \w+-in: 8 in the export, 2 here/],
      [tasks(() => ({ offsets: { orders: { '0': 5 } } })), 'import_refused', /counts-0 reads: orders in the export, \w+-in here/],
      [tasks(({ offsets }) => ({ offsets: Object.fromEntries(Object.keys(offsets).map((topic) => [topic, { '0': 99_999, '1': 99_999 }])) })), 'offset_out_of_range', /-in\[0\] holds 0 to \d+, the export goes on at 99999/]
    ];
    await site.backend.use(async (broker) => {
      for (const [changed, code, message] of cases) await assert.rejects(checkImport({ ...settingsOf(site, broker), header: changed, replace: true, offsets: 'set' }), { code, message });
    });
  });

  it('is refused while a daemon runs, and where another process has the directory', async () => {
    const site = await made.promise;
    const daemon = new DaemonProcess(site.file, { stateDir: site.state });
    await daemon.caughtUp();
    const inUse = await take(site, '--replace', '--yes');
    assert.equal(inUse.code, 75);
    assert.match(inUse.stderr, /group_in_use/);
    // Its own folder is no matter: an export looks at what is written.
    const rows = join(stateFolder(), 'rows.ndjson');
    assert.equal((await state(site, 'export', '--out', rows)).code, 0);
    assert.deepEqual(entriesOf(rows), entriesOf(site.rows));
    assert.equal(await daemon.stop(), 0);
    const lock = acquireLock(site.state);
    const locked = await take(site, '--replace', '--yes');
    lock.release();
    assert.equal(locked.code, 73);
    assert.match(locked.stderr, /state_locked/);
  });

  it('is for people too; only of whole epochs, and of nodes that have a store', async () => {
    const site = await made.promise;
    const { stdout } = await state(site, 'export', '--results', '--task', 'counts-1');
    const found = stdout.trim().split('\n').map((line) => JSON.parse(line) as { task: string; key: string; window: { start: string } });
    assert.equal(found.length, 40);
    const one = { ...site, rows: join(stateFolder(), 'one.ndjson') };
    await state(one, 'export', '--out', one.rows, '--task', 'counts-1');
    assert.match((await take(one, '--replace')).stdout, /counts-1 .*\nThe export has 1 of 2 tasks: the others stay as they are\.\n/);
    assert.deepEqual([found[0]?.task, found[0]?.key, found[0]?.window.start], ['counts-1', 'g1', '2001-01-01T00:01:00.000Z']);
    const plan = planOf(site.counted.yaml);
    const open = createStateDirectory(join(site.state, 'half')).open({ topology: plan.group, task: 'counts-0', stores: new Map([['counts', {}]]), durability: 'process' });
    open.restore('counts', [], 5);
    open.close();
    for (const [dir, why] of [['elsewhere', /export_refused: There is no state of/], ['half', /export_refused: The state of counts-0 is half restored, or new/]] as const) {
      const refused = await state({ ...site, state: join(site.state, dir) }, 'export');
      assert.equal(refused.code, 65);
      assert.match(refused.stderr, why);
    }
    for (const [args, why] of [[['export', site.file, '--node', 'count'], /no node count with a store \(did you mean counts\?\)/], [['import', site.file, '--node', 'counts'], /Say which export: --from FILE/], [['export', site.file, '--node', 'counts', '--replace'], /--replace is not for state export/]] as const) {
      const { code, stderr } = await millrace(['state', ...args]);
      assert.equal(code, 64);
      assert.match(stderr, why);
    }
  });
});

/** What an import of its export works on. */
function settingsOf({ counted, rows }: Site, broker: Broker): ImportSettings {
  const { header, id } = checkStateFile(rows);
  return { plan: planOf(counted.yaml), broker, header, id: id.slice(0, 16), offsets: null, replace: false, entriesHere: () => 0, remembered: () => null, now: Date.now() };
}

/** A broker whose second transaction of an import comes to nothing, as with a crash before its commit. */
function failing(broker: Broker): Broker {
  let opened = 0;
  const transactionalProducer = (id: string, timeout: number): TransactionalProducer => {
    const producer = broker.transactionalProducer(id, timeout);
    return {
      open: () => producer.open(),
      close: () => producer.close(),
      async begin() {
        const transaction = await producer.begin();
        opened += 1;
        return { send: (...sent) => transaction.send(...sent), sendOffsets: (...offsets) => transaction.sendOffsets(...offsets), commit: () => (opened > 1 ? Promise.reject(new Error('cut off')) : transaction.commit()), abort: () => transaction.abort() };
      }
    };
  };
  return new Proxy(broker, { get: (target, name) => (name === 'transactionalProducer' ? transactionalProducer : (Reflect.get(target, name) as (() => void)).bind(target)) });
}

describe('an import that is cut off', { concurrency: 2 }, () => {
  for (const changelog of ['on', 'off'] as const) {
    it(`between two tasks, with changelog ${changelog}: nothing starts until it is run again, which does what is left`, async () => {
      const site = await exported({ changelog });
      await lose(site);
      const file = checkStateFile(site.rows);
      await site.backend.use(async (broker) => {
        const settings = settingsOf(site, failing(broker));
        const tasks = await checkImport(settings);
        const cut = importState(tasks, settings, { entries: (index) => entriesIn(file, index), largest: file.largest, replace: () => { throw new Error('cut off'); } });
        await assert.rejects(cut, { message: 'cut off' });
      });
      const daemon = new DaemonProcess(site.file, { stateDir: site.state });
      assert.equal((await daemon.exited).code, 65, daemon.output);
      assert.match(daemon.output, /"import_unfinished".*The state of task counts-\d was to be taken over from an export, and that came to no end/);
      const planned = await millrace(['plan', site.file, '--state-dir', site.state]);
      assert.equal(planned.code, 78);
      assert.match(planned.stdout + planned.stderr, /import_unfinished/);
      const again = await take(site, '--yes');
      assert.match(again.stdout, changelog === 'on' ? /counts-0 .*was taken in before\ncounts-1 .*an import that was cut off is ended\n/ : /counts-0 .*an import that was cut off is ended\n/, again.stderr);
      await feed(site, count, count + 600);
      await run(site);
      await site.backend.use((broker) => verifyCounted(broker, site.counted.topics.out, count + 600));
    });
  }

  it('can be given up: a reset takes the word back, and the state that was there is as it was', async () => {
    const site = await exported();
    const file = checkStateFile(site.rows);
    await site.backend.use(async (broker) => {
      const settings = { ...settingsOf(site, broker), replace: true };
      const lost = function* (): Generator<never> { throw new Error('cut off'); };
      await assert.rejects(importState(await checkImport(settings), settings, { entries: lost, largest: file.largest, replace: () => undefined }), { message: 'cut off' });
    });
    assert.equal((await millrace(['offsets', 'reset', site.file, '--to', 'latest', '--state', 'keep', '--yes', '--state-dir', site.state])).code, 0);
    await feed(site, count, count + 600);
    await run(site);
    await site.backend.use((broker) => verifyCounted(broker, site.counted.topics.out, count + 600));
  });
});
