import { setImmediate as nextTurn } from 'node:timers/promises';
import { Failure } from '../../actors/failure.ts';
import type { Holds } from '../../actors/holds.ts';
import type { Broker } from '../../actors/port.ts';
import type { Attempt, Quarantine, StateDirectory, TaskState } from '../../actors/store.ts';
import type { InternalTopic, Plan, SubTopology } from '../topology/model.ts';
import type { Clock } from './clock.ts';
import type { OffsetMetadata } from './offset-metadata.ts';
import { checkMark, isMark, readMark } from './store-mark.ts';
import type { StoreLog } from './store-mark.ts';

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
  /** Damaged, foreign or unusable state was given up. */
  readonly onAside: (quarantine: Quarantine) => void;
}

/** Kafka keeps tombstones of compacted topics for so long (`delete.retention.ms`, with which the changelogs are made). */
export const deleteRetention = 86_400_000;

/** A task's state, current, and the stores whose changelogs do not say yet what they hold. */
export interface OpenedState {
  readonly state: TaskState | null;
  readonly unmarked: ReadonlySet<string>;
}

/** Opens the state of a task as it was when `latest` was committed; restores what is missing of it. Throws `state_incompatible` before anything is read of it. */
export async function openState(settings: OpenStateSettings, latest: OffsetMetadata | null): Promise<OpenedState> {
  const { plan, sub, task, state: directory } = settings;
  if (sub.stores.length === 0) return { state: null, unmarked: new Set() };
  const stores = holdsOf(plan, sub);
  const logs = await storeLogs(settings);
  const state = directory.open({ topology: plan.group, task, stores, durability: plan.state.durability });
  try {
    if (state.quarantined !== null) settings.onAside(state.quarantined);
    const unmarked = await checkMarks(state, logs, stores, settings, latest);
    await settle(state, logs, settings, latest);
    return { state, unmarked };
  } catch (error) {
    state.close();
    throw error;
  }
}

/** What the stores of a sub-topology hold, by name. */
export function holdsOf(plan: Plan, sub: SubTopology): Map<string, Holds> {
  return new Map(plan.nodes.flatMap((node) => (node.kind === 'transform' && node.holds !== null && sub.stores.includes(node.name) ? [[node.name, node.holds] as const] : [])));
}

async function storeLogs({ plan, sub, partition, broker }: OpenStateSettings): Promise<StoreLog[]> {
  const own = (topic: InternalTopic): boolean => topic.kind === 'changelog' && plan.subTopologies[topic.sub] === sub;
  const logs = plan.internalTopics.filter(own).map(({ topic, node }) => ({ topic, partition, store: node }));
  const [starts, ends] = await Promise.all([broker.listOffsets(logs, 'start'), broker.listOffsets(logs, 'end')]);
  return logs.map((log, index) => ({ ...log, start: starts[index] as number, end: ends[index] as number }));
}

/** Where the state here is the committed one its own description was checked, and the changelog has the same. */
async function checkMarks(state: TaskState, logs: readonly StoreLog[], stores: ReadonlyMap<string, Holds>, { broker, task }: OpenStateSettings, latest: OffsetMetadata | null): Promise<Set<string>> {
  const unmarked = new Set<string>();
  for (const log of logs) {
    if (log.end > log.start && latest !== null && isSame(state.applied, latest) && state.changelogPosition(log.store) !== null) continue;
    const mark = await readMark(broker, log);
    if (mark === 'empty') unmarked.add(log.store);
    checkMark(mark, log, task, stores.get(log.store) as Holds);
  }
  return unmarked;
}

