import { Environment } from '@marcbachmann/cel-js';
import { Failure } from '../../../actors/failure.ts';

/*
 * The language of expressions: CEL, its variables, and what Millrace adds. One environment serves all expressions;
 * evaluation is synchronous and never nested, so that `now()` can read a variable of this module.
 */

/** A variable of every expression, for the reference and for suggestions. */
export interface Variable {
  readonly name: string;
  readonly type: string;
  readonly description: string;
}

/** The variables of every expression. */
export const variables: readonly Variable[] = [
  { name: 'value', type: 'any', description: "The record's decoded value; null for a tombstone. With codec raw its bytes, with codec text a string." },
  { name: 'key', type: 'any', description: "The record's key as the source's key_codec reads it; without one as UTF-8, and a key that is not UTF-8 fails the record." },
  { name: 'headers', type: 'map', description: 'Headers by name, as UTF-8 text; of several with one name the last. Names with other characters: headers["x-id"].' },
  { name: 'topic', type: 'string', description: 'The topic the record was read from.' },
  { name: 'partition', type: 'number', description: 'The partition it was read from.' },
  { name: 'offset', type: 'number', description: 'Its offset there.' },
  { name: 'timestamp', type: 'number', description: "The record's timestamp in milliseconds since 1970; -1 where it has none." }
];

/** A function that Millrace adds to CEL's own. */
export interface AddedFunction {
  readonly signature: string;
  readonly description: string;
  readonly run: (...args: readonly unknown[]) => unknown;
}

let evaluationTime = 0;

/** Says what `now()` means until the next call. */
export function setNow(now: number): void {
  evaluationTime = now;
}

/** Functions that Millrace adds to CEL's own. */
export const functions: readonly AddedFunction[] = [
  { signature: 'now(): dyn', description: 'Wall clock at which the batch entered the task, in milliseconds since 1970; the same for all its records.', run: () => evaluationTime },
  { signature: 'abs(dyn): dyn', description: 'A number without its sign.', run: (x) => Math.abs(toNumber('abs', x)) },
  { signature: 'round(dyn): dyn', description: 'The nearest whole number, halves upwards.', run: (x) => Math.round(toNumber('round', x)) },
  { signature: 'floor(dyn): dyn', description: 'The next whole number below.', run: (x) => Math.floor(toNumber('floor', x)) },
  { signature: 'ceil(dyn): dyn', description: 'The next whole number above.', run: (x) => Math.ceil(toNumber('ceil', x)) },
  { signature: 'min(dyn, dyn): dyn', description: 'The smaller of two numbers.', run: (x, y) => Math.min(toNumber('min', x), toNumber('min', y)) },
  { signature: 'max(dyn, dyn): dyn', description: 'The larger of two numbers.', run: (x, y) => Math.max(toNumber('max', x), toNumber('max', y)) }
];

function toNumber(caller: string, value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  throw new Failure('expression_failed', `${caller}: expected a number, found ${value === null ? 'null' : typeof value}`);
}

type Arithmetic = (left: number, right: number) => number;

const arithmetic: Readonly<Record<string, Arithmetic>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
  '%': (left, right) => left % right
};

/**
 * CEL with its added functions and these variables.
 *
 * CEL has two kinds of numbers and mixes them only in comparisons. JSON's numbers are doubles, and the literal in
 * `value.n + 1` is an int, so both orders of both kinds are added. All variables of number type are dynamic for the
 * same reason: `offset == 3` would be refused with a declared type.
 */
export function createEnvironment(variables: readonly Pick<Variable, 'name' | 'type'>[]): Environment {
  const environment = new Environment({ homogeneousAggregateLiterals: false });
  for (const { name, type } of variables) {
    environment.registerVariable(name, type === 'string' || type === 'map' ? type : 'dyn');
  }
  for (const { signature, run } of functions) environment.registerFunction(signature, run, { async: false });
  for (const [operator, run] of Object.entries(arithmetic)) {
    environment.registerOperator(`double ${operator} int: double`, (left: number, right: bigint) => run(left, Number(right)));
    environment.registerOperator(`int ${operator} double: double`, (left: bigint, right: number) => run(Number(left), right));
  }
  environment.registerOperator('double == int: bool', (left: number, right: bigint) => left === Number(right));
  environment.registerOperator('double % double: double', (left: number, right: number) => left % right);
  return environment;
}

/** The one environment of all expressions over a record. */
export const environment = createEnvironment(variables);
