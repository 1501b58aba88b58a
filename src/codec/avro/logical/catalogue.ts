import { bigDecimal, decimal } from './decimal.ts';
import { duration } from './duration.ts';
import type { Logical } from './logical.ts';
import { date, localTimestamps, times, timestamps } from './time.ts';
import { uuid } from './uuid.ts';

type Json = Readonly<Record<string, unknown>>;

/** Each logical type by its name: what it makes of an underlying type with the attributes of a schema; null where they do not fit. */
const catalogue: ReadonlyMap<string, (kind: string, size: number, schema: Json) => Logical | null> = new Map([
  ['decimal', (kind, size, { precision, scale }) => decimal(kind, size, precision, scale ?? 0)],
  ['big-decimal', (kind) => (kind === 'bytes' ? bigDecimal : null)],
  ['uuid', (kind, size) => uuid(kind, size)],
  ['date', (kind) => (kind === 'int' ? date : null)],
  ['time-millis', (kind) => (kind === 'int' ? times.millis : null)],
  ['time-micros', (kind) => (kind === 'long' ? times.micros : null)],
  ['timestamp-millis', (kind) => (kind === 'long' ? timestamps.millis : null)],
  ['timestamp-micros', (kind) => (kind === 'long' ? timestamps.micros : null)],
  ['timestamp-nanos', (kind) => (kind === 'long' ? timestamps.nanos : null)],
  ['local-timestamp-millis', (kind) => (kind === 'long' ? localTimestamps.millis : null)],
  ['local-timestamp-micros', (kind) => (kind === 'long' ? localTimestamps.micros : null)],
  ['local-timestamp-nanos', (kind) => (kind === 'long' ? localTimestamps.nanos : null)],
  ['duration', (kind, size) => (kind === 'fixed' && size === 12 ? duration : null)]
]);

/** The logical type of a schema; null where it has none, or one that is unknown or not valid, which the specification has ignored. */
export function logicalOf(kind: string, size: number, schema: Json): Logical | null {
  const { logicalType } = schema;
  return typeof logicalType === 'string' ? (catalogue.get(logicalType)?.(kind, size, schema) ?? null) : null;
}

/** Whether a field says what logical type it has, beside its type, as code from Java's annotations does. */
export function hasAnnotation(schema: Json): boolean {
  return typeof schema['logicalType'] === 'string';
}

/** A type with the logical type that is told outside of it, unless it tells its own; each branch of a union, where it fits. */
export function annotated(type: unknown, outer: Json): unknown {
  if (!hasAnnotation(outer)) return type;
  const { logicalType, precision, scale } = outer;
  if (Array.isArray(type)) return type.map((branch: unknown) => (Array.isArray(branch) ? branch : annotated(branch, outer)));
  if (typeof type === 'object' && type !== null) return hasAnnotation(type as Json) ? type : { ...type, logicalType, precision, scale };
  return { type, logicalType, precision, scale };
}
