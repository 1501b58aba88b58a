import type { Plan } from '../topology/model.ts';

/** Where nodes of a topology send what can never work. */
export interface DeadLetterTopic {
  readonly topic: string;
  /** Names of the nodes, as the file has them. */
  readonly nodes: readonly string[];
  /** Whether values are JSON envelopes. */
  readonly envelope: boolean;
}

/** The dead letter topics of a plan, each once, in the order of its nodes. */
export function deadLetterTopics({ nodes }: Plan): DeadLetterTopic[] {
  const topics = new Map<string, { topic: string; nodes: string[]; envelope: boolean }>();
  for (const { name, onError } of nodes) {
    if (onError.action !== 'dead_letter') continue;
    const known = topics.get(onError.topic) ?? { topic: onError.topic, nodes: [], envelope: onError.envelope };
    known.nodes.push(name);
    topics.set(onError.topic, known);
  }
  return [...topics.values()];
}
