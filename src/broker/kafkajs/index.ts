import type { ClusterView } from '../../../actors/cluster-view.ts';
import type {
  Broker, CommittedOffset, FetchedBatch, GroupMember, GroupReader, NewTopic, OffsetCommit, Producer, ReaderListener, ReaderSettings, TopicInfo,
  TopicPartition, TransactionalProducer
} from '../../../actors/port.ts';
import { Admin } from './admin.ts';
import type { ConnectionSettings } from './internals.ts';
import { KafkajsIdempotentProducer, KafkajsTransactionalProducer } from './producer.ts';
import { readRange } from './range.ts';
import { KafkajsReader } from './reader.ts';
import { connectionSettings, type KafkajsSettings } from './settings.ts';
import { SharedClusters } from './shared-clusters.ts';

/** What `createKafkajsBroker` takes. */
export type { KafkajsLog, KafkajsSettings } from './settings.ts';

/** Apache Kafka through kafkajs. Nothing connects before it is needed. */
export function createKafkajsBroker(settings: KafkajsSettings): KafkajsBroker {
  return new KafkajsBroker(settings);
}

/** The port on Kafka. */
export class KafkajsBroker implements Broker {
  readonly name = 'kafka';
  private readonly connection: ConnectionSettings;
  private readonly admin: Admin;
  private readonly clusters: SharedClusters;
  private readonly readers = new Set<KafkajsReader>();

  constructor(settings: KafkajsSettings) {
    this.connection = connectionSettings(settings);
    this.admin = new Admin(this.connection);
    this.clusters = new SharedClusters(this.connection);
  }

  connect(): Promise<void> {
    return this.admin.connect();
  }

  async close(): Promise<void> {
    await Promise.all([...this.readers].map((reader) => reader.stop()));
    this.readers.clear();
    this.clusters.close();
    this.admin.close();
  }

  reader(settings: ReaderSettings, listener: ReaderListener): GroupReader {
    const reader = new KafkajsReader(this.connection, this.admin, settings, listener);
    for (const old of this.readers) if (old.isStopped) this.readers.delete(old);
    this.readers.add(reader);
    return reader;
  }

  producer(): Producer {
    return new KafkajsIdempotentProducer(this.connection, this.clusters.acquire());
  }

  transactionalProducer(transactionalId: string, transactionTimeout: number): TransactionalProducer {
    return new KafkajsTransactionalProducer(this.connection, this.clusters.acquire(), transactionalId, transactionTimeout);
  }

  readRange(partition: TopicPartition, from: number, to: number, isolation: 'committed' | 'uncommitted'): AsyncIterable<FetchedBatch> {
    return readRange(this.connection, partition, from, to, isolation);
  }

  committed(group: string, partitions: readonly TopicPartition[]): Promise<(CommittedOffset | null)[]> {
    return this.admin.committed(group, partitions);
  }

  groupMembers(group: string): Promise<GroupMember[]> {
    return this.admin.groupMembers(group);
  }

  commitOffsets(group: string, offsets: readonly OffsetCommit[]): Promise<void> {
    return this.admin.commitOffsets(group, offsets);
  }

  listOffsets(partitions: readonly TopicPartition[], at: 'start' | 'end' | { timestamp: number }): Promise<number[]> {
    return this.admin.listOffsets(partitions, at);
  }

  view(topics: readonly string[], group: string, other?: string): Promise<ClusterView> {
    return this.admin.view(topics, group, other);
  }

  listTopics(): Promise<string[]> {
    return this.admin.listTopics();
  }

  describeTopics(topics: readonly string[]): Promise<Map<string, TopicInfo>> {
    return this.admin.describeTopics(topics);
  }

  createTopics(topics: readonly NewTopic[]): Promise<void> {
    return this.admin.createTopics(topics);
  }

  deleteTopics(topics: readonly string[]): Promise<void> {
    return this.admin.deleteTopics(topics);
  }

  deleteRecords(offsets: readonly (TopicPartition & { readonly offset: number })[]): Promise<void> {
    return this.admin.deleteRecords(offsets);
  }

  /** Number of open sockets of this driver, readRange's aside. */
  get sockets(): number {
    let count = this.admin.nodes.sockets + this.clusters.sockets;
    for (const reader of this.readers) count += reader.sockets;
    return count;
  }
}
