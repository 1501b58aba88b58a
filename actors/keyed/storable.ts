import type { Codec } from '../component.ts';
import type { StreamRecord } from '../record.ts';
import type { StoreValue } from '../store.ts';

/**
 * A record's value in a form that stores keep. One that was decoded is as it is; one that a script made may hold dates and integers of any size, which become what a
 * sink would write. `json`: the codec. Throws a poison `Failure` for what has no such form.
 */
export function storable({ value, changed, origin }: StreamRecord, json: Codec): StoreValue {
  if (!changed || origin.codec === '' || isPlain(value, 0)) return value as StoreValue;
  return json.decode(json.encode(value)) as StoreValue;
}

/** Deeper than this is looked at by the codec. */
const deepest = 100;

/** Whether a value is what comes of reading its own JSON. */
function isPlain(value: unknown, depth: number): boolean {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return true;
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0);
  return typeof value === 'object' && depth < deepest && hasPlainParts(value, depth + 1);
}

function hasPlainParts(value: object, depth: number): boolean {
  if (Array.isArray(value)) return value.every((part) => isPlain(part, depth));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  for (const name in value) if (!isPlain((value as Readonly<Record<string, unknown>>)[name], depth)) return false;
  return true;
}
