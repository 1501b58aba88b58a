import type { ClusterView } from '../../../actors/cluster-view.ts';
import type { Broker } from '../../../actors/port.ts';
import type { Loaded } from '../../topology/load.ts';
import type { Plan } from '../../topology/model.ts';

/** Who is looked at. */
export interface Patient {
  readonly plan: Plan;
  readonly loaded: Loaded;
  readonly broker: Broker;
  /** Null where the broker could not be looked at. */
  readonly view: ClusterView | null;
  readonly stateDir: string;
}

/** A topic, what it is for, and what is done with it. */
export interface UsedTopic {
  readonly topic: string;
  readonly use: string;
  readonly does: 'Read' | 'Write';
}

/** The topics that a file names; not those that belong to the topology itself. */
export function usedTopics({ nodes, tables, internalTopics }: Plan): UsedTopic[] {
  const used: UsedTopic[] = [];
  for (const table of tables) {
    const logic = table.build();
    if (logic.from === 'topic') used.push({ topic: logic.topic, use: `table ${table.name}`, does: 'Read' });
  }
  for (const node of nodes) {
    const { name } = node;
    if (node.kind === 'source') used.push(...node.build().reads.topics.map((topic) => ({ topic, use: `source ${name}`, does: 'Read' as const })));
    if (node.kind === 'sink') {
      const { topic } = node.build();
      if (topic !== null) used.push({ topic, use: `sink ${name}`, does: 'Write' });
    }
    if (node.kind === 'transform' && node.late !== null) used.push({ topic: node.late, use: `late records of ${name}`, does: 'Write' });
    if (node.onError.action === 'dead_letter') used.push({ topic: node.onError.topic, use: `dead letters`, does: 'Write' });
  }
  const internal = new Set(internalTopics.map(({ topic }) => topic));
  const seen = new Set<string>();
  return used.filter(({ topic, does }) => !internal.has(topic) && !seen.has(`${does} ${topic}`) && seen.add(`${does} ${topic}`));
}
