import { setTimeout as wait } from 'node:timers/promises';
import type { Broker, GroupReader } from '../actors/port.ts';
import { Measured } from './daemon.ts';
import { Events, numberOf } from './events.ts';
import { makeInput, makeOutputs } from './topics.ts';
import type { Delivery } from './topics.ts';

/** What a run at a steady rate came to; times in milliseconds, from when an event was due to be sent until a read-committed reader has its output. */
export interface Latency {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
  readonly missing: number;
  readonly doubled: number;
  /** Processor cores that the measured process used; 0 for the floor. */
  readonly cores: number;
}

/** Seconds before and while latencies are noted. */
export const phases = { warmUp: 12, measured: 20 };

/** Notes when each event was seen first, and how often one came again. */
export class Probe {
  readonly #started: () => number;
  readonly #rate: number;
  readonly #latencies: Float64Array;
  seen = 0;
  doubled = 0;

  constructor(total: number, rate: number, started: () => number) {
    this.#latencies = new Float64Array(total).fill(-1);
    this.#rate = rate;
    this.#started = started;
  }

  note(n: number): void {
    if (n < 0) return;
    if ((this.#latencies[n] ?? 0) >= 0) {
      this.doubled += 1;
      return;
    }
    this.seen += 1;
    this.#latencies[n] = performance.now() - this.#started() - (n * 1000) / this.#rate;
  }

  /** Of the events from one number on, to another; what is missing and doubled is of all. */
  result(from: number, cores: number, to?: number): Latency {
    const measured = this.#latencies.subarray(from, to).filter((latency) => latency >= 0).toSorted();
    const at = (share: number): number => measured[Math.floor(measured.length * share)] ?? NaN;
    return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1 - Number.EPSILON), missing: this.#latencies.length - this.seen, doubled: this.doubled, cores };
  }
}

/** Latency at `rate` events a second through one process; with `delivery` null straight from the input: the floor of machine and probe. */
export async function latency(broker: Broker, bootstrap: string, delivery: Delivery | null, rate: number, partitions: number, size: number): Promise<Latency> {
  const input = await makeInput(broker, partitions);
  const run = delivery === null ? null : await makeOutputs(broker, bootstrap, delivery, input, partitions);
  const daemon = run === null ? null : new Measured(run.env);
  const total = (phases.warmUp + phases.measured) * rate;
  let started = 0;
  const probe = new Probe(total, rate, () => started);
  const reader = await readAll(broker, run?.outputs ?? [input], `${input}-probe`, (value) => { probe.note(numberOf(value)); });
  let cpu = 0;
  await feed(broker, input, partitions, size, rate, total, (at) => { started = at; }, () => { cpu = daemon?.cpu ?? 0; });
  const cores = daemon === null ? 0 : (daemon.cpu - cpu) / phases.measured;
  for (let idle = 0; probe.seen < total && idle < 100; idle += 1) await wait(100);
  await reader.stop();
  await daemon?.stop();
  return probe.result(phases.warmUp * rate, cores);
}

/** Reads topics from their beginnings, as a group of its own. */
export async function readAll(broker: Broker, topics: readonly string[], group: string, seen: (value: Uint8Array | null) => void): Promise<GroupReader> {
  const settings = { group, topicSets: topics.map((topic) => ({ topics: [topic], patterns: [] })), discovery: 60_000, signature: 'probe', sessionTimeout: 10_000, maxWait: 500, maxBytes: 4 << 20, maxBytesPerPartition: 1 << 20 };
  const reader: GroupReader = broker.reader(settings, {
    assigned: ({ partitions }) => { for (const at of partitions) reader.deliver(at, 0); },
    fetched: ({ records }) => { for (const { value } of records) seen(value); },
    connection: () => undefined,
    failed: (failure) => { throw failure; }
  });
  await reader.start();
  return reader;
}

/** Sends events at a steady rate, on time or a little late; tells when it starts, and when the measured phase does. */
export async function feed(broker: Broker, input: string, partitions: number, size: number, rate: number, total: number, onStart: (at: number, wall: number) => void, onMeasured: () => void): Promise<void> {
  const producer = broker.producer();
  const events = new Events(input, partitions, size);
  // What connects at the first record is connected before the first that counts.
  await producer.send([{ ...events.event(0, Date.now()), value: Buffer.from('{}') }], 'none');
  await wait(3000);
  const started = performance.now();
  const wall = Date.now();
  onStart(started, wall);
  let measured = false;
  for (let n = 0; n < total; ) {
    if (!measured && n >= phases.warmUp * rate) {
      measured = true;
      onMeasured();
    }
    const due = Math.min(total, Math.floor(((performance.now() - started) * rate) / 1000));
    if (due > n) {
      const from = n;
      n = due;
      await producer.send(events.events(from, n, (number) => wall + (number * 1000) / rate), 'none');
    } else await wait(1);
  }
  await producer.close();
}
