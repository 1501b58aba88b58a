import type { PlainCodec } from '../codec.ts';
import { Failure } from '../failure.ts';
import type { StreamRecord } from '../record.ts';
import type { StoreValue } from '../store.ts';

/**
 * A record's value in a form that stores keep. One that was decoded is as it is; one that a script made may hold dates and integers of any size, which become what a
 * sink would write. `json`: the codec. Throws a poison `Failure` for what has no such form.
 */
export function storable({ value, changed, origin }: StreamRecord, json: PlainCodec): StoreValue {
  if ((!changed && origin.exotic !== true) || origin.codec === '' || isPlain(value, 0)) return value as StoreValue;
  refuseLarge(value, 0);
  return json.decode(json.encode(value)) as StoreValue;
}

/** Throws a poison `Failure` for a record whose value would come out of a parcel as another one. */
export function checkCrossing({ value, changed, origin }: StreamRecord): void {
  if (changed || origin.exotic === true) refuseLarge(value, 0);
}

/** A key, as its source's codec reads it, in a form that stores keep: integers that JSON would round are texts. */
export function storableKey(key: unknown): StoreValue {
  if (typeof key !== 'bigint' && (typeof key !== 'object' || key === null)) return key as StoreValue;
  return JSON.parse(JSON.stringify(key, (_, part: unknown) => (typeof part !== 'bigint' ? part : Number.isSafeInteger(Number(part)) ? Number(part) : String(part)))) as StoreValue;
}

/** JSON writes integers of any size, but reading them again would round. */
function refuseLarge(value: unknown, depth: number): void {
  if (typeof value === 'bigint' && !Number.isSafeInteger(Number(value))) {
    throw new Failure('unencodable', 'expected integers up to 2^53 in what a store keeps, found a larger one; read them with long: string');
  }
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array || depth >= deepest) return;
  for (const part of Object.values(value)) refuseLarge(part, depth + 1);
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
