import type { FailureCode } from '../../../actors/failure.ts';
import { Failure } from '../../../actors/failure.ts';

/** Longest part of a field's value in a message. */
const maxFound = 60;
/** A place is cut to as many names, from the inside. */
const maxNames = 12;

/** What went wrong inside of a value: thrown where it is noticed, given its place on the way out, and made a `Failure` by whoever began. */
export class Refusal extends Failure {
  /** Names of fields, indexes and keys, from the inside out. */
  readonly place: string[] = [];

  constructor(code: FailureCode, expected: string, found: string) {
    super(code, `expected ${expected}, found ${found}`);
  }
}

/** The error, with the field, index (`[3]`) or key it happened in. */
export function within(error: unknown, name: string): unknown {
  if (error instanceof Refusal) error.place.push(name);
  return error;
}

/** A `Failure` for whatever was thrown: `what` says of what it is. */
export function outermost(error: unknown, code: FailureCode, what: string): Failure {
  if (error instanceof Refusal) return new Failure(error.code, `${what}${placeText(error.place)}: ${error.message}`);
  if (error instanceof Failure) return error;
  const reason = error instanceof RangeError ? 'it is nested too deeply or too large' : shortened(error instanceof Error ? error.message : String(error), 200);
  return new Failure(code, `${what}: ${reason}`, { cause: error });
}

function placeText(place: readonly string[]): string {
  if (place.length === 0) return '';
  const names = place.slice(0, maxNames).toReversed();
  const path = names.map((name, index) => (index === 0 || name.startsWith('[') ? '' : '.') + shortened(name, maxFound)).join('');
  return `, at ${place.length > maxNames ? '….' : ''}${path}`;
}

/** A value's short form for a message: its kind, and of a scalar the first characters. */
export function found(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (typeof value === 'string') return `the text ${shortened(JSON.stringify(value), maxFound)}`;
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return shortened(String(value), maxFound);
  if (typeof value !== 'object') return `a ${typeof value}`;
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  return Array.isArray(value) ? `an array of ${value.length}` : 'an object';
}

/** The text, cut to a length. */
export function shortened(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
