import type { ClusterView } from './cluster-view.ts';
import type { Failure } from './failure.ts';
import type { Peer } from './peer.ts';
import type { Header } from './record.ts';
import type { Compression } from './component.ts';
import type { TopicSet } from './topic-set.ts';

/*
 * What Millrace needs of a broker. `src/broker/kafkajs` and `src/broker/embedded` provide it, and one contract
 * suite (test/contract/broker.ts) holds both to it. Errors are `Failure`s, always.
 */

/** A partition of a topic. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** A record as a broker stores it. Buffers may be slices of a larger one: copy what outlives its epoch. */
export interface FetchedRecord {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly Header[];
}

/** One partition's part of a fetch. It may hold no record and still be progress: control records, aborted batches, compaction gaps. */
export interface FetchedBatch extends TopicPartition {
  /** In offset order, all at or above the position asked for, none aborted, no control records. */
  readonly records: readonly FetchedRecord[];
  /** The position after this fetch. */
  readonly nextOffset: number;
  /** First offset of the log that is still there. */
  readonly startOffset: number;
  /** One past the last readable offset: the last stable offset when reading committed. Lag is this less the position. */
  readonly endOffset: number;
  /** Size on the wire, for credit. */
  readonly bytes: number;
}

/** Which partitions this member has from now on. It replaces the previous assignment whole. */
export interface Assignment {
  /** Counts up with each assignment of this reader; `commit` refuses those of an earlier one. */
  readonly generation: number;
  readonly partitions: readonly TopicPartition[];
}

/** Called synchronously; a listener only takes note and returns. */
export interface ReaderListener {
  /** Partitions new to this member deliver nothing until `deliver`; those it keeps go on undisturbed; the others stop at once. */
  assigned(assignment: Assignment): void;
  /** Never for a paused partition or one no longer assigned; never below the position asked for. */
  fetched(batch: FetchedBatch): void;
  /** The broker is away (`failure`) or back (`null`). The reader itself keeps trying. */
  connection(failure: Failure | null): void;
  /** The reader cannot go on (fatal). It has stopped delivering; `stop` is still to be called. */
  failed(failure: Failure): void;
}

/** How a member of a group reads. */
export interface ReaderSettings {
  readonly group: string;
  /**
   * Topics whose equal partition numbers must go to one member, one set per sub-topology. Topics that come to meet a pattern, or no longer
   * exist, change the assignment within `discovery`; a topic that is named has to exist.
   */
  readonly topicSets: readonly TopicSet[];
  /** What this member runs; a group with different ones is refused with `plan_mismatch`. */
  readonly signature: string;
  /** Partitions of tasks whose state this daemon has on disk, asked for at each joining: where possible they come back to it. None by default. */
  readonly held?: () => readonly TopicPartition[];
  /** State cannot be rebuilt elsewhere: a task that some member of the group holds goes only to a member that holds it, however uneven that is. */
  readonly pinned?: boolean;
  readonly sessionTimeout: number;
  /** Milliseconds between two looks for new topics and partitions. */
  readonly discovery: number;
  /** Longest wait of a fetch for the first record, in milliseconds. */
  readonly maxWait: number;
  /** Bound on one fetch, and on one partition's part of it. A single larger record still comes through. */
  readonly maxBytes: number;
  readonly maxBytesPerPartition: number;
}

/** A member of a consumer group, reading committed records. */
export interface GroupReader {
  /** Connects and joins; resolves when joining is under way, rejects only on what will never work. */
  start(): Promise<void>;
  /** Delivers an assigned partition from `offset` on (also after a pause, also backwards). */
  deliver(partition: TopicPartition, offset: number): void;
  pause(partition: TopicPartition): void;
  resume(partition: TopicPartition): void;
  /** A plain offset commit as this member, for at-least-once. Rejects with `fenced` when `generation` is over. */
  commit(generation: number, offsets: readonly OffsetCommit[]): Promise<void>;
  /** Leaves the group so that others take over at once. Safe to call twice, and without start. */
  stop(): Promise<void>;
}

/** An offset to be committed: the next one to read, with what the committer notes beside it. */
export interface OffsetCommit extends TopicPartition {
  readonly offset: number;
  readonly metadata: string;
}

/** A record to be written, its partition chosen. */
export interface OutgoingRecord {
  readonly topic: string;
  readonly partition: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly Header[];
  readonly timestamp: number;
}

/**
 * One call is one produce request per broker node: the caller keeps each partition's share under `TopicInfo.maxMessageBytes`.
 * After a rejected call the producer is dead and must be closed (limits of kafkajs: a sequence number may be used twice).
 */
