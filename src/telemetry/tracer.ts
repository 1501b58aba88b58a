import { createTraceState, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, TraceFlags } from '@opentelemetry/api';
import type { SpanContext, Span as ApiSpan, Tracer as ApiTracer } from '@opentelemetry/api';
import type { Sample, SampleOf, Span, SpanSettings, Traceable, TraceContext, Tracer } from '../../actors/trace.ts';
import { spanIdOf, traceIdOf } from '../../actors/trace.ts';
import type { TraceSampler } from './trace-sampler.ts';

/** The runtime's tracer on OpenTelemetry's. Its own sampler must be the one that takes everything. */
export function createTracer(tracer: ApiTracer, sampler: TraceSampler): Tracer {
  return {
    sample: (records: readonly Traceable[], of: SampleOf): Sample | null => sampler.sample(records, of),
    start({ name, kind, parent, links, attributes }: SpanSettings): Span {
      const context = parent === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, contextFrom(parent));
      const span = tracer.startSpan(name, { kind: kinds[kind], attributes, links: links.map((link) => ({ context: contextFrom(link) })) }, context);
      return new SampledSpan(span, parent?.tracestate ?? null);
    }
  };
}

const kinds = { client: SpanKind.CLIENT, consumer: SpanKind.CONSUMER, producer: SpanKind.PRODUCER } as const;

class SampledSpan implements Span {
  readonly #span: ApiSpan;
  readonly context: TraceContext;

  constructor(span: ApiSpan, tracestate: string | null) {
    this.#span = span;
    const { traceId, spanId } = span.spanContext();
    this.context = { traceparent: `00-${traceId}-${spanId}-01`, tracestate };
  }

  link(context: TraceContext): void {
    this.#span.addLink({ context: contextFrom(context) });
  }

  end(attributes?: Readonly<Record<string, string | number>>, error?: string): void {
    if (attributes !== undefined) this.#span.setAttributes(attributes);
    if (error !== undefined) {
      this.#span.setAttribute('error.type', error);
      this.#span.setStatus({ code: SpanStatusCode.ERROR, message: error });
    }
    this.#span.end();
  }
}

function contextFrom(context: TraceContext): SpanContext {
  const state = context.tracestate === null ? {} : { traceState: createTraceState(context.tracestate) };
  return { traceId: traceIdOf(context), spanId: spanIdOf(context), traceFlags: TraceFlags.SAMPLED, isRemote: true, ...state };
}
