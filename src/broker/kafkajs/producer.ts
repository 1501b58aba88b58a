import { setTimeout as wait } from 'node:timers/promises';
import { Failure, type FailureCode } from '../../../actors/failure.ts';
import type { OffsetCommit, OutgoingRecord, Producer, Transaction, TransactionalProducer } from '../../../actors/port.ts';
import type { Compression } from '../../../actors/component.ts';
import { Backoff } from './backoff.ts';
import { codecNumbers } from './compression.ts';
import { errorType, failureOf } from './failures.ts';
import type { ConnectionSettings, KafkajsProducer, KafkajsTransaction, OffsetTopic, ProduceBatch, ProducerSettings } from './internals.ts';
import { load } from './internals.ts';
import { type Right, right } from './rights.ts';
import { type ProducerCluster, producerRetry } from './shared-clusters.ts';

const allReplicas = -1;
const produceTimeout = 10_000;
/** Kafkajs sets a sequence to 0 on reaching 2^31-1 instead of wrapping inside the batch, which the broker refuses. */
const mostRecords = 2 ** 30;
const longestOffsets = 15_000;
const sendOffsetsAgain = new Set(['CONCURRENT_TRANSACTIONS', 'NOT_COORDINATOR_FOR_GROUP', 'GROUP_COORDINATOR_NOT_AVAILABLE', 'GROUP_LOAD_IN_PROGRESS', 'UNKNOWN_TOPIC_OR_PARTITION', 'REQUEST_TIMED_OUT']);
/** The second stands at a partition of AddPartitionsToTxn when another one of the request was refused, and hides why: the next look tells. */
const topicMayBeGone = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'OPERATION_NOT_ATTEMPTED']);
/** A commit answered with one of these has certainly not happened now. */
const notCommitted: ReadonlySet<FailureCode> = new Set<FailureCode>(['fenced', 'not_authorized']);

/**
 * What both producers share: one kafkajs producer that is dead after its first failure. Kafkajs rolls sequence numbers back on a failed
 * send though the broker may have appended the batch, and the next, different batch with the same numbers is acknowledged as a
 * duplicate and never stored (producer/sendMessages.js).
 */
class Client {
  private readonly shared: ProducerCluster;
  private readonly principal: () => string | null;
  /** What all it does needs. */
  private readonly always: Right;
  private readonly counts = new Map<string, number>();
  private dead: Failure | null = null;
  readonly producer: KafkajsProducer;

  constructor(connection: ConnectionSettings, shared: ProducerCluster, more: { transactionalId?: string; transactionTimeout?: number }) {
    this.shared = shared;
    this.principal = connection.principal;
    const { transactionalId } = more;
    this.always = transactionalId === undefined ? right('IdempotentWrite', 'cluster') : right('Write', 'transactional-id', transactionalId);
    const create = load<(settings: ProducerSettings) => KafkajsProducer>('producer');
    this.producer = create({
      cluster: shared.cluster,
      logger: connection.logger,
      createPartitioner: () => ({ message }) => message.partition,
      retry: producerRetry,
      // A transaction is idempotent by itself; this would only ask for one more producer id.
      idempotent: transactionalId === undefined,
      ...more
    });
  }

  /** Runs one operation, and none after a failed one. `rights` are those that it needs besides `always`. */
  async attempt<T>(operation: string, run: () => Promise<T>, ...rights: readonly Right[]): Promise<T> {
    if (this.dead !== null) throw new Failure('broker_unavailable', `${operation}: this producer is dead since a failure`, { cause: this.dead });
    try {
      return await run();
    } catch (error) {
      this.shared.forget();
      this.dead = failureOf(error, operation, { rights: [...rights, this.always], principal: this.principal() });
      throw this.dead;
    }
  }

  close(): void {
    this.shared.release();
    this.dead ??= new Failure('broker_unavailable', 'This producer was closed');
  }

  async send(to: Pick<KafkajsProducer, 'sendBatch'>, records: readonly OutgoingRecord[], compression: Compression): Promise<void> {
    if (records.length === 0) return;
    const batch = toBatch(records, compression);
    const topics = batch.topicMessages.map(({ topic }) => topic);
    await this.attempt(`Producing to ${topics.map((topic) => `"${topic}"`).join(', ')}`, async () => {
      this.count(records);
      await this.know(topics);
      try {
        await to.sendBatch(batch);
      } catch (error) {
        if (topicMayBeGone.has(errorType(error) ?? '')) this.unknow(topics);
        throw error;
      }
    }, right('Write', 'topic', ...topics));
  }

