/*
 * `npm run bench`: workload W1 (bench/w1.yaml) on a real Kafka that it starts; what it prints it also writes to bench/RESULTS.md.
 * `npm run bench -- latency` measures one section alone (throughput, avro, codecs, latency, windows, joins, observed, away, tables, state, partitions, sizes, idle) and only prints.
 */
import { writeFileSync } from 'node:fs';
import type { Broker } from '../actors/port.ts';
import { createKafkajsBroker } from '../src/broker/kafkajs/index.ts';
import { startKafka } from '../test/support/kafka.ts';
import { startRegistry } from '../test/support/registry.ts';
import { collectorAway } from './away.ts';
import { avroThroughput, codecFigures, loadAvro } from './avro.ts';
import { idle } from './idle.ts';
import { enrichThroughput, joinThroughput, loadOrders, loadUsers } from './joins.ts';
import { latency } from './latency.ts';
import type { Latency } from './latency.ts';
import { observed } from './observed.ts';
import { count, machine, median, table } from './report.ts';
import { stateAtScale } from './state.ts';
import { tablesAtScale } from './tables.ts';
import { load, throughput } from './throughput.ts';
import type { Backlog, Throughput } from './throughput.ts';
import type { Delivery } from './topics.ts';
import { windowLatency, windowThroughput } from './windows.ts';

const deliveries: readonly Delivery[] = ['at_least_once', 'exactly_once'];
const size = 240;
const runs = Number(process.env['BENCH_RUNS'] ?? 3);
const backlog = Number(process.env['BENCH_RECORDS'] ?? 1_000_000);

/** Where the tests' broker looks after its logs more often than one in service would. */
const asInService = {
  'log.retention.check.interval.ms': '300000', 'log.cleaner.backoff.ms': '15000', 'log.segment.bytes': '1073741824',
  'broker.session.timeout.ms': '9000', 'broker.heartbeat.interval.ms': '2000'
};

const kafka = await startKafka({ properties: asInService });
const broker: Broker = createKafkajsBroker({ brokers: [kafka.brokers], clientId: 'bench' });
await broker.connect();