export interface Producer {
  send(records: readonly OutgoingRecord[], compression: Compression): Promise<void>;
  close(): Promise<void>;
}

/** The one writer of a task, under a transactional id (KIP-98). */
export interface TransactionalProducer {
  /** Fences every earlier producer with this transactional id and settles its open transaction. */
  open(): Promise<void>;
  /** At most one transaction at a time. After any rejected call of it the producer is dead and must be closed. */
  begin(): Promise<Transaction>;
  close(): Promise<void>;
}

/** Rejections: `fenced` when a newer owner exists, `commit_unknown` when a commit's outcome was lost, else retryable or fatal. */
export interface Transaction {
  send(records: readonly OutgoingRecord[], compression: Compression): Promise<void>;
  /** The group's offsets become visible with the records, or not at all. */
  sendOffsets(group: string, offsets: readonly OffsetCommit[]): Promise<void>;
  commit(): Promise<void>;
  abort(): Promise<void>;
}

/** What a group committed for a partition. */
export interface CommittedOffset {
  readonly offset: number;
  readonly metadata: string;
}

/** Who is in a group. */
export interface GroupMember {
  readonly id: string;
  readonly client: string;
  readonly host: string;
  /** What it reads; null while the group deals out its partitions anew, and where members share this process. */
  readonly partitions: readonly TopicPartition[] | null;
  /** How other daemons reach it; null where it does not say. */
  readonly peer: Peer | null;
}

/** What a writer has to know of a topic. */
export interface TopicInfo {
  readonly partitions: number;
  /** Largest record batch the topic takes, in bytes. */
  readonly maxMessageBytes: number;
  /** How far behind and ahead of the broker's clock a record's timestamp may be, in milliseconds; one record beyond refuses its whole batch. */
  readonly timestamps: { readonly behind: number; readonly ahead: number };
  /** True where records need a key: a compacted topic refuses others. */
  readonly keyed: boolean;
}

/** A topic to be made. `config` is Kafka's; the embedded broker heeds `max.message.bytes` and `cleanup.policy`, by which it asks for keys but compacts nothing. */
export interface NewTopic {
  readonly topic: string;
  readonly partitions: number;
  readonly config?: Readonly<Record<string, string>>;
}

/** A connection to a broker, or to a cluster of them. */
export interface Broker {
  readonly name: string;
  /** Rejects with `broker_unavailable` while the broker is away. */
  connect(): Promise<void>;
  close(): Promise<void>;

  reader(settings: ReaderSettings, listener: ReaderListener): GroupReader;
  producer(): Producer;
  transactionalProducer(transactionalId: string, transactionTimeout: number): TransactionalProducer;
  /** Reads [from, to) without a group. Ends when the position reaches `to`, or at the end of what is readable. */
  readRange(partition: TopicPartition, from: number, to: number, isolation: 'committed' | 'uncommitted'): AsyncIterable<FetchedBatch>;

  /** In the order asked for; null where nothing is committed. */
  committed(group: string, partitions: readonly TopicPartition[]): Promise<(CommittedOffset | null)[]>;
  /** Those the broker counts in now; a member that was killed is among them until its session times out. */
  groupMembers(group: string): Promise<GroupMember[]>;
  /** A commit by an operator, outside of any generation. Rejects with `group_in_use`, and commits nothing, where the group has members. */
  commitOffsets(group: string, offsets: readonly OffsetCommit[]): Promise<void>;
  /** In the order asked for; `end` is the last stable offset; a timestamp gives the first offset at or after it, else the end. */
  listOffsets(partitions: readonly TopicPartition[], at: 'start' | 'end' | { timestamp: number }): Promise<number[]>;
  /** A look at the cluster, some topics and a group, for a doctor; `other`: a group, and a transactional id of that name, that is looked at too. Changes nothing. */
  view(topics: readonly string[], group: string, other?: string): Promise<ClusterView>;
  /** The names of all topics that this client may see, also the broker's own. */
  listTopics(): Promise<string[]>;
  /** A topic that does not exist is absent from the answer. */
  describeTopics(topics: readonly string[]): Promise<Map<string, TopicInfo>>;
  /** Topics that exist already are left as they are. */
  createTopics(topics: readonly NewTopic[]): Promise<void>;
  /** With their records, and what groups committed for them. Those that do not exist are left out; resolves once they are seen no more. */
  deleteTopics(topics: readonly string[]): Promise<void>;
  /**
   * Deletes all records below these offsets, for good; a log then starts there. An offset below the log's start changes nothing, one beyond its
   * end is `offset_out_of_range`. Kafka refuses it for a topic that is only compacted (`config_invalid`).
   */
  deleteRecords(offsets: readonly (TopicPartition & { readonly offset: number })[]): Promise<void>;
}
