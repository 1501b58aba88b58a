import type { Broker } from '../../actors/port.ts';
import type { Plan } from '../topology/model.ts';
import type { Position } from './checkpoint.ts';
import type { Clock } from './clock.ts';
import { partitionKey } from './units.ts';

/** Milliseconds between two purges, as Kafka Streams' `repartition.purge.interval.ms`. */
const interval = 30_000;

/** What a purger works on. */
export interface PurgerSettings {
  readonly plan: Plan;
  readonly broker: Broker;
  readonly clock: Clock;
}

/** Deletes what is committed from repartition topics, now and then: nobody reads it again. */
export class Purger {
  readonly #settings: PurgerSettings;
  readonly #topics: ReadonlySet<string>;
  readonly #committed = new Map<string, Position>();
  #timer: (() => void) | null = null;
  #purging: Promise<void> = Promise.resolve();

  constructor(settings: PurgerSettings) {
    this.#settings = settings;
    this.#topics = new Set(settings.plan.internalTopics.flatMap(({ kind, topic }) => (kind === 'repartition' ? [topic] : [])));
  }

  /** Takes note of what was committed. */
  committed(positions: readonly Position[]): void {
    if (this.#topics.size === 0) return;
    for (const position of positions) if (this.#topics.has(position.topic)) this.#committed.set(partitionKey(position), position);
    if (this.#committed.size > 0) this.#timer ??= this.#settings.clock.after(interval, () => {
      this.#timer = null;
      this.#purging = this.#purge();
    });
  }

  /** Purges what is left. */
  async close(): Promise<void> {
    this.#timer?.();
    this.#timer = null;
    await this.#purging;
    await this.#purge();
  }

  async #purge(): Promise<void> {
    const offsets = [...this.#committed.values()].map(({ topic, partition, offset }) => ({ topic, partition, offset }));
    this.#committed.clear();
    // What is not deleted now is deleted next time: it only takes room.
    if (offsets.length > 0) await this.#settings.broker.deleteRecords(offsets).catch(() => undefined);
  }
}
