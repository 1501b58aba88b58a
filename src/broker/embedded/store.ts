import { asFailure, Failure } from '../../../actors/failure.ts';
import type { CommittedOffset, NewTopic, OffsetCommit, OutgoingRecord, TopicPartition } from '../../../actors/port.ts';
import { recordKey } from './keys.ts';
import type { PartitionLog } from './log.ts';
import { Groups } from './group.ts';
import { encodeRecord } from './record-codec.ts';
import type { Tables } from './tables.ts';

/** Kafka's default of `max.message.bytes`. */
const defaultMaxMessageBytes = 1_048_588;

/** A topic, with its partitions' logs. */
export interface Topic {
  readonly name: string;
  readonly maxMessageBytes: number;
  /** A compacted topic: records without a key are refused, as Kafka does. */
  readonly keyed: boolean;
  readonly logs: readonly PartitionLog[];
}

/** The epoch a transactional producer believes to be the current one of its id. */
export interface Claim {
  readonly id: string;
  readonly epoch: number;
}

/** What becomes visible at once, or not at all. */
export interface Change {
  readonly records: readonly OutgoingRecord[];
  readonly offsets: ReadonlyMap<string, readonly OffsetCommit[]>;
  /** Checked in the same LMDB transaction; null for a producer without transactions. */
  readonly claim: Claim | null;
}

/**
 * The topics, offsets and epochs of one path. This process alone writes them, so that what is in memory here is what
 * is on disk. Every change is one synchronous LMDB transaction: LMDB has one writer anyway, and it is committed when
 * the call returns.
 */
export class Store {
  readonly tables: Tables;
  readonly groups = new Groups();
  readonly #topics = new Map<string, Topic>();
  readonly #listeners = new Set<() => void>();
  #nextTopic = 1;

  constructor(tables: Tables) {
    this.tables = tables;
    for (const { key, value } of tables.topics.getRange()) {
      this.#topics.set(key, topicOf(key, value.id, value.partitions, value.config, tables));
      this.#nextTopic = Math.max(this.#nextTopic, value.id + 1);
    }
  }

  findTopic(name: string): Topic | undefined {
    return this.#topics.get(name);
  }

  topicNames(): Iterable<string> {
    return this.#topics.keys();
  }

  /** The log of a partition. Throws `topic_missing`. */
  log({ topic, partition }: TopicPartition): PartitionLog {
    const found = this.#topics.get(topic);
    if (found === undefined) throw new Failure('topic_missing', `Topic ${topic} does not exist.`);
    const log = found.logs[partition];
    if (log === undefined) throw new Failure('topic_missing', `Topic ${topic} has ${found.logs.length} partitions, there is no partition ${partition}.`);
    return log;
  }

