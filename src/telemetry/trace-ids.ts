import { spanIdOf, traceIdOf } from '../../actors/trace.ts';
import type { TraceContext } from '../../actors/trace.ts';

/** What a log line says of the span it belongs to (OpenTelemetry's names for logs in JSON); nothing where there is none. */
export function traceIds(context: TraceContext | null): { readonly trace_id?: string; readonly span_id?: string } {
  return context === null ? {} : { trace_id: traceIdOf(context), span_id: spanIdOf(context) };
}
