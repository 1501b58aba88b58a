import type { TopologyStatus } from '../../actors/status.ts';
import { createLog } from '../telemetry/log.ts';
import type { Plan } from '../topology/model.ts';
import type { Arguments, Command } from './command.ts';
import { UsageError } from './command.ts';
import { startDaemon } from './daemon.ts';
import type { Daemon } from './daemon.ts';
import { brokenEvery, FlightFeed } from './demo-feed.ts';
import { exitCode } from './exit-code.ts';
import { feedKafka } from './feed.ts';
import { loadPlans } from './load-plans.ts';
import type { Output } from './output.ts';
import { packagePath } from './package-root.ts';
import { totalsOf } from './report.ts';
import { processSecrets } from './process-secrets.ts';
import { daemonOptions, daemonSettings, logLevel, superviseDaemon } from './run.ts';

const topologyFile = packagePath('config', 'flights.yaml');

/** Gets results about flights; the other sinks get the flights themselves. */
const hourly = 'hourly';

/** `millrace demo`: the flights topology with somebody who feeds it. */
export function demoCommand(output: Output): Command {
  return {
    name: 'demo',
    summary: 'Streams 20,000 real flights through config/flights.yaml and says what went where.',
    usage: '[options]',
    words: [],
    examples: ['millrace demo', 'millrace demo --records 20000 --exit'],
    options: [
      { name: 'records', value: 'N', summary: 'How many flights to send; 0 for no end.', default: '0' },
      { name: 'rate', value: 'N', summary: 'Flights a second; 0 for as fast as they are taken.', default: '2000' },
      { name: 'exit', summary: 'End once all that was sent is through.' },
      { name: 'feed', value: 'HOST:PORT,…', summary: 'Only send flights, into the topic flights of this Kafka; a daemon that runs elsewhere does the rest.' },
      ...daemonOptions.map((option) => (option.name === 'log-level' ? { ...option, default: 'error' } : option))
    ],
    run: (args) => runDemo(args, output)
  };
}

async function runDemo(args: Arguments, output: Output): Promise<number> {
  if (args.positionals.length > 0) throw new UsageError(`demo takes no arguments, found ${args.positionals.join(' ')}.`);
  const records = wholeNumber(args, 'records');
  const rate = wholeNumber(args, 'rate');
  if (args.on('exit') && records === 0) throw new UsageError('--exit needs --records N: without a number there is no end.');
  const loaded = loadPlans([topologyFile], output);
  if (loaded === null) return exitCode.config;
  loaded.secrets.push(...processSecrets(args, process.env));
  const log = createLog({ level: logLevel(args), secrets: loaded.secrets, to: output.log });
  const brokers = args.text('feed')?.split(',');
  if (brokers !== undefined) {
    await feedKafka({ brokers, topic: 'flights', records: records === 0 ? Infinity : records, rate, log }, output);
    return exitCode.ok;
  }
  const plan = loaded.plans[0] as Plan;
  const daemon = await startDaemon({ ...daemonSettings(args, loaded, log), createTopics: true });
  introduce(daemon, plan, output);
  const demo = new Demo(daemon, plan, output);
  const feeding = demo.feed(records === 0 ? Infinity : records, rate, args.on('exit'));
  const code = await superviseDaemon(daemon, args, log, output);
  demo.stop();
  await feeding;
  output.print(table(demo.sent, daemon.status()[0] as TopologyStatus));
  return code;
}

function introduce(daemon: Daemon, plan: Plan, output: Output): void {
  const broker = plan.broker.type === 'embedded' ? `the embedded broker in ${plan.broker.path} (no Kafka needed)` : `Kafka at ${plan.broker.brokers.join(',')}`;
  const lines = [
    `Flights of 2001 go through ${plan.file.replace(`${process.cwd()}/`, '')} on ${broker}.`,
    `  flights → checked → flights-urgent (over an hour late) or flights-standard; one in ${brokenEvery} is broken on purpose → flights-dead-letters`,
    '            → by hour and origin → flights-hourly: how many, and how late on average',
    ...(daemon.url === null ? [] : [`  metrics at ${daemon.url}/metrics`]),
    'Ctrl-C stops it; the next start goes on where this one stopped.',
    ''
  ];
  output.print(`${lines.join('\n')}\n`);
}

