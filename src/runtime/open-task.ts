import { Failure } from '../../actors/failure.ts';
import type { TopicPartition } from '../../actors/port.ts';
import type { TaskState } from '../../actors/store.ts';
import { checkpoint } from './checkpoint.ts';
import type { CheckpointSettings, Position, TaskStores } from './checkpoint.ts';
import type { Reached } from './fault.ts';
import { settledOffsets } from './fence.ts';
import { keyedSettings } from './keyed.ts';
import { topicHash } from './offset-metadata.ts';
import type { OffsetMetadata } from './offset-metadata.ts';
import { openState } from './open-state.ts';
import type { OpenStateSettings } from './open-state.ts';
import type { SealedOutputs } from './outbox.ts';
import { recover } from './recover.ts';
import type { Recovery, RememberedTask } from './recover.ts';
import { startOf } from './start-position.ts';
import type { TaskOutput } from './task-output.ts';
import type { Topics } from './topics.ts';
import type { KeyedSettings } from './wire.ts';

/** What a daemon remembers of its tasks beside the broker. */
export interface TaskMemory {
  get(key: string): RememberedTask | null;
  put(key: string, remembered: RememberedTask): void;
}

/** What the start of a task works on. */
export interface OpenSettings extends Omit<OpenStateSettings, 'partition'> {
  readonly partitions: readonly TopicPartition[];
  readonly output: TaskOutput;
  readonly memory: TaskMemory;
  readonly topics: Topics;
  readonly reached: Reached;
  /** Makes sure that whoever writes as this task, here or elsewhere, cannot any more. */
  fence(task: string): Promise<void>;
  /** Whether the group's offsets are taken as they are, whoever set them. */
  readonly acceptOffsets: boolean;
}

/** A task ready to read. */
export interface OpenedTask {
  readonly epoch: number;
  /** In the order of the partitions asked for. */
  readonly positions: readonly Position[];
  /** Ends of the partitions at the start, so that lag is known before the first fetch. */
  readonly ends: readonly number[];
  readonly checkpoint: CheckpointSettings;
  readonly keyed: KeyedSettings;
  /** See `ChangelogSettings`. */
  readonly unmarked: ReadonlySet<string>;
}

const nothing: SealedOutputs = { records: 0, write: () => Promise.resolve() };

/**
 * The start of a task, in the order that keeps exactly-once: fence the previous owner, whose open transaction is
 * settled by that; only then read what is committed; then bring the state to it, and decide where to go on. Partitions that never
 * had a commit get one here, before anything is read, so that `latest` and an early crash lose nothing.
 */
export async function openTask(settings: OpenSettings): Promise<OpenedTask> {
  const { task, plan, partitions, output, memory } = settings;
  await output.open();
  const committed = await settledOffsets({ ...settings, group: plan.group, fenced: new Set([task]) });
  const remembered = memory.get(memoryKey(settings));
  const recovery = recover({ task, group: plan.group, partitions, committed, remembered, acceptOffsets: settings.acceptOffsets });
  const keyed = await keyedSettings(settings, recovery.latest);
  const { state, unmarked } = await openState({ ...settings, partition: partitions[0]?.partition ?? 0 }, recovery.latest);
  try {
    return { ...(await openOn({ ...keyed, watermarks: recovery.latest?.watermarks ?? {}, state }, recovery, settings)), unmarked };
  } catch (error) {
    state?.close();
    throw error;
  }
}

async function openOn(keyed: KeyedSettings, recovery: Recovery, settings: OpenSettings): Promise<Omit<OpenedTask, 'unmarked'>> {
  const { partitions, broker } = settings;
  const ends = await broker.listOffsets(partitions, 'end');
  const positions = await resolvePositions(recovery, ends, settings);
  const late = positions.flatMap((position) => (position.late ? [topicHash(position.topic)] : []));
  const checkpointSettings = await checkpointOf(settings, keyed.state, positions, { late: [...new Set([...recovery.late, ...late])], since: recovery.latest?.since });
  const opened = { positions, ends, checkpoint: checkpointSettings, keyed };
  const fresh = positions.filter((_, index) => recovery.positions[index] === null);
  if (fresh.length === 0) return { ...opened, epoch: recovery.epoch };
  const epoch = recovery.epoch + 1;
  await checkpoint({ epoch, positions: fresh, outputs: nothing, watermarks: keyed.watermarks }, checkpointSettings);
  return { ...opened, epoch };
}

async function checkpointOf(settings: OpenSettings, state: TaskState | null, start: readonly Position[], { late: known, since }: Pick<OffsetMetadata, 'late'> & { readonly since: number | undefined }): Promise<CheckpointSettings> {
  const { task, plan, output, reached, topics, memory } = settings;
  const partitions: Record<string, number> = {};
  for (const { topic } of start) partitions[topicHash(topic)] = (await topics.load(topic)).partitions;
  const late = known.filter((hash) => hash in partitions);
  return { task, group: plan.group, signature: plan.signature, partitions, late, since, stores: taskStores(state, remembering(memory, memoryKey(settings), start)), output, reached };
}

/** State first: what a daemon remembers beside it is a note. */
function taskStores(state: TaskState | null, memory: TaskStores): TaskStores {
  if (state === null) return memory;
  return {
    async prepare(attempt) {
      state.prepare(attempt);
      await memory.prepare(attempt);
    },
    async apply(attempt, positions) {
      state.apply(attempt);
      await memory.apply(attempt, positions);
    }
  };
}

/** Tasks of different topologies may have one name. */
function memoryKey({ plan, task }: OpenSettings): string {
  return `${plan.group}/${task}`;
}

/** The store steps of a task without stores: it remembers its positions, to tell offsets that are gone from a first start. */
function remembering(memory: TaskMemory, key: string, start: readonly Position[]): TaskStores {
  const offsets: Record<string, Record<string, number>> = Object.create(null) as Record<string, Record<string, number>>;
  const note = (positions: readonly Position[]): void => {
    for (const { topic, partition, offset } of positions) (offsets[topic] ??= {})[String(partition)] = offset;
  };
  note(start);
  return {
    prepare: () => Promise.resolve(),
    apply(attempt, positions) {
      note(positions);
      memory.put(key, { ...attempt, offsets });
      return Promise.resolve();
    }
  };
}

interface OpenedPosition extends Position {
  /** See `Start.late`. */
  readonly late: boolean;
}

async function resolvePositions({ positions: known, watermarks }: Recovery, ends: readonly number[], settings: OpenSettings): Promise<OpenedPosition[]> {
  const { broker, partitions } = settings;
  const starts = await broker.listOffsets(partitions, 'start');
  const resolved: OpenedPosition[] = [];
  for (const [index, at] of partitions.entries()) {
    const start = starts[index] as number;
    const end = ends[index] as number;
    const position = known[index] ?? null;
    if (position !== null) assertInRange(at, position, start, end);
    resolved.push({ ...at, watermark: watermarks[index] as number, ...(position === null ? await startOf(at, { start, end }, settings) : { offset: position, late: false }) });
  }
  return resolved;
}

function assertInRange({ topic, partition }: TopicPartition, position: number, start: number, end: number): void {
  if (position >= start && position <= end) return;
  const why = position < start ? 'records below the start were deleted (retention)' : 'the topic is shorter than what was read of it: it was made anew';
  throw new Failure('offset_out_of_range', `${topic}[${partition}] holds offsets ${start} to ${end}, committed is ${position}: ${why}.`);
}
