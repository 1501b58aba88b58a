import { Failure } from '../../actors/failure.ts';
import type { Broker } from '../../actors/port.ts';
import type { InternalTopic, Plan } from '../topology/model.ts';
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

/** As many as the tasks upstream for a repartition topic; as the tasks whose store it is for a changelog. */
async function countOf(internal: InternalTopic, plan: Plan, broker: Broker): Promise<number> {
  const sub = plan.subTopologies[internal.kind === 'repartition' ? internal.from : internal.sub];
  if (sub === undefined) throw new Error(`${internal.topic} belongs to no sub-topology`);
  const counts = await partitionCounts({ sub, broker });
  return Math.max(1, ...counts.values());
}

function configOf({ kind }: InternalTopic): Record<string, string> {
  const size = { 'max.message.bytes': String(maxMessageBytes) };
  if (kind === 'changelog') return { ...size, 'cleanup.policy': 'compact', 'delete.retention.ms': String(deleteRetention) };
  return { ...size, 'cleanup.policy': 'delete', 'retention.ms': '-1' };
}
