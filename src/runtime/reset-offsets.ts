import { randomBytes } from 'node:crypto';
import { Failure } from '../../actors/failure.ts';
import type { Broker, CommittedOffset, OffsetCommit, TopicPartition } from '../../actors/port.ts';
import type { RememberedTask } from '../../actors/remembered.ts';
import type { Plan } from '../topology/model.ts';
import { fence, settledOffsets } from './fence.ts';
import { internalNames, partitionsToRead } from './group-offsets.ts';
import { decodeOffsetMetadata, encodeOffsetMetadata, topicHash } from './offset-metadata.ts';
import type { OffsetMetadata } from './offset-metadata.ts';
import { unitsOf } from './units.ts';
import type { TaskUnit } from './units.ts';

/** Where a group is to go on: an end of each log, the first record at or after a time, or one offset. */
export type ResetTarget = 'earliest' | 'latest' | { readonly timestamp: number } | { readonly offset: number };

/** What becomes of keyed state: it stays as it is, or begins anew, on every machine. */
export type StateChoice = 'keep' | 'drop';

/** What a reset works on. */
export interface ResetSettings {
  readonly plan: Plan;
  readonly broker: Broker;
  readonly target: ResetTarget;
  /** Which of the partitions that the sources read are set; the others stay as they are. */
  readonly selected: (at: TopicPartition) => boolean;
  /** Null for a topology without stores. */
  readonly state: StateChoice | null;
  /** What a daemon remembers of a task: epochs go on from there too. */
  readonly remembered: (task: string) => RememberedTask | null;
  /** Milliseconds since 1970. */
  readonly now: number;
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
  /** Records on their way to keyed nodes that nobody needs any more. */
  readonly purged: readonly OffsetCommit[];
  /** Changelogs to be deleted; the next start makes them anew. */
  readonly topics: readonly string[];
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
  const { plan, broker, selected, state } = settings;
  const partitions = await partitionsToRead(plan, broker);
  const committed = await broker.committed(plan.group, partitions);
  const known = new Map(partitions.map((at, index) => [keyOf(at), committed[index] ?? null]));
  const internal = internalNames(plan);
  const hops = partitions.filter(({ topic }) => internal.has(topic));
  const targets = await resolve(partitions.filter((at) => !internal.has(at.topic) && selected(at)), settings);
  const cleared = state === 'drop' ? await resolve(hops, { broker, target: 'latest' }) : [];
  if (state === 'keep') await assertHopsKept(hops, known, settings);
  const units = new Map(unitsOf(plan, partitions).flatMap((unit) => unit.partitions.map((at) => [keyOf(at), unit] as const)));
  const tasks = new NextCommits(partitions, known, new Set([...targets, ...cleared].map(keyOf)), settings);
  const commit = (at: Target): OffsetCommit => ({ topic: at.topic, partition: at.partition, offset: at.to, metadata: tasks.metadata(units.get(keyOf(at)) as TaskUnit, at) });
  return {
    changes: targets.map((target) => changeOf(target, known.get(keyOf(target)) ?? null)),
    commits: [...targets, ...cleared].map(commit),
    purged: cleared.filter(({ start, end }) => end > start).map(commit),
    topics: state === 'drop' ? plan.internalTopics.flatMap(({ kind, topic }) => (kind === 'changelog' ? [topic] : [])) : []
  };
}

/** State that stays goes on behind what it has read of the topics between its halves. */
async function assertHopsKept(hops: readonly TopicPartition[], known: ReadonlyMap<string, CommittedOffset | null>, { plan, broker }: ResetSettings): Promise<void> {
  const without = hops.filter((at) => readMetadata(at, known) === null);
  const ends = await broker.listOffsets(without, 'end');
  const lost = without.filter((_, index) => (ends[index] as number) > 0).map(({ topic, partition }) => `${topic}[${partition}]`);
  if (lost.length === 0) return;
  throw new Failure('checkpoint_lost', `Group ${plan.group} has no offset for ${lost.join(', ')}, so that it is not known what of it is in the state already: --state keep cannot go on there.`);
}

interface Target extends TopicPartition {
  readonly to: number;
  readonly start: number;
  readonly end: number;
}

