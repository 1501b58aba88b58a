import { randomBytes } from 'node:crypto';
import { Failure } from '../../actors/failure.ts';
import type { Broker, CommittedOffset, OffsetCommit, TopicPartition } from '../../actors/port.ts';
import type { Plan } from '../topology/model.ts';
import { fence, settledOffsets } from './fence.ts';
import { partitionsToRead } from './group-offsets.ts';
import { decodeOffsetMetadata, encodeOffsetMetadata, topicHash } from './offset-metadata.ts';
import type { OffsetMetadata } from './offset-metadata.ts';
import type { RememberedTask } from './recover.ts';
import { unitsOf } from './units.ts';
import type { TaskUnit } from './units.ts';

/** Where a group is to go on: an end of each log, the first record at or after a time, or one offset. */
export type ResetTarget = 'earliest' | 'latest' | { readonly timestamp: number } | { readonly offset: number };

/** What a reset works on. */
export interface ResetSettings {
  readonly plan: Plan;
  readonly broker: Broker;
  readonly target: ResetTarget;
  /** Which of the partitions that the plan reads are set; the others stay as they are. */
  readonly selected: (at: TopicPartition) => boolean;
  /** What a daemon remembers of a task: epochs go on from there too. */
  readonly remembered: (task: string) => RememberedTask | null;
}

/** What becomes of a partition. Counts are of offsets, markers and gaps among them. */
export interface OffsetChange extends TopicPartition {
  /** Null where nothing is committed. */
  readonly from: number | null;
  readonly to: number;
  readonly again: number;
  readonly skipped: number;
}

/** A reset that is worked out and not yet done. */
export interface PreparedReset {
  readonly changes: readonly OffsetChange[];
  /** What is to be committed: in the form of the tasks' own commits, in the epoch behind the last one known. */
  readonly commits: readonly OffsetCommit[];
}

/** Milliseconds; nothing is written under what is only fenced. */
const transactionTimeout = 10_000;

/**
 * Makes sure that no task of a stopped group can write any more, one that hangs somewhere included, and that nothing it left open settles
 * later. To be called before `prepareReset` when it is meant.
 */
export async function fenceTasks(plan: Plan, broker: Broker): Promise<void> {
  const partitions = await partitionsToRead(plan, broker);
  const tasks = new Set(unitsOf(plan, partitions).map(({ name }) => name));
  const fenceTask = (task: string): Promise<void> => fence(broker, plan.group, task, transactionTimeout);
  for (const task of tasks) await fenceTask(task);
  await settledOffsets({ group: plan.group, partitions, broker, fenced: tasks, fence: fenceTask });
}

/** Works out what a reset changes. Rejects with `offset_out_of_range` where an offset is not in a log, naming all of them. */
export async function prepareReset(settings: ResetSettings): Promise<PreparedReset> {
  const { plan, broker, selected } = settings;
  const partitions = await partitionsToRead(plan, broker);
  const committed = await broker.committed(plan.group, partitions);
  const known = new Map(partitions.map((at, index) => [keyOf(at), committed[index] ?? null]));
  const chosen = partitions.filter(selected);
  const targets = await resolve(chosen, settings);
  const units = new Map(unitsOf(plan, partitions).flatMap((unit) => unit.partitions.map((at) => [keyOf(at), unit] as const)));
  const metadata = new Map<TaskUnit, string>();
  const commits = targets.map(({ topic, partition, to }) => {
    const unit = units.get(keyOf({ topic, partition })) as TaskUnit;
    const text = metadata.get(unit) ?? encodeOffsetMetadata(nextMetadata(unit, partitions, known, settings));
    metadata.set(unit, text);
    return { topic, partition, offset: to, metadata: text };
  });
  return { changes: targets.map((target) => changeOf(target, known.get(keyOf(target)) ?? null)), commits };
}

interface Target extends TopicPartition {
  readonly to: number;
  readonly start: number;
  readonly end: number;
}

async function resolve(chosen: readonly TopicPartition[], { broker, target }: ResetSettings): Promise<Target[]> {
  const starts = await broker.listOffsets(chosen, 'start');
  const ends = await broker.listOffsets(chosen, 'end');
  const times = typeof target === 'object' && 'timestamp' in target ? await broker.listOffsets(chosen, target) : [];
  const targets = chosen.map((at, index) => {
    const [start, end] = [starts[index] as number, ends[index] as number];
    const to = target === 'earliest' ? start : target === 'latest' ? end : 'offset' in target ? target.offset : Math.max(start, times[index] as number);
    return { ...at, to, start, end };
  });
  const outside = targets.filter(({ to, start, end }) => to < start || to > end);
  if (outside.length === 0) return targets;
  const list = outside.map(({ topic, partition, start, end }) => `${topic}[${partition}] holds ${start} to ${end}`).join(', ');
  throw new Failure('offset_out_of_range', `There is no offset ${outside[0]?.to ?? ''} to go on from: ${list}.`);
}

function changeOf({ topic, partition, to, start, end }: Target, committed: CommittedOffset | null): OffsetChange {
  const from = committed?.offset ?? null;
  // What is gone from the log cannot be read again, and what was never in it not be skipped.
  const reached = Math.min(end, Math.max(start, from ?? to));
  return { topic, partition, from, to, again: Math.max(0, reached - to), skipped: Math.max(0, to - reached) };
}

function nextMetadata(unit: TaskUnit, all: readonly TopicPartition[], known: ReadonlyMap<string, CommittedOffset | null>, settings: ResetSettings): OffsetMetadata {
  const { plan, selected, remembered } = settings;
  const own = unit.partitions.map((at) => readMetadata(at, known)).filter((metadata) => metadata !== null);
  const epoch = Math.max(-1, remembered(unit.name)?.epoch ?? -1, ...own.map((metadata) => metadata.epoch));
  const partitions: Record<string, number> = {};
  for (const at of unit.partitions) {
    // A topic of the task that has no commit behind this must not be taken for one whose commit was lost.
    if (!selected(at) && (known.get(keyOf(at)) ?? null) === null) continue;
    partitions[topicHash(at.topic)] = countOf(at.topic, all, known, selected);
  }
  const late = [...new Set(own.flatMap((metadata) => metadata.late))].filter((hash) => hash in partitions);
  return { task: unit.name, epoch: epoch + 1, nonce: randomBytes(6).toString('base64url'), signature: plan.signature, partitions, late, watermark: null, watermarks: {} };
}

/**
 * The count of a topic's partitions to be written down: that of now once each of them has a commit, else the one written down before, so
 * that a partition added since is still known to be new.
 */
function countOf(topic: string, all: readonly TopicPartition[], known: ReadonlyMap<string, CommittedOffset | null>, selected: ResetSettings['selected']): number {
  const partitions = all.filter((at) => at.topic === topic);
  const noted = partitions.map((at) => readMetadata(at, known)?.partitions[topicHash(topic)] ?? 0);
  const whole = partitions.every((at) => selected(at) || (known.get(keyOf(at)) ?? null) !== null);
  return whole || Math.max(0, ...noted) === 0 ? partitions.length : Math.max(...noted);
}

function readMetadata(at: TopicPartition, known: ReadonlyMap<string, CommittedOffset | null>): OffsetMetadata | null {
  const committed = known.get(keyOf(at)) ?? null;
  return committed === null ? null : decodeOffsetMetadata(committed.metadata);
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
