import { Failure } from '../../failure.ts';
import type { StreamRecord } from '../../record.ts';
import type { StoreValue } from '../../store.ts';

/** A value that is added: null and what JSON has no form for never come. */
export type Input = boolean | number | string | readonly StoreValue[] | { readonly [name: string]: StoreValue };

/**
 * One aggregate function. While records are added a state may be changed in place, in a form of its own; packed it is JSON, is
 * never changed, and `merge` is associative and commutative.
 */
export interface Aggregate<W = unknown> {
  /** Throws a poison `Failure` where it cannot take the value. */
  check(value: Input): void;
  create(): W;
  /** The state with one more value. */
  add(state: W, value: Input, record: StreamRecord): W;
  pack(state: W): StoreValue;
  merge(first: StoreValue, second: StoreValue): StoreValue;
  result(state: StoreValue): StoreValue;
}

/** Fails a value that an aggregate does not take. */
export function refuse(expected: string, value: unknown): never {
  const found = value instanceof Uint8Array ? 'bytes' : Array.isArray(value) ? 'a list' : value === null ? 'null' : typeof value === 'object' ? 'a map' : typeof value === 'string' ? 'a text' : typeof value === 'bigint' ? 'a larger one' : `a ${typeof value}`;
  throw new Failure('expression_failed', `expected ${expected}, found ${found}`);
}

/** Fails what is no number, and infinities. */
export function checkNumber(value: Input): void {
  if (typeof value !== 'number' || !Number.isFinite(value)) refuse('a number', value);
}

/** Takes any value that JSON has, and gives back when it is read; also inside of lists and maps. */
export function checkAny(value: unknown): void {
  if (value instanceof Uint8Array) refuse('a value that JSON has (use .base64() or .hex())', value);
  if (typeof value === 'bigint') refuse('an integer up to 2^53 (use string(…), or read it with long: string)', value);
  if (typeof value === 'object' && value !== null) for (const part of Object.values(value)) checkAny(part);
}