  createTopic({ topic, partitions, config = {} }: NewTopic): void {
    if (this.#topics.has(topic)) return;
    const id = this.#nextTopic;
    this.#write(() => void this.tables.topics.put(topic, { id, partitions, config }));
    this.#nextTopic = id + 1;
    this.#topics.set(topic, topicOf(topic, id, partitions, config, this.tables));
    this.groups.topicsChanged();
  }

  /** Takes a topic away, with what groups committed for it. Its records can be read no more; they are there until `removeBefore`. */
  deleteTopic(name: string): readonly PartitionLog[] {
    const topic = this.#topics.get(name);
    if (topic === undefined) return [];
    this.#write(() => {
      void this.tables.topics.remove(name);
      for (const key of [...this.tables.offsets.getKeys()].filter(([, topic]) => topic === name)) void this.tables.offsets.remove(key);
      for (const log of topic.logs) {
        void this.tables.ends.remove([log.topic, log.partition]);
        void this.tables.starts?.remove([log.topic, log.partition]);
      }
    });
    this.#topics.delete(name);
    this.groups.topicsChanged();
    return topic.logs;
  }

  committed(group: string, { topic, partition }: TopicPartition): CommittedOffset | null {
    return this.tables.offsets.get([group, topic, partition]) ?? null;
  }

  /** A new epoch for a transactional id, which fences all earlier ones. */
  claim(id: string): Claim {
    const epoch = this.#write(() => {
      const next = (this.tables.epochs.get(id) ?? -1) + 1;
      void this.tables.epochs.put(id, next);
      return next;
    });
    return { id, epoch };
  }

  /** Throws `fenced` when there is a newer epoch. */
  check(claim: Claim | null): void {
    if (claim === null) return;
    const current = this.tables.epochs.get(claim.id);
    if (current !== claim.epoch) {
      throw new Failure('fenced', `Transactional id ${claim.id} has epoch ${current ?? 'none'}; this producer has ${claim.epoch}: another one took it over.`);
    }
  }

  /** Commits a change. A transactional one leaves one offset without a record behind, as Kafka's commit marker does. */
  commit({ records, offsets, claim }: Change): void {
    const ends = new Map<PartitionLog, number>();
    this.#write(() => {
      this.check(claim);
      this.#putRecords(records, ends);
      if (claim !== null) for (const [log, end] of ends) ends.set(log, end + 1);
      this.#putEnds(ends);
      for (const [group, commits] of offsets) this.#putOffsets(group, commits);
    });
    this.#advance(ends);
  }

  /** Gives out the offsets of a transaction's records and its abort marker without storing anything there. */
  skip(records: readonly OutgoingRecord[]): void {
    const ends = new Map<PartitionLog, number>();
    for (const record of records) {
      const log = this.log(record);
      ends.set(log, (ends.get(log) ?? log.end + 1) + 1);
    }
    if (ends.size === 0) return;
    this.#write(() => { this.#putEnds(ends); });
    this.#advance(ends);
  }

  /** Moves the starts of logs up; what lies before them can be read no more, and is there until `removeBefore`. */
  moveStarts(starts: ReadonlyMap<PartitionLog, number>): void {
    this.#write(() => {
      for (const [{ topic, partition }, start] of starts) void this.tables.starts?.put([topic, partition], start);
    });
    for (const [log, start] of starts) log.start = start;
  }

  /** Removes up to `limit` records before a log's start; true when none is left. */
  removeBefore({ topic, partition, start }: PartitionLog, limit: number): boolean {
    return this.#write(() => {
      const keys = [...this.tables.records.getKeys({ start: recordKey(topic, partition, 0), end: recordKey(topic, partition, start), limit })];
      for (const key of keys) void this.tables.records.remove(key);
      return keys.length < limit;
    });
  }

  /** Calls `listener` after each change of a log, synchronously: it only takes note. Returns how to end that. */
  onAppend(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #putRecords(records: readonly OutgoingRecord[], ends: Map<PartitionLog, number>): void {
    const key = Buffer.allocUnsafe(16);
    for (const record of records) {
      const log = this.log(record);
      const offset = ends.get(log) ?? log.end;
      void this.tables.records.put(recordKey(log.topic, log.partition, offset, key), encodeRecord(record));
      ends.set(log, offset + 1);
    }
  }

  #putEnds(ends: ReadonlyMap<PartitionLog, number>): void {
    for (const [{ topic, partition }, end] of ends) void this.tables.ends.put([topic, partition], end);
  }

  #putOffsets(group: string, commits: readonly OffsetCommit[]): void {
    for (const { topic, partition, offset, metadata } of commits) void this.tables.offsets.put([group, topic, partition], { offset, metadata });
  }

  /** Memory follows the disk, and only after it. */
  #advance(ends: ReadonlyMap<PartitionLog, number>): void {
    if (ends.size === 0) return;
    for (const [log, end] of ends) log.end = end;
    for (const listener of this.#listeners) listener();
  }

  /** Not `transaction()`: in lmdb 3.5.6 its callback was never called here, on Node 20 and 24. A throw rolls back. */
  #write<T>(change: () => T): T {
    try {
      return this.tables.environment.transactionSync(change);
    } catch (error) {
      // A full disk, for example: the same as a broker that is away.
      throw asFailure(error, 'broker_unavailable');
    }
  }
}

function topicOf(name: string, id: number, partitions: number, config: Readonly<Record<string, string>>, tables: Tables): Topic {
  const logs = Array.from({ length: partitions }, (_, partition) => ({
    topic: id,
    partition,
    start: tables.starts?.get([id, partition]) ?? 0,
    end: tables.ends.get([id, partition]) ?? 0
  }));
  const keyed = config['cleanup.policy']?.includes('compact') ?? false;
  return { name, maxMessageBytes: Number(config['max.message.bytes'] ?? defaultMaxMessageBytes), keyed, logs };
}