async function settle(state: TaskState, logs: readonly StoreLog[], settings: OpenStateSettings, latest: OffsetMetadata | null): Promise<void> {
  if (latest === null) {
    assertUntouched(state, logs, settings);
    return;
  }
  // What an operator's commit left as it was.
  const kept = latest.base ?? latest;
  if (isSame(state.prepared, latest) || isSame(state.prepared, kept)) state.applyPrepared();
  else if (state.prepared !== null) state.discardPrepared();
  if (isGivenUp(state, logs, latest)) state.wipe(false);
  if (isSame(state.applied, latest) || isSame(state.applied, kept)) {
    state.noteChangelog(new Map(logs.map(({ store, end }) => [store, end])));
  } else {
    if (state.applied !== null && state.applied.epoch > latest.epoch) settings.onAside({ reason: `it is of epoch ${state.applied.epoch}, after the last that was committed`, path: state.wipe(true) });
    if (logs.length === 0) assertNothingMissing(state, settings, latest);
    else await restore(state, logs, settings);
  }
  if (!isSame(state.applied, latest)) state.restored({ epoch: latest.epoch, nonce: latest.nonce });
}

function isSame(attempt: Attempt | null, { epoch, nonce }: Attempt): boolean {
  return attempt !== null && attempt.epoch === epoch && attempt.nonce === nonce;
}

/** An operator gave the state up, and here it still is, or a part of it; how old that part is nobody knows. */
function isGivenUp(state: TaskState, logs: readonly StoreLog[], { since }: OffsetMetadata): boolean {
  if (since === undefined) return false;
  return state.applied === null ? logs.some(({ store }) => state.changelogPosition(store) !== null) : state.applied.epoch < since;
}

/** A task that never committed has no state; what there is belongs to offsets that are gone. */
function assertUntouched(state: TaskState, logs: readonly StoreLog[], { task, plan, acceptOffsets }: OpenStateSettings): void {
  // Made ready by a first start that was killed before its commit.
  if (state.prepared !== null) state.discardPrepared();
  const touched = logs.find(({ start, end }) => end > start);
  if (state.applied === null && touched === undefined) return;
  if (acceptOffsets) return;
  const where = touched === undefined ? 'state on this machine' : `records in its changelog ${touched.topic}[${touched.partition}]`;
  throw new Failure('checkpoint_lost', `Group ${plan.group} has no offsets of task ${task}, but there is ${where}: the offsets it belongs to are gone.`);
}

/** Without a changelog only the directory has the state. */
function assertNothingMissing(state: TaskState, { task, plan }: OpenStateSettings, latest: OffsetMetadata): void {
  const { epoch } = latest.base ?? latest;
  if (latest.task !== task || latest.since === epoch) return;
  const found = state.applied === null ? 'none' : `that of epoch ${state.applied.epoch}`;
  throw new Failure('state_missing', `Task ${task} of ${plan.name} committed epoch ${epoch}; its state on this machine is ${found}, and changelog: off keeps no other copy.`);
}

/** Reads the changelogs to their ends, from where this directory left off where that is known and the log still has it. */
async function restore(state: TaskState, logs: readonly StoreLog[], settings: OpenStateSettings): Promise<void> {
  const { broker, clock, signal, onRestore } = settings;
  const tooOld = state.writtenAt !== null && clock.now() - state.writtenAt > deleteRetention / 2;
  const gone = logs.some(({ store, start, end }) => {
    const position = state.changelogPosition(store);
    return position !== null && (position < start || position > end);
  });
  // Deletes that happened meanwhile may no longer be in the log.
  if (tooOld || gone) state.wipe(false);
  const from = logs.map(({ store, start }) => state.changelogPosition(store) ?? start);
  const total = logs.reduce((sum, { end }, index) => sum + Math.max(0, end - (from[index] as number)), 0);
  let done = 0;
  if (total > 0) onRestore({ done, total });
  try {
    for (const [index, { store, topic, partition, end }] of logs.entries()) {
      let position = from[index] as number;
      if (position >= end) continue;
      for await (const { records, nextOffset } of broker.readRange({ topic, partition }, position, end, 'committed')) {
        signal.throwIfAborted();
        const entries = records.flatMap(({ key, value }) => (key === null || isMark(key) ? [] : [{ key, value }]));
        state.restore(store, entries, nextOffset);
        done += nextOffset - position;
        position = nextOffset;
        onRestore({ done, total });
      }
    }
    while (state.continueRestore()) {
      await nextTurn();
      signal.throwIfAborted();
    }
  } finally {
    onRestore(null);
  }
}
