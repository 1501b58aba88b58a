import { Failure } from '../../actors/failure.ts';
import type { Broker } from '../../actors/port.ts';
import type { InternalTopic, Plan, SubTopology } from '../topology/model.ts';
import { partitionCounts } from './keyed.ts';
import { deleteRetention } from './open-state.ts';

/** Largest record of a topic that belongs to the topology: state entries and parcels are larger than what they are made from. */
const maxMessageBytes = 8 * 1024 * 1024;

/**
 * Makes what is missing of the topics that belong to a topology, upstream ones first, since a count follows from those before it. A changelog
 * that is there with another count throws `internal_topic`. A changelog is compacted only: deletes come as tombstones, and deletion by age would lose the windows of a
 * stream that stands still. A repartition topic is kept until it is purged behind the commits.
 */
export async function assertInternalTopics(plan: Plan, broker: Broker, onCreated: (topics: string[]) => void): Promise<void> {
  if (plan.internalTopics.length === 0) return;
  const found = await broker.describeTopics(plan.internalTopics.map(({ topic }) => topic));
  const created: string[] = [];
  for (const internal of plan.internalTopics) {
    const partitions = await countOf(internal, plan, broker);
    const known = found.get(internal.topic);
    if (known === undefined) {
      await broker.createTopics([{ topic: internal.topic, partitions, config: configOf(internal) }]);
      created.push(internal.topic);
    } else if (internal.kind === 'changelog' && known.partitions !== partitions) {
      throw new Failure('internal_topic', `${internal.topic} has ${known.partitions} partitions, and ${internal.node} has ${partitions} tasks.`);
    }
  }
  if (created.length > 0) onCreated(created);
}

/**
 * As many as the tasks whose store it is for a changelog. For a repartition topic as many as what is read beside it, whose keys its own have to meet; where nothing
 * is, as many as the tasks upstream of all repartition topics that are read there.
 */
async function countOf(internal: InternalTopic, plan: Plan, broker: Broker): Promise<number> {
  if (internal.kind === 'changelog') return highest([internal.sub], plan, broker);
  const own = new Set(plan.internalTopics.map(({ topic }) => topic));
  const beside = await partitionCounts({ sub: subOf(internal.to, plan), broker });
  const counts = [...beside].flatMap(([topic, count]) => (own.has(topic) ? [] : [count]));
  if (counts.length > 0) return Math.max(...counts);
  const upstream = plan.internalTopics.flatMap((other) => (other.kind === 'repartition' && other.to === internal.to ? [other.from] : []));
  return highest(upstream, plan, broker);
}

async function highest(subs: readonly number[], plan: Plan, broker: Broker): Promise<number> {
  const counts = await Promise.all(subs.map((sub) => partitionCounts({ sub: subOf(sub, plan), broker })));
  return Math.max(1, ...counts.flatMap((each) => [...each.values()]));
}

function subOf(sub: number, plan: Plan): SubTopology {
  const found = plan.subTopologies[sub];
  if (found === undefined) throw new Error(`there is no sub-topology ${sub}`);
  return found;
}

function configOf({ kind }: InternalTopic): Record<string, string> {
  const size = { 'max.message.bytes': String(maxMessageBytes) };
  if (kind === 'changelog') return { ...size, 'cleanup.policy': 'compact', 'delete.retention.ms': String(deleteRetention) };
  return { ...size, 'cleanup.policy': 'delete', 'retention.ms': '-1' };
}
