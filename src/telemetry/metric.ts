import type { Counter, Histogram } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AlertStatus } from '../../actors/alert.ts';
import type { TopologyStatus } from '../../actors/status.ts';
import { observeEventLoop } from './metric-event-loop.ts';
import { StatusHistograms } from './metric-histograms.ts';
import { otlpReader, wantsOtlp } from './metric-otlp.ts';
import type { OnExport, OtelEnvironment } from './metric-otlp.ts';
import { observeStatus } from './metric-status.ts';

/** Metrics that are moved where something happens; all others are read from the status when asked for. */
export interface Metrics {
  readonly rebalances: Counter;
  readonly taskRestarts: Counter;
  readonly fenced: Counter;
  readonly recordsFailed: Counter;
  readonly checkpointDuration: Histogram;
  readonly reloads: Counter;
  readonly alertNotifications: Counter;
  readonly traceSpansDropped: Counter;
  /** Reads the status of all topologies at each collection. */
  observe(status: () => readonly TopologyStatus[]): void;
  /** Reads the alerts of all topologies at each collection. */
  observeAlerts(status: () => readonly AlertStatus[]): void;
  /** Answers with the Prometheus text format. */
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void;
  /** Sends what a collector is still to get, for two seconds at most. Safe to call twice. */
  close(): Promise<void>;
}

/** Where metrics go beside `/metrics`. */
export interface MetricSettings {
  readonly env: OtelEnvironment;
  readonly onExport: OnExport;
}

/** Seconds; checkpoints take milliseconds, so the buckets start low. */
const durationBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Milliseconds for which a collector that does not answer holds up the end. */
const longestFlush = 2000;

/** The one registry of the daemon: OpenTelemetry's, read by Prometheus and, where the environment asks for it, sent by OTLP. */
export function createMetrics(version: string, commit = 'unknown', { env, onExport }: MetricSettings = { env: {}, onExport: () => undefined }): Metrics {
  const histograms = new StatusHistograms(version);
  const exporter = new PrometheusExporter({ preventServerStart: true, withoutScopeInfo: true, withoutTargetInfo: true, metricProducers: [histograms] });
  const pushed = wantsOtlp(env) ? [otlpReader(env, [histograms], onExport)] : [];
  const resource = pushed.length === 0 ? defaultResource() : resourceFromAttributes({ 'service.name': 'millrace', 'service.version': version }).merge(detectResources({ detectors: [envDetector] }));
  const provider = new MeterProvider({ resource, readers: [exporter, ...pushed] });
  const meter = provider.getMeter('millrace', version);
  const ignoreEventLoop = observeEventLoop(meter);
  let closed: Promise<void> | null = null;
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
    alertNotifications: meter.createCounter('millrace_alert_notifications', { description: 'Notifications of alerts in topologies, by how they are told and by result: sent or failed.' }),
    traceSpansDropped: meter.createCounter('millrace_trace_spans_dropped', { description: 'Spans that no collector got: it was away, or took them too slowly.' }),
    observe: (status) => {
      histograms.status = status;
      observeStatus(meter, status);
    },
    observeAlerts: (status) => {
      const firing = meter.createObservableGauge('millrace_alert_firing', { description: '1 while an alert of a topology fires, else 0.' });
      firing.addCallback((result) => { for (const { topology, alert, state } of status()) result.observe(state === 'firing' ? 1 : 0, { topology, alert }); });
    },
    handle: (request, response) => { exporter.getMetricsRequestHandler(request, response); },
    close: () => {
      ignoreEventLoop();
      closed ??= provider.shutdown({ timeoutMillis: longestFlush }).catch(() => undefined);
      return closed;
    }
  };
}
