import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Histogram } from '../../actors/histogram.ts';
import type { OutgoingRecord } from '../../actors/port.ts';
import type { TopologyStatus } from '../../actors/status.ts';
import { startDaemon } from '../../src/cli/daemon.ts';
import type { Daemon } from '../../src/cli/daemon.ts';
import { grafanaDashboard } from '../../src/cli/monitoring/grafana.ts';
import { prometheusRules } from '../../src/cli/monitoring/rules.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { createMetrics } from '../../src/telemetry/metric.ts';
import { labelled } from '../../src/telemetry/metric-status.ts';
import { wantsOtlp } from '../../src/telemetry/metric-otlp.ts';
import type { Plan } from '../../src/topology/model.ts';
import { planOf } from '../support/plan.ts';
import { metricsIn } from '../support/promql.ts';
import { emptyFolder } from '../support/scratch.ts';
import { idleStatus } from '../support/status.ts';

/** Everything that has metrics of its own: a window behind a hop, a table, dead letters, skipped records, an alert. */
const topology = (folder: string, hook: string): string => `
name: measured
broker: { type: embedded, path: ${join(folder, 'broker')}, partitions: 2 }
on_error: { dead_letter: broken }
sources:
  events: { type: kafka, topic: events, codec: json, event_time: value.at, watermark: { delay: 0s, idle: 1h } }
tables:
  names: { type: file, path: names.csv, key: id }
transforms:
  odd: { type: filter, from: events, where: value.n % 2 == 1 }
  named: { type: enrich, from: odd, table: names, key: string(value.n), into: name, on_error: skip }
  counted: { type: window, from: events, key: string(value.n % 3), window: { type: tumbling, size: 1s }, aggregate: { count: count() }, emit: update, late: drop }
sinks:
  out: { type: kafka, from: named, topic: out }
  counts: { type: kafka, from: counted, topic: counts }
alerts:
  seen: { when: state_entries > 0 && lag_records == 0, for: 0s, notify: { webhook: "${hook}" } }
`;

/** Samples of a scrape: names with labels, and values. */
function samplesOf(text: string): Map<string, number> {
  return new Map(text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]));
}

