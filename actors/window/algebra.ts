import type { StreamRecord } from '../record.ts';
import type { StoreValue } from '../store.ts';
import type { Times } from './times.ts';

/** A partial result while records are added to it: changed in place, held by one owner. */
export interface Working {
  /** Highest event time in it. */
  time: number;
  /** Highest record timestamp in it. */
  timestamp: number;
  /** Records added to it, each counted in one partial result only. */
  records: number;
  readonly states: unknown[];
}

/** A partial result as stores and parcels hold it: its highest times, then one state for each aggregate. Never changed in place. */
export type Partial = readonly [times: Times, ...states: StoreValue[]];

/** The part of a result that an author names: `{ count: 3, average: 1.5 }`. */
export type Fields = Readonly<Record<string, StoreValue>>;

/**
 * How records become results. Records are added to a working partial result; packed ones are merged, in any order and
 * grouping with the same outcome, so that it does not matter where checkpoints fall and which way records took.
 */
export interface Algebra {
  /** Evaluates what is to be added of a record, to be taken by the next calls of `add`. Throws a poison `Failure`, and nothing is added then. */
  read(record: StreamRecord, now: number): void;
  create(): Working;
  add(working: Working, record: StreamRecord): void;
  pack(working: Working): Partial;
  merge(first: Partial, second: Partial): Partial;
  /** The form that goes into a store. */
  settle(partial: Partial): Partial;
  result(partial: Partial): Fields;
  /** Canonical description, for what a store holds. */
  readonly holds: StoreValue;
  /** True where a partial result grows with each record. */
  readonly grows: boolean;
}
