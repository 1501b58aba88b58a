import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { noCounts } from '../../actors/accounting.ts';
import type { TopologyStatus } from '../../actors/status.ts';
import { startAdmin } from '../../src/admin/server.ts';
import type { AdminServer } from '../../src/admin/server.ts';
import { createMetrics } from '../../src/telemetry/metric.ts';

const running: TopologyStatus = {
  name: 'orders',
  state: 'running',
  failure: null,
  tasks: { assigned: 2, running: 2 },
  nodes: [
    { name: 'in', kind: 'source', counts: { ...noCounts(), received: 10, forwarded: 9, dead_lettered: 1, outputs: 9 } },
    { name: 'out', kind: 'sink', counts: { ...noCounts(), received: 9, forwarded: 9, outputs: 9 } }
  ],
  partitions: [{ topic: 'o', partition: 3, position: 10, end: 15, lag: 5, lagSeconds: 2.5 }],
  lag: 5,
  restores: [],
  tables: [],
  measured: { processing: [], latency: [], edges: [], stores: [], watermarks: [] },
  checkpoints: 4,
  lastCheckpoint: null
};

describe('probes and metrics', () => {
  let status: TopologyStatus[] = [running];
  let admin: AdminServer;

  before(async () => {
    const metrics = createMetrics('1.2.3', 'abc1234');
    metrics.observe(() => status);
    admin = await startAdmin({ host: '127.0.0.1', port: 0, status: () => status, metrics: metrics.handle, redact: (text) => text.replaceAll('s3cret', '[redacted]') });
  });
  after(() => admin.close());

  it('is alive whatever the topologies do', async () => {
    status = [{ ...running, state: 'waiting' }];
    assert.equal((await fetch(`${admin.url}/livez`)).status, 200);
  });

  it('is ready while every topology runs with all its tasks', async () => {
    status = [running];
    assert.equal((await fetch(`${admin.url}/readyz`)).status, 200);
    const failure = { code: 'broker_unavailable', message: 'away from s3cret', remedy: 'wait' } as const;
    for (const not of [{ ...running, state: 'waiting', failure } as const, { ...running, tasks: { assigned: 2, running: 1 } }]) {
      status = [running, not];
      const response = await fetch(`${admin.url}/readyz`);
      assert.equal(response.status, 503);
      const text = await response.text();
      assert.match(text, /"ready":false/);
      assert.doesNotMatch(text, /s3cret/);
    }
  });

  it('says how far the restore of a task is that does not run for it', async () => {
    const restore = { task: 'orders-1', done: 5, total: 20, secondsLeft: 3 };
    status = [{ ...running, tasks: { assigned: 2, running: 1 }, restores: [restore] }, running];
    const { topologies } = (await (await fetch(`${admin.url}/readyz`)).json()) as { topologies: { restores?: unknown }[] };
    assert.deepEqual(topologies.map(({ restores }) => restores), [[restore], undefined]);
  });

  it('shows the account of every node, which adds up, in the Prometheus format', async () => {
    status = [running];
    const text = await (await fetch(`${admin.url}/metrics`)).text();
    const value = (name: string, labels: string): number => Number(new RegExp(`^${name}\\{${labels}\\} (\\S+)$`, 'm').exec(text)?.[1]);
    const labels = 'topology="orders",node="in",kind="source"';
    assert.equal(value('millrace_records_in_total', labels), 10);
    assert.equal(value('millrace_records_total', `${labels},fate="forwarded"`) + value('millrace_records_total', `${labels},fate="dead_lettered"`), 10);
    assert.equal(value('millrace_consumer_lag_records', 'topology="orders",topic="o",partition="3"'), 5);
    assert.equal(value('millrace_build_info', 'version="1.2.3",commit="abc1234"'), 1);
  });

  it('shows tables: how many rows, how old, and why they are not up to date', async () => {
    const users = { name: 'users', type: 'kafka', ready: true, rows: 3, bytes: 4096, current: Date.now() - 90_000, trouble: 'away from s3cret' };
    status = [{ ...running, tables: [users, { ...users, name: 'none', ready: false, rows: 0, current: null, trouble: null }] }];
    const { topologies } = (await (await fetch(`${admin.url}/readyz`)).json()) as { topologies: { tables?: unknown }[] };
    assert.deepEqual(topologies[0]?.tables, [{ name: 'users', ready: true, rows: 3, trouble: 'away from [redacted]' }, { name: 'none', ready: false, rows: 0 }]);
    const text = await (await fetch(`${admin.url}/metrics`)).text();
    assert.match(text, /^millrace_table_rows\{topology="orders",table="users"\} 3$/m);
    assert.match(text, /^millrace_table_ready\{topology="orders",table="none"\} 0$/m);
    assert.ok(Number(/^millrace_table_age_seconds\{topology="orders",table="users"\} (\S+)$/m.exec(text)?.[1]) >= 90);
    assert.doesNotMatch(text, /^millrace_table_age_seconds\{topology="orders",table="none"\}/m);
  });

  it('knows nothing else, and changes nothing', async () => {
    assert.equal((await fetch(`${admin.url}/secrets`)).status, 404);
    assert.equal((await fetch(`${admin.url}/readyz`, { method: 'POST' })).status, 405);
  });
});