async function until<T>(what: () => T | Promise<T>, holds: (seen: T) => boolean): Promise<T> {
  for (const deadline = Date.now() + 20_000; ; ) {
    const seen = await what();
    if (holds(seen)) return seen;
    if (Date.now() > deadline) throw new Error(`Not in time: ${typeof seen === 'string' ? seen : JSON.stringify(seen)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe('the metrics of a daemon at work', () => {
  const lines: string[] = [];
  const bodies: string[] = [];
  const hook = createServer((request, response) => {
    request.on('data', (part: Buffer) => void bodies.push(String(part)));
    request.on('end', () => response.end());
  });
  let daemon: Daemon;
  let plan: Plan;
  let samples = new Map<string, number>();
  const scrape = async (): Promise<Map<string, number>> => samplesOf(await (await fetch(`${daemon.url}/metrics`)).text());
  /** The sum over all series of a metric with these labels. */
  const sum = (name: string, ...labels: string[]): number => {
    const found = [...samples].filter(([series]) => series.replace(/\{.*/, '') === name && labels.every((label) => series.includes(label)));
    assert.ok(found.length > 0, `${name} ${labels.join()}`);
    return found.reduce((total, [, value]) => total + value, 0);
  };

  before(async () => {
    await new Promise<void>((resolve) => { hook.listen(0, '127.0.0.1', resolve); });
    const folder = emptyFolder();
    plan = planOf(topology(folder, `http://127.0.0.1:${(hook.address() as AddressInfo).port}/hidden-hook`), { 'names.csv': 'id,name\n1,one\n3,three\n' });
    const log = createLog({ level: 'info', secrets: [], to: { write: (line) => void lines.push(line) } });
    daemon = await startDaemon({ plans: [plan], log, secrets: [], stateDir: join(folder, 'state'), http: { host: '127.0.0.1', port: 0, fallback: false, token: null } });
    await until(() => daemon.status()[0], (status) => status?.state === 'running' && status.tasks.running === status.tasks.assigned && status.tasks.assigned > 0);
    const now = Date.now();
    const record = (n: number): OutgoingRecord => ({ topic: 'events', partition: n % 2, key: null, value: Buffer.from(n === 99 ? 'broken' : JSON.stringify({ n, at: now - 60_000 + n * 100 })), headers: [], timestamp: now - 5000 });
    const producer = daemon.broker(plan).producer();
    await producer.send(Array.from({ length: 100 }, (_, n) => record(n)), 'none');
    await producer.close();
    // The partial results of the window have crossed when both sides have read all.
    samples = await until(scrape, (seen) => [...seen].some(([name, value]) => name.startsWith('millrace_records_out_total') && name.includes('node="counts"') && value > 0) && [...seen].every(([name, value]) => !name.startsWith('millrace_consumer_lag_records') || value === 0));
  });
  after(async () => {
    await daemon.stop();
    await daemon.finished();
    hook.close();
  });

  it('are all there that the dashboard and the rules name', () => {
    const dashboard = JSON.stringify(grafanaDashboard([plan]));
    const rules = JSON.stringify(prometheusRules([plan]));
    const there = new Set([...samples.keys()].map((series) => series.replace(/\{.*/, '')));
    const named = [...new Set([...metricsIn(dashboard), ...metricsIn(rules)])];
    assert.deepEqual(named.filter((name) => !there.has(name)), []);
    assert.ok(named.length > 25);
  });

  it('say what became of every record, and that none is missing', () => {
    assert.equal(sum('millrace_records_in_total', 'node="events"'), 100);
    assert.equal(sum('millrace_records_total', 'node="events"', 'fate="dead_lettered"'), 1);
    assert.equal(sum('millrace_records_total', 'node="odd"', 'fate="filtered"'), 50);
    for (const [series, value] of samples) if (series.startsWith('millrace_accounting_imbalance_records')) assert.equal(value, 0, series);
  });

  it('say how long records took, and nodes', () => {
    const count = sum('millrace_e2e_latency_seconds_count', 'sink="out"');
    assert.ok(count > 0 && count <= 16, 'the first and the last of few batches');
    const mean = sum('millrace_e2e_latency_seconds_sum', 'sink="out"') / count;
    assert.ok(mean >= 5 && mean < 30, `written five seconds late: ${mean}`);
    assert.equal(sum('millrace_e2e_latency_seconds_bucket', 'sink="out"', 'le="2.5"'), 0);
    assert.equal(sum('millrace_e2e_latency_seconds_bucket', 'sink="out"', 'le="+Inf"'), count);
    for (const node of ['events', 'odd', 'named', 'out', 'counts']) assert.ok(sum('millrace_process_duration_seconds_sum', `node="${node}"`) > 0, node);
  });

  it('say how far event time is, and what lies in stores and between nodes', async () => {
    for (const [series, value] of samples) if (series.startsWith('millrace_watermark_delay_seconds')) assert.ok(value > 45 && value < 90, `${series} ${value}`);
    sum('millrace_watermark_delay_seconds', 'task=');
    samples = await until(scrape, (seen) => [...seen].some(([series, value]) => series.startsWith('millrace_state_entries') && value > 0));
    assert.ok(sum('millrace_state_bytes', 'store="counted"') >= 4096);
    assert.equal(sum('millrace_edge_queue_records', 'from="events"', 'to="odd"'), 0);
    assert.ok(sum('millrace_edge_wait_seconds_total', 'from="events"', 'to="odd"') >= 0);
    assert.equal(sum('millrace_table_rows', 'table="names"'), 2);
  });

  it('an alert of the topology is told, and its webhook is not shown', async () => {
    await until(() => bodies, (seen) => seen.length > 0);
    const { alert, status, values } = JSON.parse(bodies[0] ?? '') as { alert: string; status: string; values: Record<string, number> };
    assert.deepEqual([alert, status, values['lag_records']], ['seen', 'firing', 0]);
    samples = await until(scrape, (seen) => seen.get('millrace_alert_firing{topology="measured",alert="seen"}') === 1 && [...seen.keys()].some((series) => series.startsWith('millrace_alert_notifications_total')));
    assert.equal(sum('millrace_alert_notifications_total', 'way="webhook"', 'result="sent"'), 1);
    assert.match(lines.join('\n'), /alert seen firing: state_entries > 0/);
    assert.doesNotMatch(lines.join('\n') + [...samples.keys()].join('\n'), /hidden-hook/);
  });
});

