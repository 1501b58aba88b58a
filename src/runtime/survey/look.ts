import type { Broker } from '../../../actors/port.ts';
import type { Plan } from '../../topology/model.ts';
import { readMark } from '../store-mark.ts';
import { readPartitions, topicsOf } from '../topology-topics.ts';
import type { BrokerView, LogView, PartitionView } from './model.ts';

/** Where nothing ever ran. */
export const nothingThere: BrokerView = { topics: new Map(), partitions: [], logs: [] };

/** Looks at what the broker has of a topology; changes nothing. */
export async function look(plan: Plan, broker: Broker): Promise<BrokerView> {
  const existing = await broker.listTopics();
  const partitions = await readPartitions(plan, broker);
  const names = new Set([...topicsOf(plan).keys(), ...plan.internalTopics.map(({ topic }) => topic), ...partitions.map(({ topic }) => topic), ...existing.filter((topic) => belongs(topic, plan))]);
  const found = await broker.describeTopics([...names]);
  const topics = new Map([...found].map(([topic, info]) => [topic, info.partitions]));
  const [committed, starts, ends] = await Promise.all([broker.committed(plan.group, partitions), broker.listOffsets(partitions, 'start'), broker.listOffsets(partitions, 'end')]);
  const views = partitions.map((at, index): PartitionView => ({ ...at, committed: committed[index] ?? null, start: starts[index] as number, end: ends[index] as number }));
  return { topics, partitions: views, logs: await logsOf(plan, broker, topics) };
}

/** True for names that topics of a topology's nodes have, those of nodes that are gone too. Names of nodes have no hyphen. */
function belongs(topic: string, { group }: Plan): boolean {
  return topic.startsWith(`${group}-`) && /^[a-z][a-z0-9_]*-(?:changelog|repartition)$/.test(topic.slice(group.length + 1));
}

async function logsOf(plan: Plan, broker: Broker, topics: ReadonlyMap<string, number>): Promise<LogView[]> {
  const changelogs = plan.internalTopics.filter(({ kind }) => kind === 'changelog');
  const logs = changelogs.flatMap(({ topic, node }) => Array.from({ length: topics.get(topic) ?? 0 }, (_, partition) => ({ topic, partition, store: node })));
  const [starts, ends] = await Promise.all([broker.listOffsets(logs, 'start'), broker.listOffsets(logs, 'end')]);
  const views: LogView[] = [];
  for (const [index, log] of logs.entries()) {
    const range = { ...log, start: starts[index] as number, end: ends[index] as number };
    views.push({ ...range, mark: await readMark(broker, range) });
  }
  return views;
}
