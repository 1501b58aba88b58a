import { Failure } from '../../actors/failure.ts';
import type { TopicPartition } from '../../actors/port.ts';
import type { TableView } from '../../actors/table/table.ts';
import { checkpoint } from './checkpoint.ts';
import type { CheckpointSettings, Position } from './checkpoint.ts';
import type { Reached } from './fault.ts';
import { settledOffsets } from './fence.ts';
import { keyedSettings } from './keyed.ts';
import { topicHash } from './offset-metadata.ts';
import { openState } from './open-state.ts';
import type { OpenStateSettings } from './open-state.ts';
import type { SealedOutputs } from './outbox.ts';
import { recover } from './recover.ts';
import type { Recovery } from './recover.ts';
import { startOf } from './start-position.ts';
import { RememberingStores } from './task-memory.ts';
import type { TaskMemory } from './task-memory.ts';
import type { TaskOutput } from './task-output.ts';
import type { Topics } from './topics.ts';
import type { KeyedSettings } from './wire.ts';

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
  /** A replicated table, once it is ready. */
  table(name: string): TableView;
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
    return { ...(await openOn({ ...keyed, watermarks: recovery.latest?.watermarks ?? {}, state, table: (name) => settings.table(name) }, recovery, settings)), unmarked };
  } catch (error) {
    state?.close();
    throw error;
  }
}

async function openOn(keyed: KeyedSettings, recovery: Recovery, settings: OpenSettings): Promise<Omit<OpenedTask, 'unmarked'>> {
  const { partitions, broker } = settings;
  const ends = await broker.listOffsets(partitions, 'end');
  const positions = await resolvePositions(recovery, ends, settings);
  const { checkpoint: checkpointSettings, stores } = await checkpointOf(settings, keyed, positions, recovery);
  const opened = { positions, ends, checkpoint: checkpointSettings, keyed };
  const fresh = positions.filter((_, index) => recovery.positions[index] === null);
  if (fresh.length === 0) {
    if (recovery.latest !== null) stores.opened(recovery.latest);
    return { ...opened, epoch: recovery.epoch };
  }
  const epoch = recovery.epoch + 1;
  await checkpoint({ epoch, positions: fresh, outputs: nothing, watermarks: keyed.watermarks }, checkpointSettings);
  return { ...opened, epoch };
}

async function checkpointOf(settings: OpenSettings, { state, watermarks }: KeyedSettings, positions: readonly OpenedPosition[], recovery: Recovery): Promise<{ checkpoint: CheckpointSettings; stores: RememberingStores }> {
  const { task, plan, output, reached, topics, memory } = settings;
  const partitions: Record<string, number> = {};
  for (const { topic } of positions) partitions[topicHash(topic)] = (await topics.load(topic)).partitions;
  const come = positions.flatMap((position) => (position.late ? [topicHash(position.topic)] : []));
  const late = [...new Set([...recovery.late, ...come])].filter((hash) => hash in partitions);
  const since = recovery.latest?.since;
  const stores = new RememberingStores({ memory, key: memoryKey(settings), state, positions, nodes: watermarks, counts: partitions, late, since });
  return { checkpoint: { task, group: plan.group, signature: plan.signature, partitions, late, since, stores, output, reached }, stores };
}

/** Tasks of different topologies may have one name. */
function memoryKey({ plan, task }: OpenSettings): string {
  return `${plan.group}/${task}`;
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

/** Throws `offset_out_of_range` where a log does not have what comes next. */
export function assertInRange({ topic, partition }: TopicPartition, position: number, start: number, end: number): void {
  if (position >= start && position <= end) return;
  const why = position < start ? 'records below the start were deleted (retention)' : 'the topic is shorter than what was read of it: it was made anew';
  throw new Failure('offset_out_of_range', `${topic}[${partition}] holds offsets ${start} to ${end}, committed is ${position}: ${why}.`);
}
