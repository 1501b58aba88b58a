import type { Aggregate } from './aggregate.ts';
import { distinctCount } from './distinct.ts';
import { avg, count, max, min, sum } from './numbers.ts';
import { collect, first, last } from './ordered.ts';

/** Most values that `collect` takes: all of them are read and written at each checkpoint that adds one. */
export const maxCollected = 10_000;

/** An aggregate function, for the reference and for messages. */
export interface AggregateFunction {
  readonly name: string;
  readonly signature: string;
  readonly description: string;
  /** How many arguments it takes: least and most. */
  readonly args: readonly [least: number, most: number];
  /** `n` is the second argument. */
  create(n: number): Aggregate;
}

/** Every aggregate function a topology may call, in the order of the reference. */
export const aggregateFunctions: readonly AggregateFunction[] = [
  { name: 'count', signature: 'count(), count(x)', description: 'Number of records, or of those for which x is not null.', args: [0, 1], create: () => count },
  { name: 'sum', signature: 'sum(x)', description: 'Sum of numbers; null once it is beyond what a number holds.', args: [1, 1], create: () => sum },
  { name: 'avg', signature: 'avg(x)', description: 'Average of numbers; null where there was none.', args: [1, 1], create: () => avg },
  { name: 'min', signature: 'min(x)', description: 'The smallest number or text; numbers come before texts. null where there was none.', args: [1, 1], create: () => min },
  { name: 'max', signature: 'max(x)', description: 'The largest number or text.', args: [1, 1], create: () => max },
  { name: 'first', signature: 'first(x)', description: 'The value of the first record, by event time; of one time, by topic, partition and offset.', args: [1, 1], create: () => first },
  { name: 'last', signature: 'last(x)', description: 'The value of the last record, in the same order.', args: [1, 1], create: () => last },
  { name: 'collect', signature: 'collect(x, n)', description: `A list of the first n values, in the same order; n is at most ${maxCollected.toLocaleString('en')}.`, args: [2, 2], create: (n) => collect(n) },
  { name: 'distinct_count', signature: 'distinct_count(x)', description: 'Number of distinct values: exact up to 1,000, beyond that an estimate (HyperLogLog) with a standard error of 1.6 %.', args: [1, 1], create: () => distinctCount }
];

/** The function of a name, or undefined. */
export function findAggregate(name: string): AggregateFunction | undefined {
  return aggregateFunctions.find((candidate) => candidate.name === name);
}
