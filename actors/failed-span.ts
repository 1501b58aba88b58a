import type { TraceContext } from './trace.ts';

/** Spans in which something failed, by the error; an error that nobody has any more is forgotten with it. */
const spans = new WeakMap<Error, TraceContext>();

/** Causes of causes that are looked at, at most. */
const deepest = 5;

/** Notes in which span an error happened. The innermost is told first, and counts. */
export function failedIn(error: unknown, context: TraceContext): void {
  if (error instanceof Error && failedSpan(error) === null) spans.set(error, context);
}

/** The span in which an error, or what caused it, happened; null where nothing was traced. */
export function failedSpan(error: Error): TraceContext | null {
  let each: unknown = error;
  for (let depth = 0; depth < deepest && each instanceof Error; depth += 1) {
    const found = spans.get(each);
    if (found !== undefined) return found;
    each = each.cause;
  }
  return null;
}
