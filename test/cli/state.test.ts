import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { timeToBinary } from '../../actors/keyed/binary.ts';
import { createStateDirectory } from '../../src/state/directory.ts';
import { acquireLock } from '../../src/state/lock.ts';
import { millrace } from '../support/cli.ts';
import { applyEpoch, contents, identity, stateFolder } from '../support/state.ts';

const minute = 60_000;
const window = { key: 'value.type', window: { kind: 'aligned', size: minute, every: minute, offset: 0 }, aggregate: [] };
const stores = { per_minute: window, seen: { type: 'dedupe' } };

/** A folder with a topology and the state of two of its tasks. */
function folder(): string {
  const cwd = stateFolder();
  writeFileSync(join(cwd, 'orders.yaml'), 'name: orders\nbroker: { type: embedded, path: ./broker }\nsources: { in: { type: kafka, topic: in } }\nsinks: { out: { type: kafka, from: in, topic: out } }\n');
  const directory = createStateDirectory(join(cwd, 'data/state'), { now: () => Date.UTC(2026, 10, 1) });
  for (const task of ['orders-0', 'orders-1']) {
    const state = directory.open({ ...identity(stores), task });
    applyEpoch(state, 6, { 'plain key': 1, '\xff\x00': 2, 'k\xc3\xbc': 3 }, 'seen');
    for (let at = 0; at < 30; at++) state.store('per_minute').put(`w${timeToBinary(at * minute)}purchase`, { count: at });
    state.store('per_minute').put(`i${timeToBinary(0)}purchase`, 1);
    applyEpoch(state, 7, {}, 'per_minute');
    state.close();
  }
  return cwd;
}

const lines = (stdout: string): unknown[] => stdout.trim().split('\n').map((line) => JSON.parse(line) as unknown);

