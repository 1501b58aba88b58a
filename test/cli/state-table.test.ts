import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { HeldRecords } from '../../actors/join/held-records.ts';
import { LatestRows, VersionedRows } from '../../actors/join/table-keeper.ts';
import { createStateDirectory } from '../../src/state/directory.ts';
import { plainCodecs } from '../../src/codec/plain.ts';
import { millrace } from '../support/cli.ts';
import { applyEpoch, identity, stateFolder } from '../support/state.ts';
import { recordOf } from '../topology/harness.ts';

const topology = `
name: orders
broker: { type: embedded, path: ./broker }
sources: { users: { type: kafka, topic: users }, events: { type: kafka, topic: events } }
transforms:
  latest: { type: table, from: users, ttl: 1d }
  versions: { type: table, from: users, history: 1h }
  known: { type: join, from: events, table: versions, into: user, as_of: event_time }
sinks: { out: { type: kafka, from: known, topic: out } }
`;

/** A folder with the topology and the state of a task of it. */
function folder(): string {
  const cwd = stateFolder();
  writeFileSync(join(cwd, 'orders.yaml'), topology);
  const table = { key: null, ttl: false };
  const stores = { latest: { ...table, table: 'latest' }, versions: { ...table, table: 'versions' }, known: { join: 'table', key: null, as_of: 'event_time' }, totals: { key: null, window: null, aggregate: [] } };
  const state = createStateDirectory(join(cwd, 'data/state')).open({ ...identity(stores), task: 'orders-0' });
  const latest = new LatestRows(state.store('latest'));
  for (let i = 0; i < 30; i++) latest.put(`user-${i}`, [i, { n: i }, { x: 86_400_000 + i }]);
  const versions = new VersionedRows(state.store('versions'));
  versions.put('ada', [1000, { city: 'London' }]);
  versions.put('ada', [3000]);
  versions.put('ada-2', [4000, null, { p: '00-1' }]);
  const held = new HeldRecords(state.store('known'), plainCodecs.json);
  for (const key of ['ada', null]) held.add({ key, record: recordOf({ id: key }, { time: 5000, key: key === null ? null : Buffer.from(key) }), watermark: 0 });
  held.release(0, 10, () => undefined);
  state.store('totals').put('kada', [null, 1]);
  state.store('totals').put('kadam', [null, 2]);
  for (const store of ['latest', 'versions', 'known']) state.seal(store);
  applyEpoch(state, 1, {}, 'totals');
  state.close();
  return cwd;
}

const lines = (stdout: string): unknown[] => stdout.trim().split('\n').map((line) => JSON.parse(line) as unknown);

describe('millrace state get', { concurrency: 2 }, () => {
  it('of a table prints its rows and what they replaced, with their times, and nothing that is kept for the node itself', async () => {
    const cwd = folder();
    const get = async (...args: string[]): Promise<unknown[]> => lines((await millrace(['state', 'get', 'orders.yaml', ...args], { cwd })).stdout);
    const task = 'orders-0';
    const [deleted, replaced, other] = [
      { task, key: 'ada', deleted: '1970-01-01T00:00:03.000Z' },
      { task, key: 'ada', updated: '1970-01-01T00:00:01.000Z', until: '1970-01-01T00:00:03.000Z', value: { city: 'London' } },
      { task, key: 'ada-2', updated: '1970-01-01T00:00:04.000Z', value: null }
    ];
    assert.deepEqual(await get('versions'), [deleted, other, replaced]);
    assert.deepEqual(await get('versions', '--key', 'ada'), [deleted, replaced]);
    assert.deepEqual(await get('versions', 'da-'), [other]);
    assert.deepEqual(await get('latest', '--key', 'user-7'), [{ task, key: 'user-7', updated: '1970-01-01T00:00:00.007Z', value: { n: 7 } }]);
    assert.equal((await get('latest', '--limit', '100')).length, 30);
  });

  it('of a join prints the records that wait, and --key finds one key in any store', async () => {
    const cwd = folder();
    const { stdout } = await millrace(['state', 'get', 'orders.yaml', 'known', '--limit', '5'], { cwd });
    const waiting = (id: string | null): unknown => ({ task: 'orders-0', key: id, time: '1970-01-01T00:00:05.000Z', value: { id } });
    assert.deepEqual(lines(stdout).slice(1), [waiting('ada'), waiting(null)]);
    const total = await millrace(['state', 'get', 'orders.yaml', 'totals', '--key', 'ada'], { cwd });
    assert.deepEqual(lines(total.stdout), [{ task: 'orders-0', key: 'ada', value: [null, 1] }]);
    const none = await millrace(['state', 'get', 'orders.yaml', 'versions', '--key', 'ad'], { cwd });
    assert.deepEqual([none.code, none.stdout, none.stderr], [0, '', 'Store versions has no entry of key ad here.\n']);
    assert.equal((await millrace(['state', 'get', 'orders.yaml', 'versions', 'a', '--key', 'ad'], { cwd })).code, 64);
  });
});