const sections: Readonly<Record<string, () => Promise<string>>> = {
  async throughput() {
    const rows: string[][] = [];
    const loaded = await load(broker, 4, backlog, size);
    for (const delivery of deliveries) rows.push([delivery, ...throughputCells(await measured(delivery, loaded, runs))]);
    return `## Throughput\n\nA backlog of ${count(backlog)} records in 4 partitions; medians of ${runs} runs by CPU.\n\n${table(['delivery', ...throughputHead], rows)}`;
  },
  async avro() {
    const registry = await startRegistry();
    try {
      const loaded = await loadAvro(broker, registry, 4, backlog, size);
      const rows: string[][] = [];
      for (const delivery of deliveries) rows.push([delivery, ...throughputCells(await medianOf(() => avroThroughput(broker, registry, kafka.brokers, delivery, loaded)))]);
      return `## Avro\n\nW1 with Avro in and JSON out (\`bench/w1-avro.yaml\`): the same events, their schema in a registry, which checks them. A backlog of ${count(backlog)} records in 4 partitions; medians of ${runs} runs by CPU.\n\n${table(['delivery', ...throughputHead], rows)}`;
    } finally {
      await registry.stop();
    }
  },
  codecs() {
    return Promise.resolve(`## Codecs\n\nNanoseconds per record, one thread, as the programs of \`bench/codecs\` print them.\n\n\`\`\`text\n${codecFigures()}\n\`\`\``);
  },
  async latency() {
    const rows: string[][] = [];
    for (const rate of [1000, 10_000]) {
      rows.push(['no program', count(rate), ...latencyCells(await latency(broker, kafka.brokers, null, rate, 4, size))]);
      for (const delivery of deliveries) rows.push([delivery, count(rate), ...latencyCells(await latency(broker, kafka.brokers, delivery, rate, 4, size))]);
    }
    return `## Latency\n\n4 partitions, one run each. \`no program\` is the floor: the probe reads what it wrote.\n\n${table(['delivery', 'records/s', ...latencyHead], rows)}`;
  },
  async windows() {
    const loaded = await load(broker, 4, backlog, size);
    const rows: string[][] = [];
    for (const delivery of deliveries) {
      const results: Throughput[] = [];
      for (let run = 0; run < runs; run += 1) results.push(await windowThroughput(broker, kafka.brokers, delivery, loaded));
      rows.push([delivery, ...throughputCells(median(results, ({ cpuPerMillion }) => cpuPerMillion)), ...latencyCells(await windowLatency(broker, kafka.brokers, delivery, 1000, 4, size))]);
    }
    return `## Windows\n\nWorkload W3 (\`bench/w3.yaml\`): count, average and maximum per minute of 1,000 groups that are not the records' keys, so every event crosses a repartition topic, pre-aggregated; state in LMDB and a changelog. A backlog of ${count(backlog)} records, then 1,000 records/s.\n\n${table(['delivery', ...throughputHead, ...latencyHead], rows)}`;
  },
  async joins() {
    const loaded = await load(broker, 4, backlog, size);
    const dimension = await loadUsers(broker, 4);
    const orders = await loadOrders(broker, 4, backlog / 2);
    const rows: string[][] = [];
    for (const delivery of deliveries) {
      rows.push(['W2', delivery, ...throughputCells(await medianOf(() => enrichThroughput(broker, kafka.brokers, delivery, loaded, dimension)))]);
      rows.push(['W4', delivery, ...throughputCells(await medianOf(() => joinThroughput(broker, kafka.brokers, delivery, orders)))]);
    }
    return `## Joins\n\nW2 (\`bench/w2.yaml\`): ${count(backlog)} events, each with three fields of its user, from a compacted topic of 100,000 that the daemon keeps. W4 (\`bench/w4.yaml\`): ${count(orders.records)} records, orders joined with payments within a minute (left), nine of ten orders paid; state in LMDB and a changelog. Per record read; medians of ${runs} runs by CPU.\n\n${table(['workload', 'delivery', ...throughputHead], rows)}`;
  },
  async observed() {
    const loaded = await load(broker, 4, backlog / 2, size);
    const rounds = Number(process.env['BENCH_ROUNDS'] ?? 20);
    const rows = await observed(broker, kafka.brokers, loaded, rounds);
    return `## Observed\n\nW1, exactly once, a backlog of ${count(loaded.records)} records in 4 partitions, with what metrics and traces cost: \`neither\` runs without what moves the meters, and without HTTP (\`bench/unmetered.ts\`); traces are of the batches that begin one, at most 10 a second, sent by OTLP over HTTP to a collector that takes them. Medians of ${rounds} rounds, in each of which all ran once, by turns; changes are medians of each round's ratio to \`neither\`, with the interval that holds the median at 95 %.\n\n${table(['', 'records/s', 'CPU-s per million', 'CPU', 'records/s'], rows)}`;
  },
  async away() {
    const rows = await collectorAway(broker, kafka.brokers);
    return `## A collector that goes away\n\nW1, exactly once, at 5,000 records/s, all traced that may be (10 batches a second), into a real Jaeger that is killed, started again, stopped where it stands and woken. Latency is of the events that were due in each phase; spans dropped and the newest traces that Jaeger has (1,000 at most are asked for) are at its end.\n\n${table(['Jaeger', 's', 'p50 ms', 'p99 ms', 'longest ms', 'RSS MB', 'spans dropped', 'traces in it', 'missing'], rows)}`;
  },
  async tables() {
    const figures = await tablesAtScale(broker, kafka.brokers, backlog);
    const rows = figures.map(({ source, load: seconds, longest, peak, peakOfRefresh, resident, file, lookUpsPerSecond, again }) => [source, seconds.toFixed(1), longest.toFixed(0), count(peak / 1e6), count(resident / 1e6), count(peakOfRefresh / 1e6), count(file / 1e6), count(lookUpsPerSecond), count(again)]);
    return `## Tables\n\n${count(backlog)} users of about 100 bytes under keys in no order, read into a table by a process that does nothing else, then 1,000,000 look-ups at random, then read again where it changed, then opened again on the same directory. Pages of the file that are mapped count as resident until the system wants them.\n\n${table(['source', 'load s', 'longest turn, CPU ms', 'peak RSS MB', 'RSS MB', 'peak read again', 'on disk MB', 'look-ups/s', 'again ms'], rows)}`;
  },
  state() {
    const { keys, file, restoredPerSecond, updatesPerSecond, checkpoint, resident, mapped, openAfterClose, openAfterKill } = stateAtScale(10 * backlog);
    const megabytes = (bytes: number): string => count(bytes / 1e6);
    const rows = [[megabytes(file), count(restoredPerSecond), count(updatesPerSecond), checkpoint.p50.toFixed(0), checkpoint.p99.toFixed(0), megabytes(resident), megabytes(mapped), openAfterClose.toFixed(0), openAfterKill.toFixed(0)]];
    const head = ['file MB', 'restored/s', 'updates/s', 'checkpoint p50 ms', 'p99 ms', 'RSS MB', 'of it mapped', 'open ms', 'after a kill'];
    return Promise.resolve(`## State\n\nOne task with ${count(keys)} keys of windows, without a broker: restored from a changelog in no order, closed, opened, updated at random with a checkpoint for every 3,000, killed, opened. Pages of the file that are mapped count as resident until the system wants them.\n\n${table(head, rows)}`);
  },
  async partitions() {
    const rows: string[][] = [];
    for (const partitions of [1, 4, 16, 64]) {
      const loaded = await load(broker, partitions, backlog / 2, size);
      for (const delivery of deliveries) {
        const backlogged = await measured(delivery, loaded, 1);
        const steady = await latency(broker, kafka.brokers, delivery, 1000, partitions, size);
        rows.push([String(partitions), delivery, ...throughputCells(backlogged), steady.p50.toFixed(1), steady.p99.toFixed(1)]);
      }
    }
    return `## Partitions\n\nA backlog of ${count(backlog / 2)} records, then 1,000 records/s; one run each, one process.\n\n${table(['partitions', 'delivery', ...throughputHead, 'p50 ms', 'p99 ms'], rows)}`;
  },
  async sizes() {
    const rows: string[][] = [];
    for (const [name, bytes, records] of [['100 B', 100, backlog], ['1 kB', 1000, backlog / 2], ['10 kB', 10_000, backlog / 20]] as const) {
      const loaded = await load(broker, 4, records, bytes);
      for (const delivery of deliveries) {
        const run = await measured(delivery, loaded, 1);
        rows.push([name, delivery, ...throughputCells(run), ((run.recordsPerSecond * bytes) / 1e6).toFixed(0)]);
      }
    }
    return `## Sizes\n\n4 partitions, one run each.\n\n${table(['record', 'delivery', ...throughputHead, 'MB/s'], rows)}`;
  },
  async idle() {
    const rows: string[][] = [];
    for (const partitions of [4, 64]) {
      for (const delivery of deliveries) {
        const { cores, sockets, megabytes } = await idle(broker, kafka.brokers, delivery, partitions);
        rows.push([String(partitions), delivery, cores.toFixed(3), String(sockets), megabytes.toFixed(0)]);
      }
    }
    return `## Nothing to do\n\n${table(['partitions', 'delivery', 'cores', 'sockets', 'RSS MB'], rows)}`;
  }
};

