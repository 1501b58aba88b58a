import assert from 'node:assert/strict';
import type { Broker, FetchedRecord, OutgoingRecord } from '../../actors/port.ts';
import { Partitioner } from '../../actors/sink/partitioner.ts';
import { evidence, gathering } from './evidence.ts';

/** A numbered input: the n-th record of its key. */
export interface Numbered {
  readonly id: number;
  readonly key: string;
  readonly seq: number;
}

const keys = 50;

/** Writes `count` numbered records, spread over 50 keys, from number `from` on. Every tenth is broken JSON: a dead letter. */
export async function feedNumbered(broker: Broker, topic: string, count: number, from = 0): Promise<void> {
  const partitions = (await broker.describeTopics([topic])).get(topic)?.partitions ?? 1;
  const partitioner = new Partitioner();
  const producer = broker.producer();
  for (let start = from; start < from + count; start += 1000) {
    const records: OutgoingRecord[] = [];
    for (let id = start; id < Math.min(start + 1000, from + count); id += 1) {
      const key = Buffer.from(`key-${id % keys}`);
      const json = JSON.stringify({ id, key: key.toString(), seq: Math.floor(id / keys) });
      const value = Buffer.from(id % 10 === 9 ? json.slice(0, -1) : json);
      records.push({ topic, partition: partitioner.partition(topic, key, partitions), key, value, headers: [], timestamp: Date.now() });
    }
    await producer.send(records, 'none');
  }
  await producer.close();
}

/** A record and where it was read. */
export interface ReadRecord extends FetchedRecord {
  readonly partition: number;
}

/** Every committed record of a topic, partition by partition. */
export async function readCommitted(broker: Broker, topic: string): Promise<ReadRecord[]> {
  const partitions = (await broker.describeTopics([topic])).get(topic)?.partitions ?? 0;
  const all = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));
  const starts = await broker.listOffsets(all, 'start');
  const ends = await broker.listOffsets(all, 'end');
  const records: ReadRecord[] = [];
  for (const [partition, at] of all.entries()) {
    for await (const batch of broker.readRange(at, starts[partition] as number, ends[partition] as number, 'committed')) {
      for (const record of batch.records) records.push({ ...record, partition });
    }
  }
  if (gathering) records.forEach(keepErrors);
  return records;
}

/** What a dead letter says of its failure. */
function keepErrors({ headers }: ReadRecord): void {
  for (const [name, value] of headers) if (name.startsWith('millrace.error.')) evidence('letter', `${name}: ${String(value)}`);
}

/**
 * Recomputes from the committed outputs alone: each of `count` numbered inputs has its effect once, in the order
 * of its key: `out` has the good ones, `bad` the broken ones.
 */
export async function verifyNumbered(broker: Broker, topics: { readonly out: string; readonly bad: string }, count: number): Promise<void> {
  const read = await readBoth(broker, topics, count);
  const numbered = (records: readonly ReadRecord[], end: string): (Numbered & { partition: number })[] =>
    records.map(({ value, partition }) => ({ ...(JSON.parse(`${Buffer.from(value ?? []).toString()}${end}`) as Numbered), partition }));
  const good = numbered(read.out, '');
  const bad = numbered(read.bad, '}');
  const seen = new Map<number, number>();
  for (const { id } of [...good, ...bad]) seen.set(id, (seen.get(id) ?? 0) + 1);
  const missing: number[] = [];
  const doubled: number[] = [];
  for (let id = 0; id < count; id += 1) {
    const times = seen.get(id) ?? 0;
    if (times === 0) missing.push(id);
    if (times > 1) doubled.push(id);
  }
  assert.deepEqual({ missing: missing.slice(0, 10), doubled: doubled.slice(0, 10), all: seen.size }, { missing: [], doubled: [], all: count });
  for (const list of [good, bad]) assertOrder(list);
}

/** Committed records of both topics. Kafka answers the last commit before its markers are in the partitions: what is missing may be about to show. */
async function readBoth(broker: Broker, topics: { readonly out: string; readonly bad: string }, count: number): Promise<{ readonly out: ReadRecord[]; readonly bad: ReadRecord[] }> {
  for (let tries = 0; ; tries += 1) {
    const read = { out: await readCommitted(broker, topics.out), bad: await readCommitted(broker, topics.bad) };
    if (read.out.length + read.bad.length >= count || tries === 50) return read;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function assertOrder(records: readonly (Numbered & { partition: number })[]): void {
  const last = new Map<string, { seq: number; partition: number }>();
  for (const { key, seq, partition } of records) {
    const before = last.get(key);
    if (before !== undefined) {
      assert.equal(partition, before.partition, `${key} is in two partitions`);
      assert.ok(seq > before.seq, `${key}: ${seq} came after ${before.seq}`);
    }
    last.set(key, { seq, partition });
  }
}
