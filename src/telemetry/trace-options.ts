/** Where traces go and which, as `OTEL_*` and `--traces` say. */
export interface TraceOptions {
  readonly protocol: 'grpc' | 'http/protobuf';
  /** Null: as OpenTelemetry's own variables say. */
  readonly url: string | null;
  readonly ratio: number;
  readonly parents: boolean;
  readonly queue: { readonly size: number; readonly batch: number; readonly delay: number };
  /** What the variables ask for and does not exist, one line each. */
  readonly warnings: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Share of batches that begin a trace where nothing is said. */
const defaultRatio = 0.01;

/** What is asked for; null where nobody asks for traces. `url`: of `--traces`, which counts more than the variables. */
export function readTraceOptions(env: Environment, url: string | null): TraceOptions | null {
  const warnings: string[] = [];
  if (!wanted(env, url, warnings)) return null;
  const target = url === null ? null : targetOf(url);
  const named = env['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'] ?? env['OTEL_EXPORTER_OTLP_PROTOCOL'] ?? 'http/protobuf';
  const protocol = target?.grpc === true || named === 'grpc' ? 'grpc' : 'http/protobuf';
  if (protocol !== named && target?.grpc !== true) warnings.push(`OTEL_EXPORTER_OTLP_PROTOCOL: expected grpc or http/protobuf, found ${named}; http/protobuf is taken.`);
  return { protocol, url: target === null ? null : urlFor(target.url, protocol), ...samplingOf(env, warnings), queue: queueOf(env, warnings), warnings };
}

function wanted(env: Environment, url: string | null, warnings: string[]): boolean {
  if (env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true') return false;
  if (url !== null) return true;
  const exporters = (env['OTEL_TRACES_EXPORTER'] ?? '').split(',').map((name) => name.trim()).filter((name) => name !== '');
  if (exporters.includes('none')) return false;
  const unknown = exporters.filter((name) => name !== 'otlp');
  if (unknown.length > 0) warnings.push(`OTEL_TRACES_EXPORTER: expected otlp or none, found ${unknown.join(', ')}; otlp is taken.`);
  return exporters.length > 0 || [env['OTEL_EXPORTER_OTLP_ENDPOINT'], env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']].some((endpoint) => (endpoint ?? '') !== '');
}

/** `grpc://` and `grpcs://` ask for gRPC. Throws where it is no URL. */
function targetOf(text: string): { readonly url: URL; readonly grpc: boolean } {
  const http = text.replace(/^grpc(s?):/, 'http$1:');
  const url = URL.canParse(http) ? new URL(http) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) throw new Error('expected http://HOST:4318, https://… or grpc://HOST:4317');
  return { url, grpc: text.startsWith('grpc') };
}

function urlFor(url: URL, protocol: TraceOptions['protocol']): string {
  return protocol === 'grpc' ? url.origin : url.pathname === '/' ? new URL('/v1/traces', url).href : url.href;
}

const samplers: Readonly<Record<string, { readonly ratio: number | null; readonly parents: boolean }>> = {
  always_on: { ratio: 1, parents: false },
  always_off: { ratio: 0, parents: false },
  traceidratio: { ratio: null, parents: false },
  parentbased_always_on: { ratio: 1, parents: true },
  parentbased_always_off: { ratio: 0, parents: true },
  parentbased_traceidratio: { ratio: null, parents: true }
};

function samplingOf(env: Environment, warnings: string[]): { readonly ratio: number; readonly parents: boolean } {
  const name = env['OTEL_TRACES_SAMPLER'] ?? 'parentbased_traceidratio';
  const sampler = Object.hasOwn(samplers, name) ? samplers[name] : undefined;
  if (sampler === undefined) warnings.push(`OTEL_TRACES_SAMPLER: expected one of ${Object.keys(samplers).join(', ')}, found ${name}; parentbased_traceidratio is taken.`);
  const { ratio, parents } = sampler ?? { ratio: null, parents: true };
  return { ratio: ratio ?? numberOf(env, 'OTEL_TRACES_SAMPLER_ARG', { fallback: defaultRatio, most: 1 }, warnings), parents };
}

function queueOf(env: Environment, warnings: string[]): TraceOptions['queue'] {
  const size = numberOf(env, 'OTEL_BSP_MAX_QUEUE_SIZE', { fallback: 2048, most: 1_000_000 }, warnings);
  const batch = numberOf(env, 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE', { fallback: 512, most: 1_000_000 }, warnings);
  return { size, batch: Math.max(1, Math.min(size, batch)), delay: numberOf(env, 'OTEL_BSP_SCHEDULE_DELAY', { fallback: 5000, most: 3_600_000 }, warnings) };
}

function numberOf(env: Environment, name: string, { fallback, most }: { readonly fallback: number; readonly most: number }, warnings: string[]): number {
  const text = env[name];
  if (text === undefined || text.trim() === '') return fallback;
  const value = Number(text);
  if (value >= 0 && value <= most) return value;
  warnings.push(`${name}: expected a number from 0 to ${most}, found ${text.slice(0, 40)}; ${fallback} is taken.`);
  return fallback;
}