async function resolve(chosen: readonly TopicPartition[], { broker, target }: Pick<ResetSettings, 'broker' | 'target'>): Promise<Target[]> {
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

/** The metadata of the commits, one attempt for each task. */
class NextCommits {
  readonly #all: readonly TopicPartition[];
  readonly #known: ReadonlyMap<string, CommittedOffset | null>;
  /** Partitions that are set. */
  readonly #set: ReadonlySet<string>;
  readonly #settings: ResetSettings;
  readonly #tasks = new Map<TaskUnit, OffsetMetadata>();

  constructor(all: readonly TopicPartition[], known: ReadonlyMap<string, CommittedOffset | null>, set: ReadonlySet<string>, settings: ResetSettings) {
    this.#all = all;
    this.#known = known;
    this.#set = set;
    this.#settings = settings;
  }

  metadata(unit: TaskUnit, at: TopicPartition): string {
    const next = this.#tasks.get(unit) ?? this.#next(unit);
    this.#tasks.set(unit, next);
    const watermark = this.#settings.state === 'keep' ? (readMetadata(at, this.#known)?.watermark ?? null) : null;
    return encodeOffsetMetadata({ ...next, watermark });
  }

  #next(unit: TaskUnit): OffsetMetadata {
    const { plan, state, now } = this.#settings;
    const own = unit.partitions.map((at) => readMetadata(at, this.#known)).filter((metadata) => metadata !== null);
    const remembered = this.#settings.remembered(unit.name);
    const last = Math.max(-1, remembered?.epoch ?? -1, ...own.map((metadata) => metadata.epoch));
    // Where nothing is committed another machine may have had higher ones: no task counts a thousand epochs a second.
    const epoch = own.length === 0 && state !== null ? Math.max(last + 1, now) : last + 1;
    const partitions = this.#counts(unit);
    const late = [...new Set(own.flatMap((metadata) => metadata.late))].filter((hash) => hash in partitions);
    const latest = own.toSorted((a, b) => b.epoch - a.epoch)[0] ?? null;
    return { task: unit.name, epoch, nonce: randomBytes(6).toString('base64url'), signature: plan.signature, partitions, late, watermark: null, ...stateOf(unit, state, epoch, latest, remembered) };
  }

  #counts(unit: TaskUnit): Record<string, number> {
    const partitions: Record<string, number> = {};
    for (const at of unit.partitions) {
      // A topic of the task that has no commit behind this must not be taken for one whose commit was lost.
      if (this.#willHave(at)) partitions[topicHash(at.topic)] = this.#countOf(at.topic);
    }
    return partitions;
  }

  /**
   * The count of a topic's partitions to be written down: that of now once each of them has a commit, else the one written down before, so
   * that a partition added since is still known to be new.
   */
  #countOf(topic: string): number {
    const partitions = this.#all.filter((at) => at.topic === topic);
    const noted = partitions.map((at) => readMetadata(at, this.#known)?.partitions[topicHash(topic)] ?? 0);
    return partitions.every((at) => this.#willHave(at)) || Math.max(0, ...noted) === 0 ? partitions.length : Math.max(...noted);
  }

  /** A commit, when all is done. */
  #willHave(at: TopicPartition): boolean {
    return this.#set.has(keyOf(at)) || (this.#known.get(keyOf(at)) ?? null) !== null;
  }
}

/** What the commits of a task say of its state. */
function stateOf(unit: TaskUnit, state: StateChoice | null, epoch: number, latest: OffsetMetadata | null, remembered: RememberedTask | null): Pick<OffsetMetadata, 'watermarks' | 'base' | 'since'> {
  if (state === null) return { watermarks: {} };
  if (state === 'drop') return { watermarks: {}, since: epoch };
  const kept = latest?.base ?? latest ?? remembered;
  const base = unit.sub.stores.length === 0 || kept === null ? {} : { base: { epoch: kept.epoch, nonce: kept.nonce } };
  return { watermarks: latest?.watermarks ?? {}, ...base, ...(latest?.since === undefined ? {} : { since: latest.since }) };
}

function readMetadata(at: TopicPartition, known: ReadonlyMap<string, CommittedOffset | null>): OffsetMetadata | null {
  const committed = known.get(keyOf(at)) ?? null;
  return committed === null ? null : decodeOffsetMetadata(committed.metadata);
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