  /** Topics that are not there are found out here: kafkajs' send would try for as long as for a broker that is away. */
  private async know(topics: readonly string[]): Promise<void> {
    const { cluster } = this.shared;
    const backoff = new Backoff(20, 200);
    for (let tries = 1; topics.some((topic) => !cluster.targetTopics.has(topic)); tries++) {
      try {
        await cluster.addMultipleTargetTopics(topics);
      } catch (error) {
        if (tries >= 8 || errorType(error) !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error;
        await wait(backoff.next());
      }
    }
  }

  /** A topic that is gone would fail every look at the metadata of all producers on these connections. */
  private unknow(topics: readonly string[]): void {
    for (const topic of topics) this.shared.cluster.targetTopics.delete(topic);
  }

  private count(records: readonly OutgoingRecord[]): void {
    for (const { topic, partition } of records) {
      const key = `${topic}/${partition}`;
      const count = (this.counts.get(key) ?? 0) + 1;
      if (count >= mostRecords) throw new Failure('broker_unavailable', `Sequence numbers of "${topic}" partition ${partition} are used up; a new producer starts anew`);
      this.counts.set(key, count);
    }
  }
}

/** An idempotent producer without transactions. */
export class KafkajsIdempotentProducer implements Producer {
  private readonly client: Client;
  private connected: Promise<void> | null = null;

  constructor(connection: ConnectionSettings, shared: ProducerCluster) {
    this.client = new Client(connection, shared, {});
  }

  async send(records: readonly OutgoingRecord[], compression: Compression): Promise<void> {
    this.connected ??= this.client.attempt('Starting a producer', () => this.client.producer.connect());
    await this.connected;
    await this.client.send(this.client.producer, records, compression);
  }

  close(): Promise<void> {
    this.client.close();
    return Promise.resolve();
  }
}

/** A transactional producer; an id belongs to one task, and the epoch is what fences (kafkajs cannot fence by group metadata, KIP-447). */
export class KafkajsTransactionalProducer implements TransactionalProducer {
  private readonly client: Client;
  private readonly id: string;

  constructor(connection: ConnectionSettings, shared: ProducerCluster, transactionalId: string, transactionTimeout: number) {
    this.client = new Client(connection, shared, { transactionalId, transactionTimeout });
    this.id = transactionalId;
  }

  /** Kafkajs takes its epoch at the first transaction, not on connecting: an empty one fences the others now. */
  async open(): Promise<void> {
    await this.client.attempt(`Opening transactional id "${this.id}"`, async () => {
      await this.client.producer.connect();
      await (await this.client.producer.transaction()).commit();
    });
  }

  async begin(): Promise<Transaction> {
    const transaction = await this.client.attempt(`Beginning a transaction of "${this.id}"`, () => this.client.producer.transaction());
    return new KafkajsOpenTransaction(this.client, transaction, this.id);
  }

  close(): Promise<void> {
    this.client.close();
    return Promise.resolve();
  }
}

class KafkajsOpenTransaction implements Transaction {
  private readonly client: Client;
  private readonly transaction: KafkajsTransaction;
  private readonly id: string;

  constructor(client: Client, transaction: KafkajsTransaction, id: string) {
    this.client = client;
    this.transaction = transaction;
    this.id = id;
  }

  send(records: readonly OutgoingRecord[], compression: Compression): Promise<void> {
    return this.client.send(this.transaction, records, compression);
  }

  async sendOffsets(group: string, offsets: readonly OffsetCommit[]): Promise<void> {
    if (offsets.length === 0) return;
    const topics = toTopics(offsets);
    await this.client.attempt(`Adding offsets of group "${group}" to a transaction of "${this.id}"`, async () => {
      const deadline = Date.now() + longestOffsets;
      const backoff = new Backoff(3, 500);
      for (;;) {
        try {
          return await this.transaction.sendOffsets({ consumerGroupId: group, topics });
        } catch (error) {
          // AddOffsetsToTxn is outside of kafkajs' retry loop. Both of its requests may be repeated without harm.
          if (!sendOffsetsAgain.has(errorType(error) ?? '') || Date.now() > deadline) throw error;
          await wait(backoff.next());
        }
      }
    }, right('Read', 'group', group), right('Read', 'topic', ...topics.map(({ topic }) => topic)));
  }

  async commit(): Promise<void> {
    const operation = `Committing a transaction of "${this.id}"`;
    await this.client.attempt(operation, async () => {
      try {
        await this.transaction.commit();
      } catch (error) {
        const failure = failureOf(error, operation);
        throw notCommitted.has(failure.code) ? failure : new Failure('commit_unknown', failure.message, { cause: error });
      }
    });
  }

  async abort(): Promise<void> {
    await this.client.attempt(`Aborting a transaction of "${this.id}"`, () => this.transaction.abort());
  }
}

function toBatch(records: readonly OutgoingRecord[], compression: Compression): ProduceBatch {
  const topics = new Map<string, OutgoingRecord[]>();
  for (const record of records) {
    const messages = topics.get(record.topic);
    if (messages === undefined) topics.set(record.topic, [record]);
    else messages.push(record);
  }
  const topicMessages = Array.from(topics, ([topic, messages]) => ({ topic, messages }));
  return { acks: allReplicas, timeout: produceTimeout, compression: codecNumbers[compression], topicMessages };
}

function toTopics(offsets: readonly OffsetCommit[]): OffsetTopic[] {
  const topics = new Map<string, { partition: number; offset: string; metadata: string }[]>();
  for (const { topic, partition, offset, metadata } of offsets) {
    const entry = { partition, offset: String(offset), metadata };
    const partitions = topics.get(topic);
    if (partitions === undefined) topics.set(topic, [entry]);
    else partitions.push(entry);
  }
  return Array.from(topics, ([topic, partitions]) => ({ topic, partitions }));
}
