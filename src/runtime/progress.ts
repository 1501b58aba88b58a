import { addCounts, noCounts } from '../../actors/accounting.ts';
import type { Counts } from '../../actors/accounting.ts';
import type { FetchedBatch, TopicPartition } from '../../actors/port.ts';
import type { CheckpointTimes, RestoreStatus, TopologyStatus } from '../../actors/status.ts';
import type { Plan } from '../topology/model.ts';
import type { RestoreProgress } from './open-state.ts';
import type { CommittedEpoch } from './task.ts';
import { partitionKey } from './units.ts';

interface PartitionProgress {
  readonly at: TopicPartition;
  position: number;
  end: number;
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
  readonly #partitions = new Map<string, PartitionProgress>();
  /** Tasks whose state is being restored. */
  readonly #restores = new Map<string, Restore>();
  #checkpoints = 0;
  #last: { at: number; times: CheckpointTimes } | null = null;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#counts = plan.nodes.map(() => noCounts());
  }

  opened(partitions: readonly TopicPartition[], positions: readonly number[], ends: readonly number[]): void {
    partitions.forEach((at, index) => {
      const position = positions[index] as number;
      this.#partitions.set(partitionKey(at), { at, position, end: ends[index] as number });
    });
  }

  /** The ends were asked for: while a trigger holds partitions back, no fetch tells them. */
  ended(partitions: readonly TopicPartition[], ends: readonly number[]): void {
    partitions.forEach((at, index) => {
      const progress = this.#partitions.get(partitionKey(at));
      if (progress !== undefined) progress.end = ends[index] as number;
    });
  }

  fetched(batch: FetchedBatch): void {
    const progress = this.#partitions.get(partitionKey(batch));
    if (progress !== undefined) progress.end = batch.endOffset;
  }

  committed(committed: CommittedEpoch, now: number): void {
    for (const [node, counts] of committed.counts) addCounts(this.#counts[node] as Counts, counts);
    for (const { topic, partition, offset } of committed.positions) {
      const progress = this.#partitions.get(partitionKey({ topic, partition }));
      if (progress !== undefined) progress.position = offset;
    }
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

  /** Forgets partitions that are another member's now. */
  keep(assigned: ReadonlyMap<string, unknown>): void {
    for (const key of this.#partitions.keys()) if (!assigned.has(key)) this.#partitions.delete(key);
  }

  status(elapsed: number): Pick<TopologyStatus, 'nodes' | 'partitions' | 'lag' | 'checkpoints' | 'lastCheckpoint' | 'restores'> {
    const partitions = [...this.#partitions.values()].map(({ at, position, end }) => ({
      topic: at.topic,
      partition: at.partition,
      position,
      end,
      lag: Math.max(0, end - position)
    }));
    return {
      nodes: this.#plan.nodes.map(({ name, kind, id }) => ({ name, kind, counts: this.#counts[id] as Counts })),
      partitions,
      lag: partitions.reduce((sum, { lag }) => sum + lag, 0),
      checkpoints: this.#checkpoints,
      lastCheckpoint: this.#last,
      restores: [...this.#restores.values()].map((restore) => restoreStatus(restore, elapsed))
    };
  }
}
