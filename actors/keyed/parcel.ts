import { isObject } from '../fields.ts';
import type { StoreValue } from '../store.ts';
import type { TraceContext } from '../trace.ts';

/**
 * What crosses a repartition topic: at each checkpoint an upstream task sends one to every partition that it has something for, as
 * the JSON text of a record's value. Many groups share one, so that a hop costs a record per partition and checkpoint, not per group.
 */
export interface Parcel {
  /** The partition it goes to. */
  readonly to: number;
  /** Number of the upstream task, and how many there are: the reader waits for the watermarks of all. */
  readonly task: number;
  readonly of: number;
  readonly epoch: number;
  /** Of the upstream task; null before its first. */
  readonly watermark: number | null;
  /** True while the upstream task holds nobody back. */
  readonly idle: boolean;
  /** Records that went into `groups`. */
  readonly records: number;
  /** Partial results by group, in a form of the node's own; none in a parcel that is only a marker. */
  readonly groups: readonly StoreValue[];
}

/** A part of a parcel, with the number of records that came to be in it. */
export interface ParcelGroup {
  /** A binary string; decides the partition. */
  readonly key: string;
  /** In a form of the node's own. */
  readonly content: StoreValue;
  readonly records: number;
  /** Contexts of traced batches that it comes from, where there are some: they go on in the headers of its parcel. */
  readonly traces?: readonly TraceContext[];
}

/** Whether a value is what the other half of a node sends. */
export function isParcel(value: unknown): value is Parcel {
  return isObject(value) && typeof value['task'] === 'number' && Array.isArray(value['groups']);
}
