import { Failure } from '../../actors/failure.ts';
import type { Broker, CommittedOffset, TopicPartition } from '../../actors/port.ts';
import type { Plan } from '../topology/model.ts';
import { decodeOffsetMetadata } from './offset-metadata.ts';
import { readPartitions } from './topology-topics.ts';

/** What a group has for a partition: a commit of a task, of another program, at an offset that is not there (any more), or none. */
export type OffsetState = 'committed' | 'foreign' | 'out_of_range' | 'none';

/** A partition as its group stands in it. */
export interface GroupOffset extends TopicPartition {
  readonly committed: number | null;
  /** First offset of the log, and one past the last that can be read. */
  readonly start: number;
  readonly end: number;
  /** Null where nothing is committed. */
  readonly lag: number | null;
  /** Who committed it when; null where no task did. */
  readonly task: string | null;
  readonly epoch: number | null;
  readonly state: OffsetState;
}

/** Every partition a plan reads, as its group stands in it. Rejects with `topic_missing` where a topic it names is not there. */
export async function groupOffsets(plan: Plan, broker: Broker): Promise<GroupOffset[]> {
  const partitions = await partitionsToRead(plan, broker);
  const [committed, starts, ends] = await Promise.all([broker.committed(plan.group, partitions), broker.listOffsets(partitions, 'start'), broker.listOffsets(partitions, 'end')]);
  return partitions.map((at, index) => groupOffset(at, committed[index] ?? null, starts[index] as number, ends[index] as number));
}

/** As `readPartitions`, but a topic that a source names has to be there; one that belongs to the topology is made by its first start. */
export async function partitionsToRead(plan: Plan, broker: Broker): Promise<TopicPartition[]> {
  const partitions = await readPartitions(plan, broker);
  const found = new Set(partitions.map(({ topic }) => topic));
  const own = internalNames(plan);
  const missing = plan.subTopologies.flatMap(({ reads }) => reads.topics).filter((topic) => !found.has(topic) && !own.has(topic));
  if (missing.length > 0) throw new Failure('topic_missing', `${plan.name} reads ${missing.join(', ')}, which ${missing.length === 1 ? 'does' : 'do'} not exist.`);
  return partitions;
}

/** The topics that belong to a topology. */
export function internalNames(plan: Plan): Set<string> {
  return new Set(plan.internalTopics.map(({ topic }) => topic));
}

function groupOffset(at: TopicPartition, committed: CommittedOffset | null, start: number, end: number): GroupOffset {
  const metadata = committed === null ? null : decodeOffsetMetadata(committed.metadata);
  const offset = committed?.offset ?? null;
  const lag = offset === null ? null : Math.max(0, end - offset);
  return { ...at, committed: offset, start, end, lag, task: metadata?.task ?? null, epoch: metadata?.epoch ?? null, state: stateOf(offset, metadata !== null, start, end) };
}

function stateOf(offset: number | null, own: boolean, start: number, end: number): OffsetState {
  if (offset === null) return 'none';
  if (!own) return 'foreign';
  return offset < start || offset > end ? 'out_of_range' : 'committed';
}
