import type { Attributes, BatchObservableResult, Counter, Histogram, Meter, Observable } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { fates } from '../../actors/accounting.ts';
import { lifecycleStates } from '../../actors/status.ts';
import type { TopologyStatus } from '../../actors/status.ts';

/** Metrics that are moved where something happens; all others are read from the status when asked for. */
export interface Metrics {
  readonly rebalances: Counter;
  readonly taskRestarts: Counter;
  readonly fenced: Counter;
  readonly recordsFailed: Counter;
  readonly checkpointDuration: Histogram;
  readonly reloads: Counter;
  /** Reads the status of all topologies at each collection. */
  observe(status: () => readonly TopologyStatus[]): void;
  /** Answers with the Prometheus text format. */
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void;
}

/** Seconds; checkpoints take milliseconds, so the buckets start low. */
const durationBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The one registry of the daemon: OpenTelemetry's, read by Prometheus. */
export function createMetrics(version: string, commit = 'unknown'): Metrics {
  const exporter = new PrometheusExporter({ preventServerStart: true, withoutScopeInfo: true, withoutTargetInfo: true });
  const meter = new MeterProvider({ readers: [exporter] }).getMeter('millrace', version);
  meter.createObservableGauge('millrace_build_info', { description: 'Always 1; the version and the commit are labels.' }).addCallback((result) => { result.observe(1, { version, commit }); });
  return {
    rebalances: meter.createCounter('millrace_rebalances', { description: 'Assignments received from the consumer group.' }),
    taskRestarts: meter.createCounter('millrace_task_restarts', { description: 'Tasks opened again after a failure, by its code.' }),
    fenced: meter.createCounter('millrace_fenced', { description: 'Tasks that a newer owner fenced.' }),
    recordsFailed: meter.createCounter('millrace_records_failed', { description: 'Records that failed at a node, by code; dead letters and skipped ones.' }),
    checkpointDuration: meter.createHistogram('millrace_checkpoint_duration_seconds', {
      description: 'Duration of a checkpoint by phase.',
      advice: { explicitBucketBoundaries: durationBuckets }
    }),
    reloads: meter.createCounter('millrace_config_reloads', { description: 'Times the topology files were read again, by result: applied, unchanged or refused.' }),
    observe: (status) => { observeStatus(meter, status); },
    handle: (request, response) => { exporter.getMetricsRequestHandler(request, response); }
  };
}

function observeStatus(meter: Meter, status: () => readonly TopologyStatus[]): void {
  const counter = (name: string, description: string): Observable => meter.createObservableCounter(name, { description });
  const gauge = (name: string, description: string): Observable => meter.createObservableGauge(name, { description });
  const received = counter('millrace_records_in', 'Records a node received, in committed epochs.');
  const outputs = counter('millrace_records_out', 'Records a node sent on, in committed epochs.');
  const fate = counter('millrace_records', 'Input records of a node by what became of them, in committed epochs; they add up to millrace_records_in_total.');
  const lag = gauge('millrace_consumer_lag_records', 'Readable records after the committed position.');
  const checkpoints = counter('millrace_checkpoints', 'Epochs committed.');
  const tasks = gauge('millrace_tasks', 'Tasks assigned to this daemon, and those of them that run.');
  const restore = gauge('millrace_restore_remaining_records', 'Changelog offsets still to be read by tasks whose state is restored.');
  const tableRows = gauge('millrace_table_rows', 'Rows of a replicated table on this daemon.');
  const tableAge = gauge('millrace_table_age_seconds', 'Seconds since the source of a replicated table was last seen to be as the table is.');
  const tableReady = gauge('millrace_table_ready', '1 once a replicated table was read to the end there was at the start, else 0.');
  const up = gauge('millrace_topology_up', '1 while the topology runs, else 0.');
  const states = gauge('millrace_topology_state', '1 for the state the topology is in, 0 for the others.');
  const write = (result: BatchObservableResult, each: TopologyStatus): void => {
    const { name: topology } = each;
    for (const { name: node, kind, counts } of each.nodes) {
      const labels: Attributes = { topology, node, kind };
      result.observe(received, counts.received, labels);
      result.observe(outputs, counts.outputs, labels);
      for (const key of fates) if (counts[key] > 0) result.observe(fate, counts[key], { ...labels, fate: key });
    }
    for (const partition of each.partitions) result.observe(lag, partition.lag, { topology, topic: partition.topic, partition: partition.partition });
    result.observe(checkpoints, each.checkpoints, { topology });
    result.observe(tasks, each.tasks.assigned, { topology, state: 'assigned' });
    result.observe(tasks, each.tasks.running, { topology, state: 'running' });
    result.observe(restore, each.restores.reduce((sum, { done, total }) => sum + total - done, 0), { topology });
    for (const table of each.tables) {
      const labels: Attributes = { topology, table: table.name };
      result.observe(tableRows, table.rows, labels);
      if (table.current !== null) result.observe(tableAge, Math.max(0, (Date.now() - table.current) / 1000), labels);
      result.observe(tableReady, table.ready ? 1 : 0, labels);
    }
    result.observe(up, each.state === 'running' ? 1 : 0, { topology });
    for (const state of lifecycleStates) result.observe(states, each.state === state ? 1 : 0, { topology, state });
  };
  meter.addBatchObservableCallback(
    (result) => { for (const each of status()) write(result, each); },
    [received, outputs, fate, lag, checkpoints, tasks, restore, tableRows, tableAge, tableReady, up, states]
  );
}
