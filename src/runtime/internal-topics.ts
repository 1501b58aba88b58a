import { Failure } from '../../actors/failure.ts';
import type { Broker } from '../../actors/port.ts';
import type { InternalTopic, Plan } from '../topology/model.ts';
import { wantedPartitions } from './internal-counts.ts';
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
  const counts = new Map<string, number>();
  for (const sub of plan.subTopologies) for (const [topic, count] of await partitionCounts({ sub, broker })) counts.set(topic, count);
  for (const internal of plan.internalTopics) {
    const partitions = wantedPartitions(internal, plan, counts);
    const known = found.get(internal.topic);
    if (known === undefined) {
      await broker.createTopics([{ topic: internal.topic, partitions, config: configOf(internal) }]);
      counts.set(internal.topic, partitions);
      created.push(internal.topic);
    } else if (internal.kind === 'changelog' && known.partitions !== partitions) {
      throw new Failure('internal_topic', `${internal.topic} has ${known.partitions} partitions, and ${internal.node} has ${partitions} tasks.`);
    }
  }
  if (created.length > 0) onCreated(created);
}

function configOf({ kind }: InternalTopic): Record<string, string> {
  const size = { 'max.message.bytes': String(maxMessageBytes) };
  if (kind === 'changelog') return { ...size, 'cleanup.policy': 'compact', 'delete.retention.ms': String(deleteRetention) };
  return { ...size, 'cleanup.policy': 'delete', 'retention.ms': '-1' };
}
