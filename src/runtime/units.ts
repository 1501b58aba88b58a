import type { TopicPartition } from '../../actors/port.ts';
import type { StateDirectory } from '../../actors/store.ts';
import { ownerOf } from '../../actors/topic-set.ts';
import type { Plan, SubTopology } from '../topology/model.ts';

/** One task, as the group assigns it: a partition number of a sub-topology. */
export interface TaskUnit {
  readonly name: string;
  readonly sub: SubTopology;
  /** Sorted by topic. */
  readonly partitions: readonly TopicPartition[];
}

/** A partition as a key of maps. */
export function partitionKey({ topic, partition }: TopicPartition): string {
  return `${partition}/${topic}`;
}

/** Groups assigned partitions into tasks. */
export function unitsOf(plan: Plan, partitions: readonly TopicPartition[]): TaskUnit[] {
  const units = new Map<string, { name: string; sub: SubTopology; partitions: TopicPartition[] }>();
  const sets = plan.subTopologies.map(({ reads }) => reads);
  const sorted = partitions.toSorted((a, b) => a.partition - b.partition || (a.topic < b.topic ? -1 : 1));
  for (const at of sorted) {
    const sub = plan.subTopologies[ownerOf(at.topic, sets)];
    if (sub === undefined) continue;
    const name = `${sub.name}-${at.partition}`;
    const unit = units.get(name);
    if (unit === undefined) units.set(name, { name, sub, partitions: [at] });
    else unit.partitions.push(at);
  }
  return [...units.values()];
}

/** The partitions whose tasks have state on this machine. */
export function heldPartitions({ group, subTopologies }: Plan, state: StateDirectory): TopicPartition[] {
  const keyed = subTopologies.filter(({ stores }) => stores.length > 0);
  if (keyed.length === 0) return [];
  const held = state.held(group);
  return keyed.flatMap(({ name, reads }) => held.flatMap((task) => {
    const partition = task.startsWith(`${name}-`) ? task.slice(name.length + 1) : '';
    return /^\d+$/.test(partition) ? reads.topics.map((topic) => ({ topic, partition: Number(partition) })) : [];
  }));
}
