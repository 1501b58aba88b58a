import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { Failure } from '../../../actors/failure.ts';
import type { FailureCode } from '../../../actors/failure.ts';
import type { Broker, FetchedRecord, OutgoingRecord, Transaction, TopicPartition } from '../../../actors/port.ts';

/** One backend of the contract: the same topics and groups, whichever broker looks at them. */
export interface Backend {
  /** A new connected broker, as another daemon would have. The case closes it. */
  broker(): Promise<Broker>;
  newTopic(partitions: number, config?: Record<string, string>): Promise<string>;
  newGroup(): string;
  teardown(): Promise<void>;
}

export type Setup = () => Promise<Backend>;
export type Case = readonly [title: string, run: (backend: Backend) => Promise<void>];

/** Runs with a broker that is closed whatever happens. */
export async function withBroker(backend: Backend, work: (broker: Broker) => Promise<void>): Promise<void> {
  const broker = await backend.broker();
  try {
    await work(broker);
  } finally {
    await broker.close();
  }
}

/** A case that needs one broker. */
export function brokerCase(title: string, run: (broker: Broker, backend: Backend) => Promise<void>): Case {
  return [title, (backend) => withBroker(backend, (broker) => run(broker, backend))];
}

export const started = Date.now();

/** A record with a text value. */
export function outgoing(topic: string, partition: number, value: string, more: Partial<OutgoingRecord> = {}): OutgoingRecord {
  return { topic, partition, key: null, value: Buffer.from(value), headers: [], timestamp: started, ...more };
}

/** Records with the values `<prefix>0`, `<prefix>1`, … */
export function outgoings(topic: string, partition: number, count: number, prefix = 'v'): OutgoingRecord[] {
  return Array.from({ length: count }, (_, index) => outgoing(topic, partition, `${prefix}${index}`));
}

/** Sends with a producer of its own. */
export async function write(broker: Broker, records: readonly OutgoingRecord[]): Promise<void> {
  const producer = broker.producer();
  try {
    await producer.send(records, 'none');
  } finally {
    await producer.close();
  }
}

/** Runs a whole transaction with a producer of its own; `work` ends it. What it wrote shows when this resolves. */
export async function transact(broker: Broker, work: (transaction: Transaction) => Promise<void>): Promise<void> {
  const id = newId();
  const producer = broker.transactionalProducer(id, 30_000);
  try {
    await producer.open();
    await work(await producer.begin());
  } finally {
    await producer.close();
  }
  await settle(broker, id);
}

/** Kafka answers a commit before its markers are in the partitions; the next owner of the id is let in only after them. */
export async function settle(broker: Broker, id: string): Promise<void> {
  const producer = broker.transactionalProducer(id, 30_000);
  await producer.open();
  await producer.close();
}

export function newId(): string {
  return `contract-${randomBytes(6).toString('hex')}`;
}

/** All committed records of [from, to), and where that ended. */
export async function readAll(broker: Broker, at: TopicPartition, from = 0, to = Number.MAX_SAFE_INTEGER): Promise<{ records: FetchedRecord[]; nextOffset: number }> {
  const records: FetchedRecord[] = [];
  let nextOffset = from;
  for await (const batch of broker.readRange(at, from, to, 'committed')) {
    records.push(...batch.records);
    assert.ok(batch.nextOffset > nextOffset, `a fetch did not go on: from ${nextOffset} to ${batch.nextOffset}`);
    nextOffset = batch.nextOffset;
  }
  return { records, nextOffset };
}

/** Values of a partition, as text. */
export async function valuesOf(broker: Broker, topic: string, partition = 0): Promise<(string | null)[]> {
  return (await readAll(broker, { topic, partition })).records.map(textOf);
}

export function textOf({ value }: FetchedRecord): string | null {
  return value === null ? null : Buffer.from(value).toString();
}

export function texts(count: number, prefix = 'v'): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}

export async function endOf(broker: Broker, topic: string, partition = 0): Promise<number> {
  const [end] = await broker.listOffsets([{ topic, partition }], 'end');
  return end as number;
}

/** Expects a rejection with a `Failure` of this code, or of any where it is null. */
export async function rejectsWith(code: FailureCode | null, call: () => Promise<unknown>): Promise<void> {
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof Failure, `expected a Failure, found ${String(error)}`);
    if (code !== null) assert.equal(error.code, code, error.message);
    return true;
  });
}

export const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => { setTimeout(resolve, milliseconds); });
