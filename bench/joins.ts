import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Broker, OutgoingRecord, TopicPartition } from '../actors/port.ts';
import { Partitioner } from '../actors/sink/partitioner.ts';
import { Measured } from './daemon.ts';
import { groupOf } from './events.ts';
import type { Backlog, Throughput } from './throughput.ts';
import { endsOf, makeCounts } from './topics.ts';
import type { Delivery } from './topics.ts';

const users = 100_000;

/** Fills a compacted topic with the users of workload W2, one record each. */
export async function loadUsers(broker: Broker, partitions: number): Promise<string> {
  const topic = `bench-users-${randomBytes(4).toString('hex')}`;
  await broker.createTopics([{ topic, partitions, config: { 'cleanup.policy': 'compact' } }]);
  const partitioner = new Partitioner();
  await sendAll(broker, users, (n) => {
    const user = `u-${n}`;
    const key = Buffer.from(user);
    const value = Buffer.from(JSON.stringify({ user_id: user, segment: ['free', 'plus', 'pro'][n % 3], country: ['CH', 'DE', 'FR', 'GB', 'US'][n % 5], credit: n % 1000 }));
    return [{ topic, partition: partitioner.partition(topic, key, partitions), key, value, headers: [], timestamp: Date.now() }];
  });
  return topic;
}

/** As `throughput`, for workload W2: every whole event comes out once, with what its user's row has. */
export async function enrichThroughput(broker: Broker, bootstrap: string, delivery: Delivery, { topic, partitions, records }: Backlog, dimension: string): Promise<Throughput> {
  const { outputs, env } = await makeCounts(broker, bootstrap, delivery, topic, partitions);
  let whole = 0;
  for (let n = 0; n < records; n += 1) if (groupOf(n) !== null) whole += 1;
  return measure(broker, { env: { ...env, BENCH_DIM: dimension }, file: 'bench/w2.yaml', inputs: [topic], output: outputs[0] as string, partitions, records, expected: whole });
}

/** The backlog of workload W4. */
export interface Orders {
  readonly orders: string;
  readonly payments: string;
  readonly partitions: number;
  /** Of both sides. */
  readonly records: number;
  /** Results once all orders but the last minute's are decided. */
  readonly expected: number;
}

/** Event time between two orders, in milliseconds. */
const step = 10;

/** Fills the topics of workload W4: of ten orders nine have a payment within a minute, and after all of them event time goes on in each partition. */
export async function loadOrders(broker: Broker, partitions: number, count: number): Promise<Orders> {
  const id = randomBytes(4).toString('hex');
  const [orders, payments] = [`bench-orders-${id}`, `bench-payments-${id}`];
  await broker.createTopics([orders, payments].map((topic) => ({ topic, partitions })));
  const partitioner = new Partitioner();
  const begin = Date.now() - count * step - 3_600_000;
  const record = (topic: string, order: string, ts: number, more: object, partition?: number): OutgoingRecord => {
    const key = Buffer.from(order);
    return { topic, partition: partition ?? partitioner.partition(topic, key, partitions), key, value: Buffer.from(JSON.stringify({ order, ts, ...more })), headers: [], timestamp: ts };
  };
  await sendAll(broker, count, (n) => {
    const order = `order-${n}`;
    const made = record(orders, order, begin + n * step, { customer: `c-${n % 5000}`, amount: n % 977, items: ['0123456789abcdef', 'fedcba9876543210'] });
    return n % 10 === 9 ? [made] : [made, record(payments, order, begin + n * step + (n % 600) * 50, { amount: n % 977, method: 'card', reference: '0123456789abcdef0123456789abcdef' })];
  });
  const last = begin + count * step + 600_000;
  const ends = Array.from({ length: partitions }, (_, partition) => [orders, payments].map((topic) => record(topic, `end-${topic}-${partition}`, last, {}, partition)));
  const producer = broker.producer();
  await producer.send(ends.flat(), 'none');
  await producer.close();
  return { orders, payments, partitions, records: count + Math.ceil(count * 0.9), expected: count };
}

/** As `throughput`, for workload W4: every order comes out once. */
export async function joinThroughput(broker: Broker, bootstrap: string, delivery: Delivery, { orders, payments, partitions, records, expected }: Orders): Promise<Throughput> {
  const { outputs, env } = await makeCounts(broker, bootstrap, delivery, orders, partitions);
  return measure(broker, { env: { ...env, BENCH_ORDERS: orders, BENCH_PAYMENTS: payments }, file: 'bench/w4.yaml', inputs: [orders, payments], output: outputs[0] as string, partitions, records, expected });
}

/** What is measured. */
interface Run {
  readonly env: Readonly<Record<string, string>>;
  readonly file: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly partitions: number;
  readonly records: number;
  readonly expected: number;
}

async function measure(broker: Broker, { env, file, inputs, output, partitions, records, expected }: Run): Promise<Throughput> {
  const read: TopicPartition[] = inputs.flatMap((topic) => Array.from({ length: partitions }, (_, partition) => ({ topic, partition })));
  const ends = await broker.listOffsets(read, 'end');
  const daemon = new Measured(env, { file });
  while ((await endsOf(broker, [output], partitions)) === 0) {
    daemon.assertRunning();
    await wait(20);
  }
  const first = { at: performance.now(), cpu: daemon.cpu };
  let last = { ...first, end: 0 };
  let done = false;
  while (!done || performance.now() - last.at < 1500) {
    const end = await endsOf(broker, [output], partitions);
    if (end > last.end) last = { at: performance.now(), cpu: daemon.cpu, end };
    const committed = await broker.committed(env['BENCH_RUN_ID'] as string, read);
    daemon.assertRunning();
    done = committed.every((commit, index) => commit !== null && commit.offset >= (ends[index] as number));
    await wait(30);
  }
  const { peak } = daemon;
  await daemon.stop();
  const found = await countOf(broker, output, partitions);
  if (found !== expected) throw new Error(`${file} wrote ${found} records, expected ${expected}.`);
  return { recordsPerSecond: records / ((last.at - first.at) / 1000), cpuPerMillion: ((last.cpu - first.cpu) / records) * 1e6, peakMegabytes: peak };
}

/** Records of a topic, without those of the end of event time. */
async function countOf(broker: Broker, topic: string, partitions: number): Promise<number> {
  let found = 0;
  for (let partition = 0; partition < partitions; partition += 1) {
    const [end] = await broker.listOffsets([{ topic, partition }], 'end');
    for await (const { records } of broker.readRange({ topic, partition }, 0, end as number, 'committed')) found += records.filter(({ key }) => !Buffer.from(key ?? []).toString().startsWith('end-')).length;
  }
  return found;
}

async function sendAll(broker: Broker, count: number, make: (n: number) => OutgoingRecord[]): Promise<void> {
  const producer = broker.producer();
  for (let n = 0; n < count; n += 4000) await producer.send(Array.from({ length: Math.min(4000, count - n) }, (_, index) => make(n + index)).flat(), 'none');
  await producer.close();
}
