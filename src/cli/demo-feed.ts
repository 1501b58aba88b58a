import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Broker, OutgoingRecord } from '../../actors/port.ts';
import { Partitioner } from '../../actors/sink/partitioner.ts';
import { packagePath } from './package-root.ts';

/** Every so many flights one is broken on purpose. */
export const brokenEvery = 100;

const dataFile = packagePath('config', 'data', 'flights-20k.ndjson.gz');

/** Times that the file is sent with another year, so that event time goes on; after that flights are late. */
const rounds = 25;

/** The ways in which a flight is broken, in turn; each ends as a dead letter with another reason. */
const breakages: readonly ((line: string) => string)[] = [
  (line) => line.slice(0, line.length / 2),
  (line) => line.replace(/"origin":"[A-Z]+",/, ''),
  (line) => line.replace(/"distance":\d+/, '"distance":-1')
];

/** Streams the flights into a topic, from where an earlier start stopped. */
export class FlightFeed {
  readonly #broker: Broker;
  readonly #topic: string;
  readonly #partitions: number;
  readonly #lines: readonly string[];
  readonly #partitioner = new Partitioner();
  #next: number;

  private constructor(broker: Broker, topic: string, partitions: number, next: number) {
    this.#broker = broker;
    this.#topic = topic;
    this.#partitions = partitions;
    this.#lines = gunzipSync(readFileSync(dataFile)).toString().trimEnd().split('\n');
    this.#next = next;
  }

  /** The topic has to exist; what is in it counts as sent. */
  static async open(broker: Broker, topic: string): Promise<FlightFeed> {
    const partitions = (await broker.describeTopics([topic])).get(topic)?.partitions ?? 1;
    const all = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));
    const ends = await broker.listOffsets(all, 'end');
    return new FlightFeed(broker, topic, partitions, ends.reduce((sum, end) => sum + end, 0));
  }

  /** Flights sent so far, by this start and earlier ones. */
  get sent(): number {
    return this.#next;
  }

  /**
   * Sends `count` flights at `rate` a second (0: as fast as they are taken), until `stopped` says so. The file is
   * read in a circle, a year later each time. Resolves with how many went out.
   */
  async send(count: number, rate: number, stopped: () => boolean): Promise<number> {
    const producer = this.#broker.producer();
    const first = this.#next;
    const started = Date.now();
    try {
      while (this.#next - first < count && !stopped()) {
        const due = rate === 0 ? Infinity : Math.ceil(((Date.now() - started) / 1000) * rate);
        const size = Math.min(1000, count - (this.#next - first), due - (this.#next - first));
        if (size > 0) await producer.send(this.#take(size), 'none');
        // The embedded broker answers in the same turn: others need theirs.
        if (size > 0) await new Promise((resolve) => setImmediate(resolve));
        else await new Promise((resolve) => setTimeout(resolve, 20));
      }
    } finally {
      await producer.close();
    }
    return this.#next - first;
  }

  #take(size: number): OutgoingRecord[] {
    const now = Date.now();
    const records = Array.from({ length: size }, (_, index) => this.#record(this.#next + index, now));
    this.#next += size;
    return records;
  }

  #record(number: number, timestamp: number): OutgoingRecord {
    const year = 2001 + (Math.floor(number / this.#lines.length) % rounds);
    const whole = (this.#lines[number % this.#lines.length] as string).replace('"date":"2001', `"date":"${year}`);
    const line = number % brokenEvery === brokenEvery - 1 ? (breakages[Math.floor(number / brokenEvery) % breakages.length] as (line: string) => string)(whole) : whole;
    const key = Buffer.from(/"origin":"([A-Z]+)"/.exec(whole)?.[1] ?? '');
    return { topic: this.#topic, partition: this.#partitioner.partition(this.#topic, key, this.#partitions), key, value: Buffer.from(line), headers: [], timestamp };
  }
}
