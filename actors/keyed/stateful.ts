import type { TaskContext, TransformLogic } from '../component.ts';
import type { StreamRecord } from '../record.ts';
import type { Store } from '../store.ts';

/** A keyed node with state. Where the records of an input are not in the partition of their group, they cross a repartition topic between a half of the node and the rest. */
export interface StatefulLogic {
  /** What its store holds, in JSON: state that was written under another one cannot be read. Null for a node that only looks up in another's store. */
  readonly holds: Readonly<Record<string, unknown>> | null;
  /** Of each input: true where records are grouped by another key than their own. */
  readonly regroups: readonly boolean[];
  /** True where results have the key that records are grouped by as their own, and so are where that belongs, whatever the records' own keys were. */
  readonly regrouped?: boolean;
  /** Topic for late records; null where they are dropped, or there are none. */
  readonly late: string | null;
  /** True where each checkpoint costs as much as the whole state: it comes on the interval, not as soon as it may. */
  readonly unhurried: boolean;
  /** What bounds its store, in one line for people, such as `records of the last 2m of event time`. */
  readonly bound: string;
  /** The node in one task. */
  open(task: KeyedTask): TransformLogic;
  /** The half of an input before the hop: decides what is late, and sends `Parcel`s for each of so many partitions. */
  before(task: TaskContext, partitions: number, input: number): TransformLogic;
  /** What a store holds, as the results that it would give. */
  contents(store: Store): StreamRecord[];
}

/** Where a keyed node stands, and what it has there. */
export interface KeyedTask extends TaskContext {
  /** Its own; not to be touched by a node that holds nothing. */
  readonly store: Store;
  /** Of each input: true where its records come as parcels. */
  readonly shipped: readonly boolean[];
  /** The store of the table node that it looks up in, as that one writes it; null for none. Both have their turns one by one, in the order in which records come. */
  readonly table: Store | null;
}
