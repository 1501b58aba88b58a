import type { Broker } from '../actors/port.ts';
import { count } from './report.ts';
import { throughput } from './throughput.ts';
import type { Backlog, Throughput } from './throughput.ts';
import { traceCollector } from './traces.ts';
import { freePort } from '../test/support/ports.ts';

/** A way to look at a daemon, held against one that nobody looks at. */
interface Way {
  readonly name: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly node?: readonly string[];
  /** Whether /metrics is asked for, every 5 s: three times as often as Prometheus does by default. */
  readonly scraped: boolean;
}

/**
 * W1 with nothing measured and nothing traced, with metrics, and with metrics and traces, by turns: what whole rounds share, as a slow minute of the
 * machine, is not in the ratios of each round. A row each, the ratio to the first with its 95 % interval.
 */
export async function observed(broker: Broker, bootstrap: string, backlog: Backlog, rounds: number): Promise<string[][]> {
  const collector = await traceCollector();
  const ways: readonly Way[] = [
    { name: 'neither', node: ['--import', './bench/unmetered.ts'], scraped: false },
    { name: 'metrics, scraped every 5 s', scraped: true },
    { name: 'metrics, 1 % traced', env: collector.env({ OTEL_TRACES_SAMPLER_ARG: '0.01' }), scraped: true },
    { name: 'metrics, all traced', env: collector.env({ OTEL_TRACES_SAMPLER: 'always_on' }), scraped: true }
  ];
  const results = ways.map((): Throughput[] => []);
  try {
    for (let round = 0; round < rounds; round += 1) {
      // Each way is first, second, … equally often.
      for (let turn = 0; turn < ways.length; turn += 1) {
        const index = (round + turn) % ways.length;
        (results[index] as Throughput[]).push(await run(broker, bootstrap, backlog, ways[index] as Way));
      }
    }
  } finally {
    collector.stop();
  }
  const [plain = []] = results;
  return ways.map(({ name }, index) => {
    const own = results[index] as Throughput[];
    const ratios = (of: (run: Throughput) => number): number[] => own.map((each, round) => of(each) / of(plain[round] as Throughput));
    const cells = [name, count(middle(own.map(({ recordsPerSecond }) => recordsPerSecond))), middle(own.map(({ cpuPerMillion }) => cpuPerMillion)).toFixed(2)];
    return index === 0 ? [...cells, '', ''] : [...cells, change(ratios(({ cpuPerMillion }) => cpuPerMillion)), change(ratios(({ recordsPerSecond }) => recordsPerSecond))];
  });
}

async function run(broker: Broker, bootstrap: string, backlog: Backlog, { env = {}, node = [], scraped }: Way): Promise<Throughput> {
  if (!scraped) return throughput(broker, bootstrap, 'exactly_once', backlog, { env, node });
  const http = `127.0.0.1:${await freePort()}`;
  // It is not there yet while the daemon starts.
  const timer = setInterval(() => void fetch(`http://${http}/metrics`).then((answer) => answer.text()).catch(() => undefined), 5000);
  try {
    return await throughput(broker, bootstrap, 'exactly_once', backlog, { env, node, http });
  } finally {
    clearInterval(timer);
  }
}

/** `+1.2 % (-0.5 to +2.9)`: by how much the median differs from 1, with the interval that holds it at 95 %, by the binomial distribution. */
function change(ratios: readonly number[]): string {
  const sorted = ratios.toSorted((a, b) => a - b);
  const n = sorted.length;
  let rank = 0;
  for (let below = 0.5 ** n, sum = below; sum <= 0.025; sum += below) {
    rank += 1;
    below *= (n - rank + 1) / rank;
  }
  const percent = (ratio: number): string => `${ratio >= 1 ? '+' : ''}${((ratio - 1) * 100).toFixed(1)}`;
  const edge = Math.max(0, rank - 1);
  return `${percent(middle(sorted))} % (${percent(sorted[edge] as number)} to ${percent(sorted[n - 1 - edge] as number)})`;
}

function middle(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  return ((sorted[Math.ceil(half) - 1] as number) + (sorted[Math.floor(half)] as number)) / 2;
}
