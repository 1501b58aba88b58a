import { asFailure, Failure } from '../../actors/failure.ts';
import type { Broker, TopicPartition } from '../../actors/port.ts';
import { dealTopics, hasPatterns } from '../../actors/topic-set.ts';
import type { Plan } from '../topology/model.ts';
import { assertInternalTopics } from './internal-topics.ts';
import { nameInFile } from './node-name.ts';

/** Every topic a plan names outright, with what it is for; not those that belong to it. */
export function topicsOf(plan: Plan): Map<string, string> {
  const topics = new Map<string, string>();
  const note = (topic: string, use: string): void => {
    if (!topics.has(topic)) topics.set(topic, use);
  };
  const internal = new Set(plan.internalTopics.map(({ topic }) => topic));
  for (const table of plan.tables) {
    const logic = table.build();
    if (logic.from === 'topic') note(logic.topic, `table ${table.name}`);
  }
  for (const node of plan.nodes) {
    if (node.kind === 'source') for (const topic of node.build().reads.topics) if (!internal.has(topic)) note(topic, `source ${node.name}`);
    if (node.kind === 'sink') {
      const { topic } = node.build();
      if (topic !== null && !internal.has(topic)) note(topic, `sink ${node.name}`);
    }
    if (node.kind === 'transform' && node.late !== null) note(node.late, `late records of ${nameInFile(node.name)}`);
    if (node.onError.action === 'dead_letter') note(node.onError.topic, 'dead letters');
  }
  return topics;
}

/** Every partition that a plan's sources read, of the topics that exist. */
export async function readPartitions(plan: Plan, broker: Broker): Promise<TopicPartition[]> {
  const sets = plan.subTopologies.map(({ reads }) => reads);
  const existing = hasPatterns(sets) ? await broker.listTopics() : [];
  const topics = dealTopics(sets, new Set([...sets.flatMap((set) => set.topics), ...existing])).flat();
  const infos = await broker.describeTopics(topics);
  return topics.flatMap((topic) => Array.from({ length: infos.get(topic)?.partitions ?? 0 }, (_, partition) => ({ topic, partition })));
}

/** Partitions of a topic that is made for a topology whose broker does not say. */
const defaultPartitions = 4;

/** Checks that the topics are there. With `create`, and always on the embedded broker, it makes what is missing; else that is the operator's to do. */
export async function assertTopics(plan: Plan, broker: Broker, create: boolean, onCreated: (topics: string[]) => void): Promise<void> {
  await assertNamedTopics(plan, broker, create, onCreated);
  await assertInternalTopics(plan, broker, onCreated);
}

/** Checks that what sinks of a fixed topic write has a schema in the registry, before the first record. Rejects with `schema_not_registered`, `schema_refused`, `registry_unavailable` and the like. */
export async function assertSchemas(plan: Plan): Promise<void> {
  for (const node of plan.nodes) {
    if (node.kind !== 'sink') continue;
    try {
      await node.build().before?.(null, 0);
    } catch (error) {
      const failure = asFailure(error, 'task_crashed');
      throw new Failure(failure.code, `sink ${node.name}: ${failure.message}`, { cause: error });
    }
  }
}

async function assertNamedTopics(plan: Plan, broker: Broker, create: boolean, onCreated: (topics: string[]) => void): Promise<void> {
  const topics = topicsOf(plan);
  const found = await broker.describeTopics([...topics.keys()]);
  const missing = [...topics.keys()].filter((topic) => !found.has(topic));
  if (missing.length === 0) return;
  if (create || plan.broker.type === 'embedded') {
    const partitions = plan.broker.type === 'embedded' ? plan.broker.partitions : defaultPartitions;
    await broker.createTopics(missing.map((topic) => ({ topic, partitions })));
    onCreated(missing);
  } else {
    const list = missing.map((topic) => `${topic} (${topics.get(topic) ?? ''})`).join(', ');
    throw new Failure('topic_missing', `${missing.length === 1 ? 'A topic does' : 'Topics do'} not exist on ${plan.broker.brokers.join(',')}: ${list}.`);
  }
}
