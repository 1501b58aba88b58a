import type { StoreValue } from '../../store.ts';
import type { Aggregate } from './aggregate.ts';
import { checkAny, checkNumber, refuse } from './aggregate.ts';

/** Number of records, or of values that are not null. */
export const count: Aggregate<number> = {
  check: checkAny,
  create: () => 0,
  add: (state) => state + 1,
  pack: (state) => state,
  merge: (first, second) => (first as number) + (second as number),
  result: (state) => state
};

/** Sum of numbers; null once it is beyond what a number holds. */
export const sum: Aggregate<number[]> = {
  check: checkNumber,
  create: () => [0],
  add(state, value) {
    state[0] = (state[0] as number) + (value as number);
    return state;
  },
  pack: (state) => finite(state[0] as number),
  merge: (first, second) => (first === null || second === null ? null : finite((first as number) + (second as number))),
  result: (state) => state
};

/** Sum and number of values: the average of partial averages would be another. */
export const avg: Aggregate<number[]> = {
  check: checkNumber,
  create: () => [0, 0],
  add(state, value) {
    state[0] = (state[0] as number) + (value as number);
    state[1] = (state[1] as number) + 1;
    return state;
  },
  pack: (state) => [finite(state[0] as number), state[1] as number],
  merge(first, second) {
    const [a, n] = first as [number | null, number];
    const [b, m] = second as [number | null, number];
    return [a === null || b === null ? null : finite(a + b), n + m];
  },
  result(state) {
    const [total, n] = state as [number | null, number];
    return total === null || n === 0 ? null : total / n;
  }
};

/** JSON has no infinity. */
function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

type Extreme = number | string | null;

/** The smallest value: numbers come before texts, so that the outcome is the same in whatever order they come. */
export const min: Aggregate<Extreme> = extreme((a, b) => before(a, b));
/** The largest value. */
export const max: Aggregate<Extreme> = extreme((a, b) => before(b, a));

function extreme(wins: (a: number | string, b: number | string) => boolean): Aggregate<Extreme> {
  return {
    check(value) {
      if (typeof value === 'string') return;
      if (typeof value !== 'number' || !Number.isFinite(value)) refuse('a number or a text', value);
    },
    create: () => null,
    add: (state, value) => (state === null || wins(value as number | string, state) ? (value as number | string) : state),
    pack: (state) => state,
    merge: (first: StoreValue, second: StoreValue) => {
      if (first === null) return second;
      return second !== null && wins(second as number | string, first as number | string) ? second : first;
    },
    result: (state) => state
  };
}

function before(a: number | string, b: number | string): boolean {
  if (typeof a === typeof b) return a < b;
  return typeof a === 'number';
}