describe('millrace state', { concurrency: 2 }, () => {
  it('ls lists stores with their entries, for people and as JSON', async () => {
    const cwd = folder();
    const { code, stdout } = await millrace(['state', 'ls'], { cwd });
    assert.equal(code, 0);
    assert.match(stdout, /^topology {2}task {6}store/);
    assert.match(stdout, /^orders {4}orders-1 {2}per_minute +31 +\d+\.\d +7 {2}2026-11-01T00:00:00\.000Z$/m);
    const { tasks } = JSON.parse((await millrace(['state', 'ls', 'orders.yaml', '--task', 'orders-0', '--json'], { cwd })).stdout) as { tasks: { task: string; applied: unknown; stores: { name: string; entries: number }[] }[] };
    assert.deepEqual(tasks.map(({ task, applied, stores }) => [task, applied, stores.map(({ name, entries }) => [name, entries])]), [['orders-0', { epoch: 7, nonce: 'n7' }, [['per_minute', 31], ['seen', 3]]]]);
    assert.match((await millrace(['state', 'ls', '--state-dir', 'elsewhere'], { cwd })).stdout, /There is no state in elsewhere/);
  });

  it('get prints entries as JSON lines, windows with their times, bytes that are no text escaped', async () => {
    const cwd = folder();
    const windows = await millrace(['state', 'get', 'orders.yaml', 'per_minute', 'purchase', '--task', 'orders-0', '--limit', '2'], { cwd });
    assert.deepEqual(lines(windows.stdout), [
      { task: 'orders-0', key: 'i\\x80\\x00\\x00\\x00\\x00\\x00\\x00\\x00purchase', entry: 'internal', value: 1 },
      { task: 'orders-0', key: 'purchase', window: { start: '1970-01-01T00:00:00.000Z', end: '1970-01-01T00:01:00.000Z' }, value: { count: 0 } }
    ]);
    assert.match(windows.stderr, /There are more/);
    const seen = await millrace(['state', 'get', 'orders.yaml', 'seen', '--task', 'orders-1'], { cwd });
    assert.deepEqual(lines(seen.stdout), [{ task: 'orders-1', key: 'kü', value: 3 }, { task: 'orders-1', key: 'plain key', value: 1 }, { task: 'orders-1', key: '\\xff\\x00', value: 2 }]);
    const both = JSON.parse((await millrace(['state', 'get', 'orders.yaml', 'seen', 'ü', '--json'], { cwd })).stdout) as { entries: { task: string }[]; more: boolean };
    assert.deepEqual([both.entries.map(({ task }) => task), both.more], [['orders-0', 'orders-1'], false]);
    const wrong = await millrace(['state', 'get', 'orders.yaml', 'per_minut'], { cwd });
    assert.equal(wrong.code, 64);
    assert.match(wrong.stderr, /no store per_minut here \(did you mean per_minute\?\)/);
  });

  it('verify reads everything, and ends with 65 where something is damaged', async () => {
    const cwd = folder();
    const sound = await millrace(['state', 'verify', 'orders.yaml'], { cwd });
    assert.deepEqual([sound.code, sound.stdout], [0, 'orders orders-0: sound (entries: per_minute 31, seen 3)\norders orders-1: sound (entries: per_minute 31, seen 3)\n']);
    const data = join(cwd, 'data/state/stores/orders/orders-1/data.mdb');
    const bytes = readFileSync(data);
    for (let at = bytes.indexOf('plain key'); at >= 0; at = bytes.indexOf('plain key', at + 1)) bytes[at] = 'P'.charCodeAt(0);
    writeFileSync(data, bytes);
    const damaged = await millrace(['state', 'verify'], { cwd });
    assert.equal(damaged.code, 65);
    assert.match(damaged.stdout, /orders orders-0: sound .*\norders orders-1: damaged .*\n {2}seen: The entry with key "Plain key" is damaged on disk: its checksum does not fit\.\n/);
    assert.equal((await millrace(['state', 'verify', '--task', 'orders-0', '--json'], { cwd })).code, 0);
  });

  it('drop shows first, then gives up a store or all, and not under a daemon', async () => {
    const cwd = folder();
    const shown = await millrace(['state', 'drop', 'orders.yaml', '--store', 'seen'], { cwd });
    assert.equal(shown.stdout, 'orders orders-0: store seen\norders orders-1: store seen\nNothing is gone yet: add --yes to do it.\n');
    const lock = acquireLock(join(cwd, 'data/state'));
    const refused = await millrace(['state', 'drop', 'orders.yaml', '--store', 'seen', '--yes'], { cwd });
    lock.release();
    assert.equal(refused.code, 73);
    assert.match(refused.stderr, /state_locked/);
    assert.match((await millrace(['state', 'drop', 'orders.yaml', '--store', 'seen', '--task', 'orders-0', '--yes'], { cwd })).stdout, /^orders orders-0: store seen\nGone/);
    const directory = createStateDirectory(join(cwd, 'data/state'));
    const state = directory.open({ ...identity({ ...stores, seen: { type: 'now something else' } }), task: 'orders-0' });
    assert.deepEqual([state.quarantined, state.applied?.epoch, contents(state, 'seen'), contents(state, 'per_minute').length], [null, undefined, [], 31]);
    state.close();
    assert.equal((await millrace(['state', 'drop', 'orders.yaml', '--yes', '--json'], { cwd })).code, 0);
    assert.deepEqual([directory.held('orders'), existsSync(join(cwd, 'data/state/lock'))], [[], false]);
  });

  it('says what it takes', async () => {
    for (const [args, wanted] of [[['state'], /state takes ls, get, verify, drop, export, import\./], [['state', 'drop'], /Write: state drop FILE/], [['state', 'ls', '--yes'], /--yes is not for state ls/], [['state', 'get', 'a.yaml', 's', '--limit', '0'], /--limit is a whole number/]] as const) {
      const { code, stderr } = await millrace(args);
      assert.equal(code, 64, args.join(' '));
      assert.match(stderr, wanted);
    }
  });
});
