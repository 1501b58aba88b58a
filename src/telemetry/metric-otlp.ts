import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import type { MetricProducer, MetricReader, PushMetricExporter } from '@opentelemetry/sdk-metrics';

/** Environment variables, as OpenTelemetry names them. */
export type OtelEnvironment = Readonly<Record<string, string | undefined>>;

/** Told when exports begin to fail, with why, and when they go through again (`null`). */
export type OnExport = (failed: string | null) => void;

/** True where the environment asks for metrics by OTLP: an endpoint is named, or the exporter. */
export function wantsOtlp(env: OtelEnvironment): boolean {
  const asked = env['OTEL_METRICS_EXPORTER']?.split(',').map((name) => name.trim());
  if (env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true') return false;
  if (asked !== undefined && asked.join('') !== '') return asked.includes('otlp');
  return [env['OTEL_EXPORTER_OTLP_METRICS_ENDPOINT'], env['OTEL_EXPORTER_OTLP_ENDPOINT']].some((endpoint) => (endpoint ?? '') !== '');
}

/** Sends all metrics to a collector now and then; endpoint, headers, timeout and compression are OpenTelemetry's own variables. A collector that is away costs the stream nothing: the next export has all that this one had. */
export function otlpReader(env: OtelEnvironment, metricProducers: MetricProducer[], onExport: OnExport): MetricReader {
  const exporter = told(new OTLPMetricExporter(), onExport);
  const exportIntervalMillis = positive(env['OTEL_METRIC_EXPORT_INTERVAL']) ?? 60_000;
  const exportTimeoutMillis = Math.min(exportIntervalMillis, positive(env['OTEL_METRIC_EXPORT_TIMEOUT']) ?? 30_000);
  return new PeriodicExportingMetricReader({ exporter, exportIntervalMillis, exportTimeoutMillis, metricProducers });
}

function positive(text: string | undefined): number | null {
  const value = Number(text);
  return text !== undefined && value > 0 ? value : null;
}

/** The same exporter, each of whose results is looked at. */
function told(exporter: PushMetricExporter, onExport: OnExport): PushMetricExporter {
  const send = exporter.export.bind(exporter);
  let failing = false;
  exporter.export = (metrics, done) => {
    send(metrics, (result) => {
      // 0 is success (`ExportResultCode`).
      const failed = Number(result.code) !== 0;
      if (failed !== failing) onExport(failed ? (result.error?.message ?? 'the collector did not take them') : null);
      failing = failed;
      done(result);
    });
  };
  return exporter;
}