/** Feeds the demo's topology, and tells it to stop where that was asked for. */
class Demo {
  readonly #daemon: Daemon;
  readonly #plan: Plan;
  readonly #output: Output;
  #stopped = false;
  #told = '';
  sent = 0;

  constructor(daemon: Daemon, plan: Plan, output: Output) {
    this.#daemon = daemon;
    this.#plan = plan;
    this.#output = output;
  }

  stop(): void {
    this.#stopped = true;
  }

  async feed(records: number, rate: number, exit: boolean): Promise<void> {
    const waiting = setInterval(() => { this.#tellTrouble(); }, 1000);
    await this.#until(({ state, tasks }) => state === 'running' && tasks.assigned > 0 && tasks.running === tasks.assigned);
    clearInterval(waiting);
    if (this.#stopped) return;
    const feed = await FlightFeed.open(this.#daemon.broker(this.#plan), 'flights');
    if (feed.sent > 0) this.#output.print(`Earlier starts sent ${number(feed.sent)} flights; going on with the next.\n`);
    const telling = setInterval(() => { this.#output.print(line(this.#status)); }, 5000);
    try {
      this.sent = await feed.send(records, rate, () => this.#stopped);
      await this.#until(({ partitions }) => partitions.reduce((sum, { position }) => sum + position, 0) >= feed.sent);
    } finally {
      clearInterval(telling);
    }
    if (exit) await this.#daemon.stop();
    else if (!this.#stopped) this.#output.print(`All ${number(this.sent)} flights are through. Ctrl-C ends.\n`);
  }

  /** What a start waits for, once: the log is quiet in the demo. */
  #tellTrouble(): void {
    const { state, failure } = this.#status;
    if (state !== 'waiting' || failure === null || this.#told === failure.message) return;
    this.#told = failure.message;
    this.#output.print(`Waiting: ${failure.message}\n  ${failure.remedy}\n`);
  }

  get #status(): TopologyStatus {
    return this.#daemon.status()[0] as TopologyStatus;
  }

  async #until(condition: (status: TopologyStatus) => boolean): Promise<void> {
    while (!this.#stopped && !condition(this.#status)) await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function line(status: TopologyStatus): string {
  const { received, deadLetters } = totalsOf(status);
  const sinks = status.nodes.filter(({ kind }) => kind === 'sink').map(({ name, counts }) => `${name} ${number(counts.forwarded)}`);
  return `read ${number(received)}: ${sinks.join(', ')}, dead letters ${number(deadLetters)}; lag ${number(status.lag)}\n`;
}

function table(sent: number, status: TopologyStatus): string {
  const { received, deadLetters, filtered, skipped } = totalsOf(status);
  const sinks = status.nodes.filter(({ kind }) => kind === 'sink').map(({ name, counts }) => [`flights-${name}`, counts.forwarded] as const);
  const rows = [...sinks.filter(([topic]) => topic !== `flights-${hourly}`), ['flights-dead-letters', deadLetters] as const];
  const results = sinks.filter(([topic]) => topic === `flights-${hourly}`);
  const sum = rows.reduce((total, [, count]) => total + count, 0) + filtered + skipped;
  const row = (label: string, count: number): string => `  ${label.padEnd(24)}${number(count).padStart(10)}\n`;
  return [
    `\nSent by this start         ${number(sent).padStart(9)}\n`,
    `Read by the topology       ${number(received).padStart(9)}${received > sent ? `   ${number(received - sent)} of them were sent by earlier starts` : ''}\n`,
    ...rows.map(([label, count]) => row(label, count)),
    `Accounted for              ${number(sum).padStart(9)}   ${sum === received ? 'every flight read is in one of them' : `${number(received - sum)} are not accounted for`}\n`,
    ...results.map(([label, count]) => `${row(label, count).trimEnd()}   results besides: hours that are over, by origin\n`)
  ].join('');
}

function wholeNumber(args: Arguments, option: string): number {
  const value = Number(args.text(option));
  if (!Number.isInteger(value) || value < 0) throw new UsageError(`--${option} is a whole number, not ${args.text(option) ?? ''}.`);
  return value;
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}
