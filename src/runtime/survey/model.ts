import type { FailureCode } from '../../../actors/failure.ts';
import type { HoldsChange } from '../../../actors/holds.ts';
import type { CommittedOffset, TopicPartition } from '../../../actors/port.ts';
import type { RememberedTask } from '../../../actors/remembered.ts';
import type { Attempt } from '../../../actors/store.ts';
import type { Holds } from '../../../actors/holds.ts';
import type { OffsetState } from '../group-offsets.ts';
import type { StoreLog, StoreMark } from '../store-mark.ts';

/** A partition that the topology reads. */
export interface PartitionView extends TopicPartition {
  readonly committed: CommittedOffset | null;
  readonly start: number;
  readonly end: number;
}

/** A changelog partition, with what it says of itself. */
export interface LogView extends StoreLog {
  readonly mark: StoreMark;
}

/** What the broker has of a topology. */
export interface BrokerView {
  /** Partition counts of the topics that matter to it, those of nodes that are gone among them. */
  readonly topics: ReadonlyMap<string, number>;
  readonly partitions: readonly PartitionView[];
  readonly logs: readonly LogView[];
}

/** What this machine has of a task. */
export interface LocalTask {
  readonly task: string;
  readonly applied: Attempt | null;
  readonly stores: readonly { readonly name: string; readonly holds: Holds }[];
  /** Changelog offsets up to which it is known, by store. */
  readonly positions: Readonly<Record<string, number>>;
}

/** What this machine has of a topology. */
export interface LocalView {
  readonly tasks: readonly LocalTask[];
  /** What is remembered of a task; null for nothing. */
  remembered(task: string): RememberedTask | null;
}

/** A sub-topology beside what committed for its topics before. */
export interface TaskRow {
  readonly name: string;
  /** Null where the broker does not say. */
  readonly tasks: number | null;
  readonly reads: readonly string[];
  readonly fate: 'kept' | 'new' | 'renamed' | 'merged' | 'split' | 'unknown';
  /** Other names under which its topics were committed. */
  readonly before: readonly string[];
}

/** A store of the plan, or one that is left over. */
export interface StoreRow {
  readonly name: string;
  readonly fate: 'kept' | 'new' | 'orphaned' | 'incompatible' | 'rebuilt';
  readonly changes: readonly HoldsChange[];
  /** Tasks whose state of it is on this machine. */
  readonly here: readonly string[];
  /** Changelog topic that is there; null for none. */
  readonly changelog: string | null;
  /** What bounds it; null for one that is left over. */
  readonly bound: string | null;
}

/** A table that each daemon keeps whole. */
export interface TableRow {
  readonly name: string;
  readonly type: string;
  /** Where its rows come from. */
  readonly source: string;
}

/** A topic that is named, or that belongs to the topology. */
export interface TopicRow {
  readonly topic: string;
  readonly use: string;
  readonly fate: 'there' | 'made' | 'missing' | 'misfit' | 'orphaned';
  readonly partitions: number;
}

/** How a group stands in a topic. */
export interface OffsetRow {
  readonly topic: string;
  readonly partitions: Readonly<Record<OffsetState, number>>;
  /** Of the partitions with a commit that is in the log. */
  readonly lag: number;
}

/** A store that is read back from its changelog before its task begins. */
export interface RestoreRow {
  readonly task: string;
  readonly store: string;
  /** Changelog offsets to be read. */
  readonly offsets: number;
}

/** What a start would be refused for. */
export interface Refusal {
  readonly code: FailureCode;
  readonly message: string;
  readonly remedy: string;
}

/** What a start would do against what is there. */
export interface Survey {
  readonly tasks: readonly TaskRow[];
  readonly stores: readonly StoreRow[];
  readonly tables: readonly TableRow[];
  readonly topics: readonly TopicRow[];
  readonly offsets: readonly OffsetRow[];
  readonly restores: readonly RestoreRow[];
  readonly refusals: readonly Refusal[];
}
