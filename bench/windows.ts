import { setTimeout as wait } from 'node:timers/promises';
import type { Broker, TopicPartition } from '../actors/port.ts';
import { Measured } from './daemon.ts';
import { groupOf } from './events.ts';
import { feed, phases, Probe, readAll } from './latency.ts';
import type { Latency } from './latency.ts';
import type { Backlog, Throughput } from './throughput.ts';
import { endsOf, makeCounts, makeInput } from './topics.ts';
import type { Delivery } from './topics.ts';

const file = 'bench/w3.yaml';

/** One update of workload W3. */
interface Update {
  readonly key: string;
  readonly window_start: number;
  readonly count: number;
}

/** As `throughput`, for windows: all is through when the inputs are committed and the counts stand still and add up. */
export async function windowThroughput(broker: Broker, bootstrap: string, delivery: Delivery, { topic, partitions, records }: Backlog): Promise<Throughput> {
  const { outputs, env } = await makeCounts(broker, bootstrap, delivery, topic, partitions);
  const inputs: TopicPartition[] = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));
  const ends = await broker.listOffsets(inputs, 'end');
  const daemon = new Measured(env, { file });
  while ((await endsOf(broker, outputs, partitions)) === 0) await wait(20);
  const first = { at: performance.now(), cpu: daemon.cpu };
  let last = { ...first, end: 0 };
  let read = false;
  while (!read || performance.now() - last.at < 1500) {
    const end = await endsOf(broker, outputs, partitions);
    if (end > last.end) last = { at: performance.now(), cpu: daemon.cpu, end };
    const committed = await broker.committed(env['BENCH_RUN_ID'] as string, inputs);
    read = committed.every((commit, index) => commit !== null && commit.offset >= (ends[index] as number));
    await wait(30);
  }
  const { peak } = daemon;
  await daemon.stop();
  await assertCounts(broker, outputs[0] as string, partitions, records);
  return { recordsPerSecond: records / ((last.at - first.at) / 1000), cpuPerMillion: ((last.cpu - first.cpu) / records) * 1e6, peakMegabytes: peak };
}

/** Throws unless the last counts of all windows add up to the events that are whole. */
async function assertCounts(broker: Broker, topic: string, partitions: number, records: number): Promise<void> {
  const counts = new Map<string, number>();
  for (let partition = 0; partition < partitions; partition += 1) {
    const [end] = await broker.listOffsets([{ topic, partition }], 'end');
    for await (const batch of broker.readRange({ topic, partition }, 0, end as number, 'committed')) {
      for (const { value } of batch.records) {
        const update = updateOf(value);
        counts.set(`${update.key} ${update.window_start}`, update.count);
      }
    }
  }
  const counted = [...counts.values()].reduce((sum, count) => sum + count, 0);
  let whole = 0;
  for (let n = 0; n < records; n += 1) if (groupOf(n) !== null) whole += 1;
  if (counted !== whole) throw new Error(`The windows count ${counted} events, there are ${whole}.`);
}

function updateOf(value: Uint8Array | null): Update {
  return JSON.parse(Buffer.from(value ?? []).toString()) as Update;
}

/** As `latency`, for windows: event number c of a group and window is seen with the first update whose count is at least c. */
export async function windowLatency(broker: Broker, bootstrap: string, delivery: Delivery, rate: number, partitions: number, size: number): Promise<Latency> {
  const input = await makeInput(broker, partitions);
  const { outputs, env } = await makeCounts(broker, bootstrap, delivery, input, partitions);
  const daemon = new Measured(env, { file });
  const total = (phases.warmUp + phases.measured) * rate;
  let started = 0;
  const probe = new Probe(total, rate, () => started);
  /** Events of each group and window that no update has shown yet, in their order, and how many it has. */
  const waiting = new Map<string, { shown: number; events: number[] }>();
  const reader = await readAll(broker, outputs, `${input}-probe`, (value) => {
    const { key, window_start: start, count } = updateOf(value);
    const window = waiting.get(`${key} ${start}`);
    if (window === undefined) return;
    for (; window.shown < count && window.shown < window.events.length; window.shown += 1) probe.note(window.events[window.shown] as number);
  });
  let cpu = 0;
  let broken = 0;
  await feed(broker, input, partitions, size, rate, total, (at, wall) => {
    started = at;
    for (let n = 0; n < total; n += 1) {
      const group = groupOf(n);
      if (group === null) {
        broken += 1;
        continue;
      }
      const name = `${group} ${Math.floor(Math.round(wall + (n * 1000) / rate) / 60_000) * 60_000}`;
      const window = waiting.get(name);
      if (window === undefined) waiting.set(name, { shown: 0, events: [n] });
      else window.events.push(n);
    }
  }, () => { cpu = daemon.cpu; });
  const cores = (daemon.cpu - cpu) / phases.measured;
  for (let idle = 0; probe.seen < total - broken && idle < 100; idle += 1) await wait(100);
  await reader.stop();
  await daemon.stop();
  const result = probe.result(phases.warmUp * rate, cores);
  return { ...result, missing: result.missing - broken };
}
