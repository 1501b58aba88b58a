/*
 * `npm run bench`: workload W1 (bench/w1.yaml) on a real Kafka that it starts. Throughput over a backlog, from the first
 * output to the last, and latency at 1,000 records a second: from the moment an event was due to be sent until a
 * read-committed reader has its output. One run each; a busy machine shows in the figures.
 */
import { randomBytes } from 'node:crypto';
import { cpus } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import type { Broker, TopicPartition } from '../actors/port.ts';
import { createKafkajsBroker } from '../src/broker/kafkajs/index.ts';
import { startKafka } from '../test/support/kafka.ts';
import { Measured } from './daemon.ts';
import { event } from './events.ts';

const partitions = 4;
const backlog = Number(process.env['BENCH_RECORDS'] ?? 1_000_000);
const latencySeconds = 20;

interface Topics {
  readonly input: string;
  readonly outputs: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

async function makeTopics(broker: Broker, bootstrap: string, delivery: string): Promise<Topics> {
  const id = `bench-${randomBytes(4).toString('hex')}`;
  const [input, urgent, standard, dead] = ['in', 'urgent', 'standard', 'dlq'].map((name) => `${id}-${name}`) as [string, string, string, string];
  await broker.createTopics([input, urgent, standard, dead].map((topic) => ({ topic, partitions })));
  const env = {
    BENCH_BOOTSTRAP: bootstrap, BENCH_RUN_ID: id, BENCH_DELIVERY: delivery, BENCH_INPUT: input,
    BENCH_OUT_URGENT: urgent, BENCH_OUT_STANDARD: standard, BENCH_OUT_DLQ: dead
  };
  return { input, outputs: [urgent, standard, dead], env };
}

function partitionsOf(topics: readonly string[]): TopicPartition[] {
  return topics.flatMap((topic) => Array.from({ length: partitions }, (_, partition) => ({ topic, partition })));
}

async function ends(broker: Broker, topics: readonly string[]): Promise<number> {
  return (await broker.listOffsets(partitionsOf(topics), 'end')).reduce((sum, end) => sum + end, 0);
}

/** Offsets count commit markers too, so the backlog is through when the outputs no longer grow and hold at least as many. */
async function throughput(broker: Broker, bootstrap: string, delivery: string): Promise<string> {
  const topics = await makeTopics(broker, bootstrap, delivery);
  const producer = broker.producer();
  for (let n = 0; n < backlog; n += 5000) {
    await producer.send(Array.from({ length: Math.min(5000, backlog - n) }, (_, index) => event(topics.input, partitions, n + index, Date.now())), 'none');
  }
  await producer.close();
  const daemon = new Measured(topics.env);
  while ((await ends(broker, topics.outputs)) === 0) await wait(20);
  const first = { at: performance.now(), cpu: daemon.cpu };
  let last = { at: first.at, cpu: first.cpu, end: 0 };
  while (last.end < backlog || performance.now() - last.at < 1500) {
    const end = await ends(broker, topics.outputs);
    if (end > last.end) last = { at: performance.now(), cpu: daemon.cpu, end };
    await wait(20);
  }
  const { peak } = daemon;
  await daemon.stop();
  const rate = backlog / ((last.at - first.at) / 1000);
  const cost = ((last.cpu - first.cpu) / backlog) * 1e6;
  return `| ${delivery} | ${Math.round(rate).toLocaleString('en-US')} | ${cost.toFixed(1)} | ${Math.round(peak)} |`;
}

async function latency(broker: Broker, bootstrap: string, delivery: string, rate: number): Promise<string> {
  const topics = await makeTopics(broker, bootstrap, delivery);
  const daemon = new Measured(topics.env);
  const seen: number[] = [];
  const settings = { group: `${topics.input}-probe`, topicSets: topics.outputs.map((topic) => ({ topics: [topic], patterns: [] })), discovery: 60_000, signature: 'probe', sessionTimeout: 10_000, maxWait: 500, maxBytes: 4 << 20, maxBytesPerPartition: 1 << 20 };
  const reader = broker.reader(settings, {
    assigned: ({ partitions: assigned }) => { for (const at of assigned) reader.deliver(at, 0); },
    fetched: ({ records }) => { for (const { timestamp } of records) seen.push(Date.now() - timestamp); },
    connection: () => undefined,
    failed: (failure) => { throw failure; }
  });
  await reader.start();
  const producer = broker.producer();
  const warm = 8 * rate;
  const total = warm + latencySeconds * rate;
  let n = 0;
  for (const started = Date.now(); n < total; ) {
    const due = Math.min(total, Math.floor(((Date.now() - started) * rate) / 1000));
    if (due > n) {
      const from = n;
      n = due;
      await producer.send(Array.from({ length: n - from }, (_, index) => event(topics.input, partitions, from + index, Math.round(started + ((from + index) * 1000) / rate))), 'none');
    } else await wait(1);
  }
  for (let idle = 0; seen.length < total && idle < 100; idle += 1) await wait(100);
  const measured = seen.slice(warm).toSorted((a, b) => a - b);
  const at = (share: number): string => (measured[Math.floor(measured.length * share)] ?? NaN).toFixed(1);
  await reader.stop();
  await producer.close();
  await daemon.stop();
  return `| ${delivery} | ${rate.toLocaleString('en-US')} | ${at(0.5)} | ${at(0.95)} | ${at(0.99)} | ${total - seen.length} |`;
}

const kafka = await startKafka();
const broker = createKafkajsBroker({ brokers: [kafka.brokers], clientId: 'bench' });
await broker.connect();
const lines = [`Node ${process.version}, ${cpus().length} cores (${cpus()[0]?.model ?? '?'}), Kafka 4.1.1 on the same machine, ${partitions} partitions, 240-byte JSON.`, ''];
lines.push('| delivery | records/s | CPU-s per million | peak RSS MB |', '|---|---|---|---|');
for (const delivery of ['at_least_once', 'exactly_once']) lines.push(await throughput(broker, kafka.brokers, delivery));
lines.push('', '| delivery | records/s | p50 ms | p95 ms | p99 ms | missing |', '|---|---|---|---|---|---|');
for (const delivery of ['at_least_once', 'exactly_once']) lines.push(await latency(broker, kafka.brokers, delivery, 1000));
console.log(lines.join('\n'));
await broker.close();
await kafka.stop();