describe('labels', () => {
  const partitions = (topics: number, each: number): TopologyStatus['partitions'] => Array.from({ length: topics * each }, (_, n) => ({ topic: `t${n % topics}`, partition: Math.floor(n / topics), position: 0, end: 2, lag: 2, lagSeconds: n === 0 ? null : n }));

  it('name each partition up to 200, topics up to 200, and never lose a record', () => {
    assert.equal(labelled(partitions(1, 200)).length, 200);
    assert.deepEqual(labelled(partitions(2, 101)), [{ labels: { topic: 't0' }, lag: 202, lagSeconds: 200 }, { labels: { topic: 't1' }, lag: 202, lagSeconds: 201 }]);
    assert.deepEqual(labelled(partitions(201, 1)), [{ labels: {}, lag: 402, lagSeconds: 200 }]);
  });
});

describe('metrics by OTLP', () => {
  it('are wanted where the environment says so, and only there', () => {
    const wanted = (env: Record<string, string>): boolean => wantsOtlp(env);
    assert.deepEqual([{}, { OTEL_METRICS_EXPORTER: 'prometheus' }, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318', OTEL_METRICS_EXPORTER: 'none' }, { OTEL_METRICS_EXPORTER: 'otlp', OTEL_SDK_DISABLED: 'true' }].map(wanted), [false, false, false, false]);
    assert.deepEqual([{ OTEL_METRICS_EXPORTER: 'otlp' }, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' }, { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://c:4318/v1/metrics' }, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318', OTEL_METRICS_EXPORTER: '' }].map(wanted), [true, true, true, true]);
  });

  it('reach a collector with the same names and values, also when it was away, and what is new at the end', async () => {
    const got: { path: string; body: string }[] = [];
    let status = 400;
    const collector = createServer((request, response) => {
      let body = '';
      request.on('data', (part: Buffer) => { body += String(part); });
      request.on('end', () => {
        got.push({ path: request.url ?? '', body });
        response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
      });
    });
    await new Promise<void>((resolve) => { collector.listen(0, '127.0.0.1', resolve); });
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`, OTEL_METRIC_EXPORT_INTERVAL: '100', OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=test' };
    Object.assign(process.env, env);
    const told: (string | null)[] = [];
    const metrics = createMetrics('1.2.3', 'abc', { env, onExport: (failed) => void told.push(failed) });
    const latency = new Histogram();
    latency.note(0.2);
    metrics.observe(() => [{ ...idleStatus, checkpoints: 7, measured: { ...idleStatus.measured, latency: [{ sink: 'out', records: latency.status }] } }]);
    await until(() => got.length, (count) => count >= 2);
    status = 200;
    await until(() => told.length, (count) => count >= 2);
    assert.ok(typeof told[0] === 'string' && told[1] === null, JSON.stringify(told));
    metrics.fenced.add(3, { topology: 'orders' });
    await metrics.close();
    for (const name of Object.keys(env)) Reflect.deleteProperty(process.env, name);
    collector.close();
    const { path = '', body = '' } = got.at(-1) ?? {};
    assert.equal(path, '/v1/metrics');
    for (const text of ['"service.name"', '"millrace"', '"deployment.environment"', '"millrace_checkpoints"', '"millrace_e2e_latency_seconds"', '"millrace_fenced"']) assert.ok(body.includes(text), text);
  });
});
