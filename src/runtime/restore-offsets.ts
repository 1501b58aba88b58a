import { Failure } from '../../actors/failure.ts';
import type { Broker, CommittedOffset, OffsetCommit, TopicPartition } from '../../actors/port.ts';
import type { RememberedTask } from '../../actors/remembered.ts';
import type { Plan } from '../topology/model.ts';
import { partitionsToRead } from './group-offsets.ts';
import { decodeOffsetMetadata, encodeOffsetMetadata, topicHash } from './offset-metadata.ts';
import { unitsOf } from './units.ts';
import type { TaskUnit } from './units.ts';

/** What a restore works on. */
export interface RestoreSettings {
  readonly plan: Plan;
  readonly broker: Broker;
  readonly remembered: (task: string) => RememberedTask | null;
}

/**
 * What becomes of a partition: its remembered offset is committed again; the same is there already; a later one is there; nothing is remembered of it
 * here, and nothing is committed.
 */
export type RestoreFate = 'restored' | 'same' | 'later' | 'unknown';

/** A partition as a restore finds it. */
export interface RestoreRow extends TopicPartition {
  readonly task: string;
  /** Remembered; null where it is not. */
  readonly offset: number | null;
  readonly epoch: number | null;
  readonly committed: number | null;
  readonly fate: RestoreFate;
}

/** A restore that is worked out and not yet done. */
export interface PreparedRestore {
  readonly rows: readonly RestoreRow[];
  /** In the form of the tasks' own commits, as the attempts that they were: so state and offsets fit. */
  readonly commits: readonly OffsetCommit[];
}

interface Found {
  readonly unit: TaskUnit;
  readonly at: TopicPartition;
  readonly memory: RememberedTask | null;
  readonly committed: CommittedOffset | null;
}

/**
 * Works out which offsets are committed again. Rejects with `foreign_commit` where another program committed, and with `offset_out_of_range` where a log
 * has not (any more) what comes next, naming all of them.
 */
export async function prepareRestore({ plan, broker, remembered }: RestoreSettings): Promise<PreparedRestore> {
  const partitions = await partitionsToRead(plan, broker);
  const found: Found[] = [];
  for (const unit of unitsOf(plan, partitions)) {
    const memory = remembered(unit.name);
    const committed = await broker.committed(plan.group, unit.partitions);
    for (const [index, at] of unit.partitions.entries()) found.push({ unit, at, memory, committed: committed[index] ?? null });
  }
  const counts = new Map<string, number>();
  for (const { topic } of partitions) counts.set(topic, (counts.get(topic) ?? 0) + 1);
  const rows = found.map((each) => rowOf(each, plan));
  const restored = found.filter((_, index) => rows[index]?.fate === 'restored');
  await assertInside(restored, broker);
  return { rows, commits: restored.map((each) => commitOf(each, plan, counts)) };
}

function rowOf({ unit, at, memory, committed }: Found, { group }: Plan): RestoreRow {
  const offset = offsetIn(memory, at);
  const row = { ...at, task: unit.name, offset, epoch: offset === null ? null : (memory?.epoch ?? null), committed: committed?.offset ?? null };
  if (committed === null) return { ...row, fate: offset === null ? 'unknown' : 'restored' };
  const metadata = decodeOffsetMetadata(committed.metadata);
  if (metadata === null) throw new Failure('foreign_commit', `Group ${group} has offset ${committed.offset} for ${at.topic}[${at.partition}], which another program committed.`);
  if (offset === committed.offset) return { ...row, fate: 'same' };
  // State directories of several machines may remember one task: the last of them knows best.
  return { ...row, fate: memory !== null && offset !== null && memory.epoch > metadata.epoch ? 'restored' : 'later' };
}

function offsetIn(memory: RememberedTask | null, { topic, partition }: TopicPartition): number | null {
  return memory?.offsets[topic]?.[String(partition)] ?? null;
}

async function assertInside(restored: readonly Found[], broker: Broker): Promise<void> {
  const partitions = restored.map(({ at }) => at);
  const [starts, ends] = await Promise.all([broker.listOffsets(partitions, 'start'), broker.listOffsets(partitions, 'end')]);
  const outside = restored.flatMap(({ at, memory }, index) => {
    const [start, end, offset] = [starts[index] as number, ends[index] as number, offsetIn(memory, at) as number];
    return offset < start || offset > end ? [`${at.topic}[${at.partition}] holds ${start} to ${end}, remembered is ${offset}`] : [];
  });
  if (outside.length > 0) throw new Failure('offset_out_of_range', `What is remembered is not in the log any more: ${outside.join(', ')}. Nothing was changed.`);
}

function commitOf({ unit, at, memory }: Found, { signature }: Plan, counts: ReadonlyMap<string, number>): OffsetCommit {
  const { epoch, nonce, watermarks, nodes = {}, late = [], since, ...known } = memory as RememberedTask;
  const now = Object.fromEntries(unit.partitions.map(({ topic }) => [topicHash(topic), counts.get(topic) ?? 0]));
  const watermark = watermarks?.[at.topic]?.[String(at.partition)] ?? null;
  const metadata = { task: unit.name, epoch, nonce, signature, partitions: known.counts ?? now, late, watermark, watermarks: nodes, ...(since === undefined ? {} : { since }) };
  return { ...at, offset: offsetIn(memory, at) as number, metadata: encodeOffsetMetadata(metadata) };
}
