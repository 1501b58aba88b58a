import { addCounts, noCounts } from '../../actors/accounting.ts';
import type { Counts } from '../../actors/accounting.ts';
import type { FetchedBatch, TopicPartition } from '../../actors/port.ts';
import type { CheckpointTimes, TopologyStatus } from '../../actors/status.ts';
import type { Plan } from '../topology/model.ts';
import type { CommittedEpoch } from './task.ts';
import { partitionKey } from './units.ts';

interface PartitionProgress {
  readonly at: TopicPartition;
  position: number;
  end: number;
}

/** The account of a topology on this daemon: moved per batch and per epoch, read by whoever asks. */
export class Progress {
  readonly #plan: Plan;
  readonly #counts: Counts[];
  readonly #partitions = new Map<string, PartitionProgress>();
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

  /** Forgets partitions that are another member's now. */
  keep(assigned: ReadonlyMap<string, unknown>): void {
    for (const key of this.#partitions.keys()) if (!assigned.has(key)) this.#partitions.delete(key);
  }

  status(): Pick<TopologyStatus, 'nodes' | 'partitions' | 'lag' | 'checkpoints' | 'lastCheckpoint'> {
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
      lastCheckpoint: this.#last
    };
  }
}
