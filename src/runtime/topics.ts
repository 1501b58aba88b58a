import { Failure } from '../../actors/failure.ts';
import type { Broker, TopicInfo } from '../../actors/port.ts';
import type { Clock } from './clock.ts';

/** How long a partition count is believed; the Java producer's `metadata.max.age.ms` is 5 minutes. */
const maxAge = 60_000;

/** How long a topic counts as missing, and of how many that is remembered: records may name any number of them. */
const missing = { age: 1000, most: 1000 };

/** What the daemon knows of output topics, asked once and refreshed beside the stream. */
export class Topics {
  readonly #broker: Broker;
  readonly #clock: Clock;
  readonly #known = new Map<string, { info: TopicInfo; at: number }>();
  readonly #refreshing = new Set<string>();
  readonly #missing = new Map<string, number>();

  constructor(broker: Broker, clock: Clock) {
    this.#broker = broker;
    this.#clock = clock;
  }

  /** At once, where it was asked before; an old answer still counts while a new one is fetched. */
  known(topic: string): TopicInfo | undefined {
    const entry = this.#known.get(topic);
    if (entry === undefined) return undefined;
    if (this.#clock.elapsed() - entry.at > maxAge) this.#refresh(topic);
    return entry.info;
  }

  /** Asks the broker; rejects with `topic_missing`. */
  async load(topic: string): Promise<TopicInfo> {
    const absent = new Failure('topic_missing', `Topic ${topic} does not exist.`);
    if (this.#clock.elapsed() - (this.#missing.get(topic) ?? -Infinity) < missing.age) throw absent;
    const info = (await this.#broker.describeTopics([topic])).get(topic);
    if (info === undefined) {
      if (this.#missing.size >= missing.most) this.#missing.clear();
      this.#missing.set(topic, this.#clock.elapsed());
      throw absent;
    }
    this.#known.set(topic, { info, at: this.#clock.elapsed() });
    return info;
  }

  /** Asks anew for every topic: what was known of one has proven wrong. */
  forget(): void {
    this.#known.clear();
  }

  #refresh(topic: string): void {
    if (this.#refreshing.has(topic)) return;
    this.#refreshing.add(topic);
    // A failed refresh keeps the old answer: writing will tell what is wrong.
    this.load(topic)
      .catch(() => undefined)
      .finally(() => this.#refreshing.delete(topic));
  }
}
