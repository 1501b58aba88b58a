import type { Broker, TopicPartition } from '../../actors/port.ts';
import type { Plan } from '../topology/model.ts';
import { readPartitions } from './topology-topics.ts';
import { partitionKey } from './units.ts';

/** Partitions that end together, and their ends. */
interface Level {
  readonly partitions: readonly TopicPartition[];
  readonly ends: readonly number[];
}

/**
 * What `available_now` reads: the topics as they are at the start, and what that becomes. A repartition topic's ends are those it has once all that
 * feeds it is committed, so it goes level by level. It is done when the group has committed all of it, whichever members did the work, so that every daemon of the
 * group ends by itself.
 */
export class Available {
  readonly #plan: Plan;
  readonly #broker: Broker;
  /** Partitions by level; those of the sources first. */
  readonly #levels: readonly (readonly TopicPartition[])[];
  #current: Level;
  #reached = 0;
  /** Ends of the sources' partitions, by partition key; Infinity for those that come later. */
  readonly ends: ReadonlyMap<string, number>;

  private constructor(plan: Plan, broker: Broker, levels: readonly (readonly TopicPartition[])[], first: Level) {
    this.#plan = plan;
    this.#broker = broker;
    this.#levels = levels;
    this.#current = first;
    const later = levels.slice(1).flat().map((at) => [partitionKey(at), Infinity] as const);
    this.ends = new Map([...first.partitions.map((at, index) => [partitionKey(at), first.ends[index] as number] as const), ...later]);
  }

  /** Takes note of the ends of everything a plan's sources read. */
  static async capture(plan: Plan, broker: Broker): Promise<Available> {
    const levels = levelsOf(plan, await readPartitions(plan, broker));
    const partitions = levels[0] ?? [];
    return new Available(plan, broker, levels, { partitions, ends: await broker.listOffsets(partitions, 'end') });
  }

  /** True once all of it is committed. */
  async done(): Promise<boolean> {
    const { partitions, ends } = this.#current;
    const committed = await this.#broker.committed(this.#plan.group, partitions);
    if (!committed.every((commit, index) => commit !== null && commit.offset >= (ends[index] as number))) return false;
    const next = this.#levels[this.#reached + 1];
    if (next === undefined) return true;
    this.#current = { partitions: next, ends: await this.#broker.listOffsets(next, 'end') };
    this.#reached += 1;
    return this.done();
  }
}

/** A topic that sources read is of level 0; a repartition topic one above the highest that is read where it is fed. */
function levelsOf({ internalTopics, subTopologies }: Plan, partitions: readonly TopicPartition[]): TopicPartition[][] {
  const levels = new Map<string, number>();
  for (const internal of internalTopics) {
    if (internal.kind !== 'repartition') continue;
    const upstream = subTopologies[internal.from]?.reads.topics ?? [];
    levels.set(internal.topic, 1 + Math.max(0, ...upstream.map((topic) => levels.get(topic) ?? 0)));
  }
  const result: TopicPartition[][] = Array.from({ length: 1 + Math.max(0, ...levels.values()) }, () => []);
  for (const at of partitions) result[levels.get(at.topic) ?? 0]?.push(at);
  return result;
}
