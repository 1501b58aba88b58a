import type { JaegerSpan, JaegerTrace } from '../jaeger.ts';

/** How many records a span is of; null where it does not say. */
export function recordsOf({ tags }: JaegerSpan): number | null {
  const found = tags.find(({ key }) => key === 'messaging.batch.message_count')?.value;
  return typeof found === 'number' ? found : null;
}

/** A trace as text: a line for each span below the one it came of, with when it began and how long it took, in milliseconds. */
export function treeOf({ traceID, spans }: JaegerTrace): string {
  const known = new Set(spans.map(({ spanID }) => spanID));
  const parentOf = (span: JaegerSpan): string | null => span.references.find(({ spanID }) => known.has(spanID))?.spanID ?? null;
  const start = Math.min(...spans.map(({ startTime }) => startTime));
  const milliseconds = (microseconds: number): string => (microseconds / 1000).toFixed(1).padStart(8);
  const lines = (parent: string | null, indent: string): string[] =>
    spans.filter((span) => parentOf(span) === parent).toSorted((a, b) => a.startTime - b.startTime).flatMap((span) => {
      const records = recordsOf(span);
      const count = records === null ? '' : records === 1 ? '1 record' : `${records} records`;
      return [`  ${(indent + span.operationName).padEnd(38)}${milliseconds(span.startTime - start)}${milliseconds(span.duration)}   ${count}`.trimEnd(), ...lines(span.spanID, `${indent}  `)];
    });
  return [`trace ${traceID}`, `  ${'span'.padEnd(38)}${'at ms'.padStart(8)}${'took ms'.padStart(8)}`, ...lines(null, '')].join('\n');
}
