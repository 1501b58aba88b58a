import type { Store, StoreValue } from '../store.ts';
import type { StreamRecord } from '../record.ts';
import type { Algebra, Partial } from './algebra.ts';

/** Partial results of one group that belong to one window, or, for windows that follow the data, to one stretch of time. */
export interface Group {
  /** A binary string. */
  readonly key: string;
  /** Where it belongs, in numbers that the kind of window chooses. */
  readonly a: number;
  readonly b: number;
  readonly partial: Partial;
}

/** A group with the number of records that came to be counted in it. */
export interface GatheredGroup extends Group {
  readonly records: number;
}

/** The partial results of one epoch, in memory. */
export interface Gathering {
  /** Partial results held. */
  readonly size: number;
  /** Adds what the algebra has read of a record that is not late. */
  add(key: string, record: StreamRecord, watermark: number): void;
  /** Hands over everything, and is empty. */
  drain(): Iterable<GatheredGroup>;
}

/** Where a result is sent. A window without bounds has none. */
export type Emit = (key: string, window: Bounds | null, partial: Partial) => void;

/** Takes back a result that was sent: its window is part of another one now, which has this timestamp. */
export type Retract = (key: string, start: number, timestamp: number) => void;

/** First and last millisecond, or first and the one behind the last, as the kind of window says. */
export interface Bounds {
  readonly start: number;
  readonly end: number;
}

/** The windows of a task in its store. All changes belong to the epoch that ends. */
export interface Keeper {
  /** Merges a group in; false where all its windows are past at this watermark, and nothing was changed. */
  take(group: Group, watermark: number): boolean;
  /** What changed since the last call: goes to `emit`, where it is asked for, and what that replaces to `retract`. */
  changes(emit: Emit | null, retract: Retract | null): void;
  /** Deletes what is past at this watermark, up to so many windows; they go to `emit` first, where that is asked for. */
  expire(watermark: number, limit: number, emit: Emit | null): void;
  /** Every window that is not past. */
  all(emit: Emit): void;
  /** The watermark at which the first window was past that is at this one and is still there; Infinity for none. */
  overdue(watermark: number): number;
}

/** One kind of window. */
export interface WindowKind {
  /** Canonical description, for what a store holds. */
  readonly holds: StoreValue;
  /** How far behind the watermark results still to come may be. */
  readonly hold: number;
  /** True where a record of that time counts for no window any more. */
  late(time: number, watermark: number): boolean;
  gather(algebra: Algebra): Gathering;
  keep(algebra: Algebra, store: Store): Keeper;
  /** The time that a group covers, as bounds. */
  bounds(group: Group): Bounds | null;
}
