import { dealTopics } from '../../actors/topic-set.ts';
import type { InternalTopic, Plan } from '../topology/model.ts';

/**
 * How many partitions a topic that belongs to a topology is to have, by those of the topics that there are. A changelog has as many as the tasks whose store it rebuilds. A repartition
 * topic has as many as what is read beside it, whose keys its own have to meet; where nothing is, as many as the tasks upstream of all repartition topics that are read there.
 */
export function wantedPartitions(internal: InternalTopic, plan: Plan, counts: ReadonlyMap<string, number>): number {
  const read = (sub: number): readonly string[] => {
    const found = plan.subTopologies[sub];
    return found === undefined ? [] : (dealTopics([found.reads], counts.keys())[0] ?? []);
  };
  const most = (topics: readonly string[]): number => Math.max(0, ...topics.map((topic) => counts.get(topic) ?? 0));
  if (internal.kind === 'changelog') return Math.max(1, most(read(internal.sub)));
  const own = new Set(plan.internalTopics.map(({ topic }) => topic));
  const beside = most(read(internal.to).filter((topic) => !own.has(topic)));
  if (beside > 0) return beside;
  const upstream = plan.internalTopics.flatMap((other) => (other.kind === 'repartition' && other.to === internal.to ? [other.from] : []));
  return Math.max(1, ...upstream.map((sub) => most(read(sub))));
}
