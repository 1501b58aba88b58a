import { setTimeout as wait } from 'node:timers/promises';
import type { Broker } from '../actors/port.ts';
import { Measured } from './daemon.ts';
import { Events } from './events.ts';
import { endsOf, makeInput, makeOutputs } from './topics.ts';
import type { Delivery } from './topics.ts';

/** A backlog in a topic. */
export interface Backlog {
  readonly topic: string;
  readonly partitions: number;
  readonly records: number;
}

/** Another topology with the topics of W1. */
export interface Workload {
  readonly file?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Options of Node itself. */
  readonly node?: readonly string[];
  /** Where it serves HTTP; by default nowhere. */
  readonly http?: string;
}

/** What a run over a backlog came to. */
export interface Throughput {
  readonly recordsPerSecond: number;
  readonly cpuPerMillion: number;
  readonly peakMegabytes: number;
}

/** Fills a topic with `records` events of `size` bytes. */
export async function load(broker: Broker, partitions: number, records: number, size: number): Promise<Backlog> {
  const topic = await makeInput(broker, partitions);
  const events = new Events(topic, partitions, size);
  const part = Math.max(1, Math.min(5000, Math.floor(1_000_000 / size)));
  const producer = broker.producer();
  for (let n = 0; n < records; n += part) await producer.send(events.events(n, Math.min(records, n + part), Date.now), 'none');
  await producer.close();
  return { topic, partitions, records };
}

/**
 * One process over a backlog, from its first output to its last, as the offsets of the outputs show them; its start is not in it, the
 * warming up of the compiler is.
 */
export async function throughput(broker: Broker, bootstrap: string, delivery: Delivery, backlog: Backlog, workload: Workload = {}): Promise<Throughput> {
  const { topic, partitions, records } = backlog;
  const { outputs, env } = await makeOutputs(broker, bootstrap, delivery, topic, partitions);
  const daemon = new Measured({ ...env, ...workload.env }, workload);
  while ((await endsOf(broker, outputs, partitions)) === 0) await wait(20);
  const first = { at: performance.now(), cpu: daemon.cpu };
  let last = { ...first, end: 0 };
  // Markers of commits count as offsets too: all is through when the outputs hold at least as many and grow no more.
  while (last.end < records || performance.now() - last.at < 1500) {
    const end = await endsOf(broker, outputs, partitions);
    if (end > last.end) last = { at: performance.now(), cpu: daemon.cpu, end };
    await wait(30);
  }
  const { peak } = daemon;
  await daemon.stop();
  return {
    recordsPerSecond: records / ((last.at - first.at) / 1000),
    cpuPerMillion: ((last.cpu - first.cpu) / records) * 1e6,
    peakMegabytes: peak
  };
}
