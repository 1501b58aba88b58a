import type { StartPosition } from '../../actors/component.ts';
import { Failure } from '../../actors/failure.ts';
import type { Broker, TopicPartition } from '../../actors/port.ts';
import { dealTopics, ownerOf } from '../../actors/topic-set.ts';
import type { Plan, SourceNode, SubTopology } from '../topology/model.ts';
import { decodeOffsetMetadata, topicHash } from './offset-metadata.ts';
import type { OffsetMetadata } from './offset-metadata.ts';

/** What is known when a partition without a commit is opened. */
export interface StartSettings {
  readonly plan: Plan;
  readonly sub: SubTopology;
  readonly broker: Broker;
}

/** A partition that nothing was ever committed for. */
export interface Start {
  readonly offset: number;
  /** Its topic came to meet a pattern while the group was already at work; said beside every commit, for the partitions still to be opened. */
  readonly late: boolean;
}

/**
 * Where reading begins. `start:` is for what was there when the group began: partitions and topics that came later are read from
 * their first record, since records may be in them before anyone could know of them.
 */
export async function startOf(at: TopicPartition, ends: { readonly start: number; readonly end: number }, settings: StartSettings): Promise<Start> {
  const logic = sourceOf(at.topic, settings).build();
  const first = await commitOf(at.topic, settings);
  const late = !logic.reads.topics.includes(at.topic) && (first === null ? await isNewToGroup(at.topic, settings) : first.late.includes(topicHash(at.topic)));
  const added = first !== null && at.partition >= (first.partitions[topicHash(at.topic)] ?? Infinity);
  if (late || added) return { offset: ends.start, late };
  return { offset: await resolveStart(at, logic.start, ends, settings.broker), late };
}

/** The source of a sub-topology that reads a topic. */
export function sourceOf(topic: string, { plan, sub }: Pick<StartSettings, 'plan' | 'sub'>): SourceNode {
  const sources = sub.nodes.flatMap((id) => {
    const node = plan.nodes[id];
    return node?.kind === 'source' ? [node] : [];
  });
  const found = sources[ownerOf(topic, sources.map((node) => node.build().reads))];
  if (found === undefined) throw new Error(`No source of ${sub.name} reads ${topic}.`);
  return found;
}

/** What the group's own commit for the first partition of a topic says of the task that made it. */
async function commitOf(topic: string, { broker, plan }: StartSettings): Promise<OffsetMetadata | null> {
  const [first] = await broker.committed(plan.group, [{ topic, partition: 0 }]);
  return first ? decodeOffsetMetadata(first.metadata) : null;
}

/** True where the first partition of another topic has a commit: the task that reads both would have committed both at its first start. */
async function isNewToGroup(topic: string, { broker, plan, sub }: StartSettings): Promise<boolean> {
  const others = (dealTopics([sub.reads], await broker.listTopics())[0] ?? []).filter((other) => other !== topic);
  const commits = await broker.committed(plan.group, others.map((other) => ({ topic: other, partition: 0 })));
  return commits.some((commit) => commit !== null && decodeOffsetMetadata(commit.metadata) !== null);
}

async function resolveStart(at: TopicPartition, start: StartPosition, ends: { readonly start: number; readonly end: number }, broker: Broker): Promise<number> {
  if (start === 'earliest') return ends.start;
  if (start === 'latest') return ends.end;
  if ('timestamp' in start) return (await broker.listOffsets([at], { timestamp: start.timestamp }))[0] ?? ends.end;
  const wanted = start.offsets.get(at.topic)?.get(at.partition) ?? 'earliest';
  if (typeof wanted !== 'number') return wanted === 'earliest' ? ends.start : ends.end;
  if (wanted >= ends.start && wanted <= ends.end) return wanted;
  throw new Failure('offset_out_of_range', `start: names offset ${wanted} of ${at.topic}[${at.partition}], which holds offsets ${ends.start} to ${ends.end}.`);
}
