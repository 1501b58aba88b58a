import { addCounts, noCounts } from '../../actors/accounting.ts';
import type { Counts } from '../../actors/accounting.ts';
import type { FetchedBatch, TopicPartition } from '../../actors/port.ts';
import type { CheckpointTimes, RestoreStatus, TopologyStatus, WatermarkStatus } from '../../actors/status.ts';
import type { Plan } from '../topology/model.ts';
import type { Clock } from './clock.ts';
import { Meters } from './meters.ts';
import type { RestoreProgress } from './open-state.ts';
import { PartitionProgress } from './partition-progress.ts';
import type { CommittedEpoch } from './task.ts';
import { partitionKey } from './units.ts';

/** A task that opens, as its partitions are accounted for. */
export interface OpenedTask {
  readonly name: string;
  /** Whether a node in it goes by event time. */
  readonly timed: boolean;
  readonly inputs: readonly (TopicPartition & { readonly offset: number; readonly watermark: number })[];
  /** In the order of `inputs`. */
  readonly ends: readonly number[];
}

interface Restore {
  readonly task: string;
  readonly since: number;
  told: number;
  done: number;
  readonly total: number;
}

/** Milliseconds between two lines about one restore. */
const restoreInterval = 5000;

function restoreStatus({ task, since, done, total }: Restore, elapsed: number): RestoreStatus {
  const left = total - done;
  const seconds = done === 0 ? null : ((elapsed - since) / done) * left / 1000;
  return { task, done, total, secondsLeft: seconds === null ? null : Math.round(seconds) };
}

/** The account of a topology on this daemon: moved per batch and per epoch, read by whoever asks. */
export class Progress {
  readonly #plan: Plan;
  readonly #counts: Counts[];
  readonly #clock: Clock;
  /** What is measured of its nodes. */
  readonly meters: Meters;
  /** Watermarks that nodes behind a repartition topic have of their own, by task. */
  readonly #nodeWatermarks = new Map<string, number>();
  readonly #partitions = new Map<string, PartitionProgress>();
  /** Tasks whose state is being restored. */
  readonly #restores = new Map<string, Restore>();
  #checkpoints = 0;
  #last: { at: number; times: CheckpointTimes } | null = null;

  constructor(plan: Plan, clock: Clock) {
    this.#plan = plan;
    this.#clock = clock;
    this.meters = new Meters(plan, () => clock.elapsed());
    this.#counts = plan.nodes.map(() => noCounts());
  }

  opened({ name, timed, inputs, ends }: OpenedTask): void {
    inputs.forEach(({ topic, partition, offset, watermark }, index) => {
      const at = { topic, partition };
      this.#partitions.set(partitionKey(at), new PartitionProgress(at, { position: offset, end: ends[index] as number, watermark, timedTask: timed ? name : null }));
    });
  }

  /** The ends were asked for: while a trigger holds partitions back, no fetch tells them. */
  ended(partitions: readonly TopicPartition[], ends: readonly number[]): void {
    partitions.forEach((at, index) => { this.#partitions.get(partitionKey(at))?.ended(ends[index] as number, this.#clock.now()); });
  }

  fetched(batch: FetchedBatch): void {
    this.#partitions.get(partitionKey(batch))?.fetched(batch, this.#clock.now());
  }

  committed(task: string, committed: CommittedEpoch): void {
    const now = this.#clock.now();
    for (const [node, counts] of committed.counts) addCounts(this.#counts[node] as Counts, counts);
    for (const each of committed.progress) this.#partitions.get(partitionKey(each))?.committed(each.position, each);
    for (const [sink, timestamps] of committed.written) this.meters.committed(sink, timestamps, now);
    const own = Object.values(committed.watermarks);
    if (own.length > 0) this.#nodeWatermarks.set(task, Math.min(...own));
    this.#checkpoints += 1;
    this.#last = { at: now, times: committed.times };
  }

  /** How a task's restore goes on, or that it is over (`null`); gives what is to be told of it, at its start and every few seconds. */
  restoring(task: string, progress: RestoreProgress | null, elapsed: number): RestoreStatus | null {
    if (progress === null) {
      this.#restores.delete(task);
      return null;
    }
    const restore = this.#restores.get(task) ?? { task, since: elapsed, told: -Infinity, ...progress };
    restore.done = progress.done;
    this.#restores.set(task, restore);
    if (elapsed - restore.told < restoreInterval) return null;
    restore.told = elapsed;
    return restoreStatus(restore, elapsed);
  }

  /** Forgets partitions that are another member's now, and the tasks that had them. */
  keep(assigned: ReadonlyMap<string, string>): void {
    for (const key of this.#partitions.keys()) if (!assigned.has(key)) this.#partitions.delete(key);
    const tasks = new Set(assigned.values());
    for (const task of this.#nodeWatermarks.keys()) if (!tasks.has(task)) this.#nodeWatermarks.delete(task);
  }

  status(): Pick<TopologyStatus, 'nodes' | 'partitions' | 'lag' | 'measured' | 'checkpoints' | 'lastCheckpoint' | 'restores'> {
    const partitions = [...this.#partitions.values()].map((partition) => partition.status(this.#clock.now()));
    return {
      nodes: this.#plan.nodes.map(({ name, kind, id }) => ({ name, kind, counts: this.#counts[id] as Counts })),
      partitions,
      lag: partitions.reduce((sum, { lag }) => sum + lag, 0),
      measured: { ...this.meters.status(), watermarks: this.#watermarks() },
      checkpoints: this.#checkpoints,
      lastCheckpoint: this.#last,
      restores: [...this.#restores.values()].map((restore) => restoreStatus(restore, this.#clock.elapsed()))
    };
  }

  /** The least of each task; what is not known yet, and what is idle, does not count. */
  #watermarks(): WatermarkStatus[] {
    const least = new Map<string, number>();
    const note = (task: string, watermark: number): void => {
      if (watermark !== -Infinity) least.set(task, Math.min(least.get(task) ?? Infinity, watermark));
    };
    for (const { timedTask, watermark } of this.#partitions.values()) if (timedTask !== null) note(timedTask, watermark);
    for (const [task, watermark] of this.#nodeWatermarks) note(task, watermark);
    return [...least].map(([task, watermark]) => ({ task, watermark }));
  }
}
