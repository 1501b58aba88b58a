import { setTimeout as wait } from 'node:timers/promises';
import { trace } from '@opentelemetry/api';
import { envDetector, hostDetector } from '@opentelemetry/resources';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { AlwaysOnSampler } from '@opentelemetry/sdk-trace';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import type { Tracer } from '../../actors/trace.ts';
import type { Logger } from './log.ts';
import { diagnosticsTo } from './otel-diagnostics.ts';
import type { TraceOptions } from './trace-options.ts';
import { SpanQueue } from './trace-queue.ts';
import type { QueueSettings } from './trace-queue.ts';
import { TraceSampler } from './trace-sampler.ts';
import { createTracer } from './tracer.ts';

/** Traces while a daemon runs. */
export interface Tracing {
  readonly tracer: Tracer;
  /** Sends what is left, in two seconds at most; what is not sent by then is dropped. */
  close(): Promise<void>;
}

/** What tracing is made of. */
export interface TracingSettings {
  readonly options: TraceOptions;
  readonly version: string;
  readonly log: Logger;
  /** Traces begun per second at most. */
  readonly perSecond: number;
  /** Told of spans that nobody got. */
  readonly onDropped: (spans: number) => void;
  /** Where spans go instead of to a collector, for tests. */
  readonly exporter?: SpanExporter;
}

/** Milliseconds that an end may take. */
const closeTimeout = 2000;

/** Starts OpenTelemetry's SDK for traces alone: no metrics, logs, instrumentations or propagation by it. One at a time in a process. */
export async function startTracing(settings: TracingSettings): Promise<Tracing> {
  const { options, version, log, perSecond } = settings;
  for (const warning of options.warnings) log.warn(warning);
  const queue = new SpanQueue(settings.exporter ?? (await exporterFor(options)), { ...options.queue, ...tellDrops(settings) });
  const sdk = new NodeSDK({
    ...(isNamed(process.env) ? {} : { serviceName: 'millrace' }),
    // Not the process's: its command line is nobody's business.
    resourceDetectors: [envDetector, hostDetector],
    spanProcessors: [queue],
    // What is traced was decided at the source; these spans are all to be kept.
    sampler: new AlwaysOnSampler(),
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations: [],
    textMapPropagator: null,
    contextManager: null as never
  });
  const quiet = diagnosticsTo(log, process.env['OTEL_LOG_LEVEL']);
  sdk.start();
  const sampler = new TraceSampler({ ratio: options.ratio, parents: options.parents, perSecond, random: () => Math.random(), elapsed: () => performance.now() });
  return {
    tracer: createTracer(trace.getTracer('millrace', version), sampler),
    async close() {
      // A collector that hangs holds nobody up; an error was told by the queue.
      await Promise.race([sdk.shutdown().catch(() => undefined), wait(closeTimeout, undefined, { ref: false })]);
      if (queue.unsent > 0) settings.onDropped(queue.unsent);
      trace.disable();
      quiet();
    }
  };
}

function isNamed(env: NodeJS.ProcessEnv): boolean {
  return (env['OTEL_SERVICE_NAME'] ?? '') !== '' || (env['OTEL_RESOURCE_ATTRIBUTES'] ?? '').includes('service.name=');
}

/** The packages are loaded only now: gRPC's are large. Address, headers, certificates and timeouts come from `OTEL_EXPORTER_OTLP_*`. */
async function exporterFor({ protocol, url }: TraceOptions): Promise<SpanExporter> {
  const settings = url === null ? {} : { url };
  if (protocol === 'grpc') {
    const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-grpc');
    return new OTLPTraceExporter(settings);
  }
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-proto');
  return new OTLPTraceExporter(settings);
}

/** Milliseconds between two lines about spans that nobody gets. */
const toldInterval = 60_000;

/** Counts drops, and tells of them now and then, and of their end. */
function tellDrops({ log, onDropped }: TracingSettings): Pick<QueueSettings, 'onDropped' | 'onSent'> {
  let told = -Infinity;
  let dropped = 0;
  return {
    onDropped(spans, reason) {
      onDropped(spans);
      dropped += spans;
      if (performance.now() - told < toldInterval) return;
      told = performance.now();
      log.warn({ dropped, reason }, `traces are not taken, ${dropped} spans were dropped: ${reason}`);
    },
    onSent() {
      if (dropped === 0) return;
      log.info({ dropped }, `traces are taken again, ${dropped} spans were dropped`);
      dropped = 0;
      told = -Infinity;
    }
  };
}
