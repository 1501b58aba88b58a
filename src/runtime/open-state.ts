import { Failure } from '../../actors/failure.ts';
import type { Broker, TopicPartition } from '../../actors/port.ts';
import type { Attempt, StateDirectory, TaskState } from '../../actors/store.ts';
import type { InternalTopic, Plan, SubTopology } from '../topology/model.ts';
import type { Clock } from './clock.ts';
import type { OffsetMetadata } from './offset-metadata.ts';

/** How a restore goes on. */
export interface RestoreProgress {
  /** Changelog offsets read, and to be read, over all stores. */
  readonly done: number;
  readonly total: number;
}

/** What a task's state is opened from. */
export interface OpenStateSettings {
  readonly task: string;
  readonly plan: Plan;
  readonly sub: SubTopology;
  /** Partition number of the task. */
  readonly partition: number;
  readonly broker: Broker;
  readonly state: StateDirectory;
  readonly clock: Clock;
  /** Aborted when the task is no longer wanted. */
  readonly signal: AbortSignal;
  /** See `OpenSettings`. */
  readonly acceptOffsets: boolean;
  readonly onRestore: (progress: RestoreProgress | null) => void;
  /** Damaged, foreign or unusable state was put aside. */
  readonly onAside: (path: string) => void;
}

/** Kafka keeps tombstones of compacted topics for so long (`delete.retention.ms`, with which the changelogs are made). */
export const deleteRetention = 86_400_000;

/** A changelog of a task, by its store. */
interface Changelog extends TopicPartition {
  readonly store: string;
}

/** Opens the state of a task as it was when `latest` was committed; restores what is missing of it. Null for a task without stores. */
export async function openState(settings: OpenStateSettings, latest: OffsetMetadata | null): Promise<TaskState | null> {
  const { plan, sub, task, state: directory } = settings;
  if (sub.stores.length === 0) return null;
  const stores = new Map(plan.nodes.flatMap((node) => (node.kind === 'transform' && node.holds !== null && sub.stores.includes(node.name) ? [[node.name, node.holds] as const] : [])));
  const state = directory.open({ topology: plan.group, task, stores, durability: plan.state.durability });
  try {
    if (state.quarantined !== null) settings.onAside(state.quarantined);
    await settle(state, settings, latest);
    return state;
  } catch (error) {
    state.close();
    throw error;
  }
}

async function settle(state: TaskState, settings: OpenStateSettings, latest: OffsetMetadata | null): Promise<void> {
  const changelogs = changelogsOf(settings);
  if (latest === null) {
    await assertUntouched(state, changelogs, settings);
    return;
  }
  if (isSame(state.prepared, latest)) state.applyPrepared();
  else if (state.prepared !== null) state.discardPrepared();
  if (isSame(state.applied, latest)) {
    await noteChangelogs(state, changelogs, settings.broker);
    return;
  }
  if (state.applied !== null && state.applied.epoch > latest.epoch) settings.onAside(state.wipe(true) ?? '');
  if (changelogs.length === 0) assertNothingMissing(state, settings, latest);
  else await restore(state, changelogs, settings);
  state.restored({ epoch: latest.epoch, nonce: latest.nonce });
}

function changelogsOf({ plan, sub, partition }: OpenStateSettings): Changelog[] {
  const own = (topic: InternalTopic): boolean => topic.kind === 'changelog' && plan.subTopologies[topic.sub] === sub;
  return plan.internalTopics.filter(own).map(({ topic, node }) => ({ topic, partition, store: node }));
}

function isSame(attempt: Attempt | null, { epoch, nonce }: Attempt): boolean {
  return attempt !== null && attempt.epoch === epoch && attempt.nonce === nonce;
}

/** A task that never committed has no state; what there is belongs to offsets that are gone. */
async function assertUntouched(state: TaskState, changelogs: readonly Changelog[], { broker, task, plan, acceptOffsets }: OpenStateSettings): Promise<void> {
  // Made ready by a first start that was killed before its commit.
  if (state.prepared !== null) state.discardPrepared();
  const [starts, ends] = await Promise.all([broker.listOffsets(changelogs, 'start'), broker.listOffsets(changelogs, 'end')]);
  const touched = changelogs.find((_, index) => (ends[index] as number) > (starts[index] as number));
  if (state.applied === null && touched === undefined) return;
  if (acceptOffsets) return;
  const where = touched === undefined ? 'state on this machine' : `records in its changelog ${touched.topic}[${touched.partition}]`;
  throw new Failure('checkpoint_lost', `Group ${plan.group} has no offsets of task ${task}, but there is ${where}: the offsets it belongs to are gone.`);
}

/** Without a changelog only the directory has the state. */
function assertNothingMissing(state: TaskState, { task, plan }: OpenStateSettings, latest: OffsetMetadata): void {
  if (latest.task !== task || latest.base !== undefined) return;
  const found = state.applied === null ? 'none' : `that of epoch ${state.applied.epoch}`;
  throw new Failure('state_missing', `Task ${task} of ${plan.name} committed epoch ${latest.epoch}; its state on this machine is ${found}, and changelog: off keeps no other copy.`);
}

async function noteChangelogs(state: TaskState, changelogs: readonly Changelog[], broker: Broker): Promise<void> {
  const ends = await broker.listOffsets(changelogs, 'end');
  state.noteChangelog(new Map(changelogs.map(({ store }, index) => [store, ends[index] as number])));
}

/** Reads the changelogs to their ends, from where this directory left off where that is known and the log still has it. */
async function restore(state: TaskState, changelogs: readonly Changelog[], settings: OpenStateSettings): Promise<void> {
  const { broker, clock, signal, onRestore } = settings;
  const [starts, ends] = await Promise.all([broker.listOffsets(changelogs, 'start'), broker.listOffsets(changelogs, 'end')]);
  const tooOld = state.writtenAt !== null && clock.now() - state.writtenAt > deleteRetention / 2;
  const gone = changelogs.some(({ store }, index) => (state.changelogPosition(store) ?? 0) < (starts[index] as number) && state.changelogPosition(store) !== null);
  // Deletes that happened meanwhile may no longer be in the log.
  if (tooOld || gone) state.wipe(false);
  const from = changelogs.map(({ store }, index) => state.changelogPosition(store) ?? (starts[index] as number));
  const total = from.reduce((sum, start, index) => sum + Math.max(0, (ends[index] as number) - start), 0);
  let done = 0;
  if (total > 0) onRestore({ done, total });
  try {
    for (const [index, { store, topic, partition }] of changelogs.entries()) {
      let position = from[index] as number;
      const end = ends[index] as number;
      if (position >= end) continue;
      for await (const { records, nextOffset } of broker.readRange({ topic, partition }, position, end, 'committed')) {
        signal.throwIfAborted();
        const entries = records.flatMap(({ key, value }) => (key === null ? [] : [{ key, value }]));
        state.restore(store, entries, nextOffset);
        done += nextOffset - position;
        position = nextOffset;
        onRestore({ done, total });
      }
    }
  } finally {
    onRestore(null);
  }
}
