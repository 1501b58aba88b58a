import { Duration, UnsignedInt } from '@marcbachmann/cel-js/evaluator';
import { Failure } from '../../../actors/failure.ts';

/**
 * An expression's result as a value that a record may hold: integers become numbers where these hold them exactly, maps plain objects,
 * timestamps ISO 8601 texts and durations milliseconds. What needs no change is returned as it is, not copied.
 * Throws a poison `Failure` for what JSON cannot hold: infinities, types.
 */
export function toPlain(value: unknown): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      if (Number.isFinite(value)) return value;
      throw new Failure('expression_failed', `expected a number, found ${value} (a division by zero?)`);
    case 'bigint':
      return exact(value);
    case 'object':
      return value === null ? null : plainObject(value);
    case 'undefined':
    case 'function':
    case 'symbol':
      throw new Failure('expression_failed', `expected a value, found ${typeof value}`);
  }
}

/** A number up to 2^53; beyond it the big integer, which a number would round. */
function exact(value: bigint): number | bigint {
  const result = Number(value);
  return Number.isSafeInteger(result) ? result : value;
}

function plainObject(value: object): unknown {
  if (Array.isArray(value)) return plainArray(value);
  if (value instanceof Uint8Array) return value;
  if (value instanceof Map) return fromEntries(value);
  if (value instanceof Set) return plainArray([...(value as Set<unknown>)]);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Duration) return value.valueOf();
  if (value instanceof UnsignedInt) return exact(value.value);
  if (isPlain(value)) return plainFields(value as Record<string, unknown>);
  throw new Failure('expression_failed', 'expected a value, found something a record cannot hold');
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function plainArray(value: readonly unknown[]): readonly unknown[] {
  let result: unknown[] | null = null;
  for (let i = 0; i < value.length; i++) {
    const item = toPlain(value[i]);
    if (item !== value[i]) (result ??= [...value])[i] = item;
  }
  return result ?? value;
}

function plainFields(value: Record<string, unknown>): Record<string, unknown> {
  let result: Record<string, unknown> | null = null;
  for (const key of Object.keys(value)) {
    const item = toPlain(value[key]);
    if (item !== value[key]) define((result ??= { ...value }), key, item);
  }
  return result ?? value;
}

function fromEntries(value: ReadonlyMap<unknown, unknown>): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [key, item] of value) define(result, String(key), toPlain(item));
  return result;
}

/** Assigning to `__proto__` would change the prototype instead of setting a field. */
function define(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  else target[key] = value;
}
