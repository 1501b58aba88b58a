import { Failure } from '../../actors/failure.ts';
import type { Broker } from '../../actors/port.ts';
import { dealTopics, hasPatterns } from '../../actors/topic-set.ts';
import type { Plan, SubTopology } from '../topology/model.ts';
import { topicHash } from './offset-metadata.ts';
import type { OffsetMetadata } from './offset-metadata.ts';
import type { Topics } from './topics.ts';
import type { KeyedSettings } from './wire.ts';

/** What partition counts are read from. */
export interface KeyedInput {
  readonly plan: Plan;
  readonly sub: SubTopology;
  readonly broker: Broker;
  readonly topics: Topics;
}

/**
 * What keyed nodes need to know of partitions. Throws `partitions_differ` where topics that are grouped together have different counts, and
 * `partitions_changed` where a count is not what it was: both would spread a key over several tasks.
 */
export async function keyedSettings(input: KeyedInput, latest: OffsetMetadata | null): Promise<Omit<KeyedSettings, 'watermarks' | 'state' | 'table'>> {
  const { plan, sub, topics } = input;
  if (!sub.timed && sub.stores.length === 0) return { tasks: 0, partitions: () => 0 };
  const counts = await partitionCounts(input);
  if (sub.stores.length > 0) assertPartitions(sub, counts, latest);
  const repartition = new Map<string, number>();
  for (const { kind, topic } of plan.internalTopics) if (kind === 'repartition') repartition.set(topic, (await topics.load(topic)).partitions);
  return { tasks: Math.max(0, ...counts.values()), partitions: (topic) => repartition.get(topic) ?? 0 };
}

/** Throws `partitions_differ` or `partitions_changed`; `latest` is what was committed last. */
export function assertPartitions(sub: SubTopology, counts: ReadonlyMap<string, number>, latest: OffsetMetadata | null): void {
  assertEqual(sub, counts);
  if (latest !== null) assertUnchanged(sub, counts, latest);
}

/** Partition counts of the topics that a sub-topology reads, by name. */
export async function partitionCounts({ sub, broker }: Pick<KeyedInput, 'sub' | 'broker'>): Promise<Map<string, number>> {
  const existing = hasPatterns([sub.reads]) ? await broker.listTopics() : [];
  const names = dealTopics([sub.reads], new Set([...sub.reads.topics, ...existing])).flat();
  const infos = await broker.describeTopics(names);
  return new Map([...infos].map(([topic, { partitions }]) => [topic, partitions]));
}

function assertEqual({ name }: SubTopology, counts: ReadonlyMap<string, number>): void {
  if (new Set(counts.values()).size <= 1) return;
  const list = [...counts].map(([topic, count]) => `${topic} ${count}`).join(', ');
  throw new Failure('partitions_differ', `${name} groups topics by their own keys, so they need equally many partitions; found ${list}.`);
}

function assertUnchanged({ name }: SubTopology, counts: ReadonlyMap<string, number>, latest: OffsetMetadata): void {
  for (const [topic, count] of counts) {
    const before = latest.partitions[topicHash(topic)];
    if (before === undefined || before === count) continue;
    throw new Failure('partitions_changed', `${topic} had ${before} partitions when ${name} last committed, and has ${count}: keys are in other partitions than their state.`);
  }
}
