import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { kafkaJars, whyNoKafka } from './kafka/jars.ts';
import { freePorts } from './ports.ts';

/** A running Kafka broker. */
export interface Kafka {
  /** host:port, as `bootstrap.servers` takes it. */
  readonly brokers: string;
  /** Null where the broker is not ours to kill. */
  readonly pid: number | null;
  /** Stops the process and deletes its data. Safe twice; does nothing to a broker that is not ours. */
  stop(): Promise<void>;
  /** Power cut: SIGKILL. */
  kill(): void;
  /** Starts a killed or running broker again on the same data and ports. */
  restart(): Promise<void>;
  /** The process stands still but its sockets stay open. */
  pause(): void;
  continue(): void;
}

export interface KafkaOptions {
  /** More lines for server.properties; they win over the defaults. They may depend on the ports that were free. */
  readonly properties?: Record<string, string> | ((port: number, controller: number, more: readonly number[]) => Record<string, string>);
  /** How many further ports are wanted, for listeners that `properties` adds. */
  readonly ports?: number;
  /** Whether it runs for seconds only: then it is not compiled for speed, which halves what a start costs. */
  readonly brief?: boolean;
  /** More arguments for the tool that formats the storage, such as --add-scram. */
  readonly format?: readonly string[];
}

/** The part of node:test's context that skipping needs. */
export interface Skippable {
  skip(message?: string): void;
}

const startTimeout = 30_000;
const brief = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];
const running = new Set<ChildProcess>();
let shared: Promise<Kafka> | undefined;

process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts Apache Kafka in KRaft mode, one node, on free ports of 127.0.0.1. `KAFKA_BROKERS` names one to use instead. */
export async function startKafka(options: KafkaOptions = {}): Promise<Kafka> {
  const given = process.env['KAFKA_BROKERS'];
  if (given !== undefined) return foreign(given);
  process.once('SIGTERM', () => process.exit(143));
  process.once('SIGINT', () => process.exit(130));
  const jars = await kafkaJars();
  const folder = await mkdtemp(join(tmpdir(), 'millrace-kafka-'));
  const [port = 0, controller = 0, ...others] = await freePorts(2 + (options.ports ?? 0));
  const properties = join(folder, 'server.properties');
  const more = typeof options.properties === 'function' ? options.properties(port, controller, others) : (options.properties ?? {});
  await writeFile(properties, serverProperties(folder, port, controller, more));
  await promisify(execFile)('java', [
    '-Xshare:auto', '-XX:TieredStopAtLevel=1', '-cp', join(jars, '*'), 'kafka.tools.StorageTool',
    'format', '-t', 'AAAAAAAAQACAAAAAAAAAAA', '-c', properties, ...(options.format ?? [])
  ]);
  const kafka = new LocalKafka(jars, folder, properties, port, options.brief === true ? brief : []);
  await kafka.launch();
  return kafka;
}

/**
 * A Kafka shared by this process's tests: `MILLRACE_TEST_KAFKA` or `KAFKA_BROKERS` if set, else one started now and
 * killed when the process ends. Skips the test and answers null where none can be had, unless CI=true: then it throws.
 */
export async function kafkaOrSkip(t: Skippable): Promise<Kafka | null> {
  const given = process.env['MILLRACE_TEST_KAFKA'];
  if (given !== undefined) return foreign(given);
  if (await skipped(t)) return null;
  return (shared ??= startKafka());
}

/** Like `kafkaOrSkip`, but a broker of the test's own, to be killed and paused. Skips where `KAFKA_BROKERS` is set. */
export async function ownKafkaOrSkip(t: Skippable, options: KafkaOptions = {}): Promise<Kafka | null> {
  if (process.env['KAFKA_BROKERS'] !== undefined) {
    t.skip('KAFKA_BROKERS is not ours to kill');
    return null;
  }
  return (await skipped(t)) ? null : startKafka({ brief: true, ...options });
}

/** Ends the shared broker, if this process started one. For the last `after` of a test file. */
export async function stopSharedKafka(): Promise<void> {
  const kafka = await shared;
  shared = undefined;
  await kafka?.stop();
}

async function skipped(t: Skippable): Promise<boolean> {
  if (process.env['KAFKA_BROKERS'] !== undefined) return false;
  const why = await whyNoKafka();
  if (why === null) return false;
  if (process.env['CI'] === 'true') throw new Error(why);
  t.skip(why);
  return true;
}

class LocalKafka implements Kafka {
  readonly brokers: string;
  private readonly jars: string;
  private readonly folder: string;
  private readonly properties: string;
  private readonly port: number;
  private readonly flags: readonly string[];
  private child: ChildProcess | null = null;

  constructor(jars: string, folder: string, properties: string, port: number, flags: readonly string[]) {
    this.brokers = `127.0.0.1:${port}`;
    this.jars = jars;
    this.folder = folder;
    this.properties = properties;
    this.port = port;
    this.flags = flags;
  }

  get pid(): number | null {
    return this.child?.pid ?? null;
  }

  async launch(): Promise<void> {
    const output = await open(join(this.folder, 'output'), 'a');
    const child = spawn('java', ['-Xmx1g', '-Xms256m', '-Xshare:auto', ...this.flags, '-cp', join(this.jars, '*'), 'kafka.Kafka', this.properties], {
      stdio: ['ignore', output.fd, output.fd]
    });
    await output.close();
    running.add(child);
    child.once('exit', () => running.delete(child));
    child.unref();
    this.child = child;
    await this.untilAnswering(child);
  }

  async stop(): Promise<void> {
    await this.end('SIGKILL');
    await rm(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }

  kill(): void {
    this.child?.kill('SIGKILL');
  }

  async restart(): Promise<void> {
    await this.end('SIGTERM');
    await this.launch();
  }

  pause(): void {
    this.child?.kill('SIGSTOP');
  }

  continue(): void {
    this.child?.kill('SIGCONT');
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.child;
    this.child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.ref();
    child.kill('SIGCONT');
    child.kill(signal);
    await exited;
  }

  private async untilAnswering(child: ChildProcess): Promise<void> {
    const deadline = Date.now() + startTimeout;
    while (!(await accepts(this.port))) {
      if (child.exitCode !== null || Date.now() > deadline) {
        throw new Error(`Kafka did not start: ${await readFile(join(this.folder, 'output'), 'utf8')}`);
      }
      await wait(50);
    }
  }
}

function foreign(brokers: string): Kafka {
  const refuse = (): never => {
    throw new Error('this Kafka is not ours to kill or pause');
  };
  return { brokers, pid: null, stop: () => Promise.resolve(), kill: refuse, restart: refuse, pause: refuse, continue: refuse };
}

function serverProperties(folder: string, port: number, controller: number, more: Record<string, string>): string {
  const properties: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'controller.quorum.voters': `1@127.0.0.1:${controller}`,
    'log.dirs': join(folder, 'data'),
    'auto.create.topics.enable': 'false',
    'group.initial.rebalance.delay.ms': '0',
    'group.min.session.timeout.ms': '1000',
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '4',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    // A broker that was killed may come back only after its old session, 9 s by default.
    'broker.session.timeout.ms': '2000',
    'broker.heartbeat.interval.ms': '500',
    // Segments are preallocated maps: the default of 10 MB of index per partition is a lot for 64 of them.
    'log.index.size.max.bytes': '65536',
    'log.segment.bytes': '67108864',
    'log.retention.check.interval.ms': '1000',
    'log.cleaner.backoff.ms': '200',
    ...more
  };
  return Object.entries(properties).map(([name, value]) => `${name}=${value}\n`).join('');
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
