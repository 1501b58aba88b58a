import { dealTopics } from '../../../actors/topic-set.ts';
import type { Plan, SubTopology } from '../../topology/model.ts';
import { decodeOffsetMetadata } from '../offset-metadata.ts';
import type { BrokerView, TaskRow } from './model.ts';

/** The sub-topologies, each beside the tasks that committed for its topics before. */
export function taskRows(plan: Plan, view: BrokerView | null): TaskRow[] {
  const dealt = dealTopics(plan.subTopologies.map(({ reads }) => reads), new Set([...plan.subTopologies.flatMap(({ reads }) => reads.topics), ...(view?.topics.keys() ?? [])]));
  const before = plan.subTopologies.map((_, index) => (view === null ? [] : namesBefore(new Set(dealt[index]), view)));
  return plan.subTopologies.map((sub, index) => {
    const reads = dealt[index] ?? [];
    const names = before[index] ?? [];
    const others = names.filter((name) => name !== sub.name);
    const tasks = view === null ? null : Math.max(0, ...reads.map((topic) => view.topics.get(topic) ?? 0));
    return { name: sub.name, tasks, reads, fate: view === null ? 'unknown' : fateOf(sub, names, before), before: others };
  });
}

/** Names of sub-topologies that committed for these topics. */
function namesBefore(topics: ReadonlySet<string>, { partitions }: BrokerView): string[] {
  const names = partitions.filter(({ topic }) => topics.has(topic)).flatMap(({ committed }) => (committed === null ? [] : (decodeOffsetMetadata(committed.metadata)?.task ?? [])));
  return [...new Set(names.map((task) => task.replace(/-\d+$/, '')))].sort();
}

function fateOf({ name }: SubTopology, names: readonly string[], all: readonly (readonly string[])[]): TaskRow['fate'] {
  if (names.length === 0) return 'new';
  if (names.length > 1) return 'merged';
  if (all.filter((others) => others.includes(names[0] as string)).length > 1) return 'split';
  return names[0] === name ? 'kept' : 'renamed';
}
