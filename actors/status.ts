import type { Counts } from './accounting.ts';
import type { FailureCode } from './failure.ts';
import type { HistogramStatus } from './histogram.ts';
import type { TableStatus } from './table/table.ts';

/** Where a topology is in its life; `src/runtime/lifecycle.ts` has the table of transitions. */
export type LifecycleState = (typeof lifecycleStates)[number];

/** All of them. */
export const lifecycleStates = ['created', 'starting', 'running', 'waiting', 'stopping', 'failing', 'stopped', 'failed'] as const;

/** Milliseconds spent in the phases of a checkpoint. */
export interface CheckpointTimes {
  readonly prepare: number;
  readonly write: number;
  readonly commit: number;
  readonly apply: number;
}

/** One node's account over all committed epochs of this daemon's life. */
export interface NodeStatus {
  readonly name: string;
  readonly kind: 'source' | 'transform' | 'sink';
  readonly counts: Readonly<Counts>;
}

/** One partition this daemon reads. */
export interface PartitionStatus {
  readonly topic: string;
  readonly partition: number;
  /** Next offset to read, as committed. */
  readonly position: number;
  /** One past the last readable record. */
  readonly end: number;
  /** Readable records from the position on, those that retention took not counted. */
  readonly lag: number;
  /** Age of the oldest of them, 0 where there is none; null where it is not known: nothing of the partition was read yet, or its records have no timestamp. */
  readonly lagSeconds: number | null;
}

/** The store of a keyed node, over the tasks of this daemon. */
export interface StoreStatus {
  readonly store: string;
  readonly entries: number;
  readonly bytes: number;
}

/** What lies between two nodes, over the tasks of this daemon. */
export interface EdgeStatus {
  readonly from: string;
  readonly to: string;
  /** Records in the mailbox of the reader. */
  readonly records: number;
  /** Seconds that records have waited there, added up over all of them. */
  readonly waited: number;
}

/** How far event time is complete in a task, in milliseconds since 1970. */
export interface WatermarkStatus {
  readonly task: string;
  readonly watermark: number;
}

/** What is measured of the nodes of a topology, in this daemon's life. */
export interface Measured {
  /** Seconds that each node works on a batch. */
  readonly processing: readonly { readonly node: string; readonly batches: HistogramStatus }[];
  /** Seconds from the timestamp of a record to the commit of what became of it, of some records of each epoch. */
  readonly latency: readonly { readonly sink: string; readonly records: HistogramStatus }[];
  readonly edges: readonly EdgeStatus[];
  readonly stores: readonly StoreStatus[];
  /** Of tasks that go by event time and are not idle. */
  readonly watermarks: readonly WatermarkStatus[];
}

/** A task whose state is read back from its changelogs. */
export interface RestoreStatus {
  readonly task: string;
  /** Changelog offsets read, of how many. */
  readonly done: number;
  readonly total: number;
  /** At the speed so far; null before anything was read. */
  readonly secondsLeft: number | null;
}

/** What a topology is doing, for the status line, the log, metrics and health. */
export interface TopologyStatus {
  readonly name: string;
  readonly state: LifecycleState;
  /** Why it failed, or what it or one of its tasks waits for. */
  readonly failure: { readonly code: FailureCode; readonly message: string; readonly remedy: string } | null;
  /** Tasks this daemon has, and how many of them run. */
  readonly tasks: { readonly assigned: number; readonly running: number };
  readonly nodes: readonly NodeStatus[];
  readonly partitions: readonly PartitionStatus[];
  readonly lag: number;
  readonly restores: readonly RestoreStatus[];
  readonly tables: readonly TableStatus[];
  readonly measured: Measured;
  readonly checkpoints: number;
  readonly lastCheckpoint: { readonly at: number; readonly times: CheckpointTimes } | null;
}