const throughputHead = ['records/s', 'CPU-s per million', 'peak RSS MB'];
const latencyHead = ['p50 ms', 'p95 ms', 'p99 ms', 'missing', 'doubled', 'cores'];

function throughputCells({ recordsPerSecond, cpuPerMillion, peakMegabytes }: Throughput): string[] {
  return [count(recordsPerSecond), cpuPerMillion.toFixed(1), count(peakMegabytes)];
}

function latencyCells({ p50, p95, p99, missing, doubled, cores }: Latency): string[] {
  return [p50.toFixed(1), p95.toFixed(1), p99.toFixed(1), String(missing), String(doubled), cores === 0 ? '' : cores.toFixed(2)];
}

async function medianOf(run: () => Promise<Throughput>): Promise<Throughput> {
  const results: Throughput[] = [];
  for (let index = 0; index < runs; index += 1) results.push(await run());
  return median(results, ({ cpuPerMillion }) => cpuPerMillion);
}

async function measured(delivery: Delivery, loaded: Backlog, times: number): Promise<Throughput> {
  const results: Throughput[] = [];
  for (let run = 0; run < times; run += 1) results.push(await throughput(broker, kafka.brokers, delivery, loaded));
  return median(results, ({ cpuPerMillion }) => cpuPerMillion);
}

const intro = (): string => `# Results

What \`npm run bench\` printed on ${new Date().toISOString().slice(0, 10)}. Workload W1 (\`bench/w1.yaml\`): JSON Schema check, route, one field added, dead letters; JSON of
${size} bytes where nothing else is said, one process. Throughput is over a backlog, from the first output to the last, with the warming up of the compiler in it. Latency
is from the moment an event was due to be sent until a read-committed reader has its output. Whatever else ran on the machine is in the figures.

${machine('Apache Kafka 4.1.1')}`;

try {
  const asked = process.argv.slice(2);
  const unknown = asked.find((name) => !Object.hasOwn(sections, name));
  if (unknown !== undefined) throw new Error(`There is no section ${unknown}; there are ${Object.keys(sections).join(', ')}.`);
  const parts = [intro()];
  for (const [name, section] of Object.entries(sections)) {
    if (asked.length > 0 && !asked.includes(name)) continue;
    const text = await section();
    console.log(`${text}\n`);
    parts.push(text);
  }
  if (asked.length === 0) writeFileSync(new URL('RESULTS.md', import.meta.url), `${parts.join('\n\n')}\n`);
} finally {
  await broker.close();
  await kafka.stop();
}
