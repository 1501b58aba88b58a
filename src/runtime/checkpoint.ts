import { randomBytes } from 'node:crypto';
import type { OffsetCommit } from '../../actors/port.ts';
import type { CheckpointTimes } from '../../actors/status.ts';
import type { Attempt } from '../../actors/store.ts';
import type { Reached } from './fault.ts';
import { encodeOffsetMetadata } from './offset-metadata.ts';
import type { OffsetMetadata } from './offset-metadata.ts';
import type { SealedOutputs } from './outbox.ts';
import type { TaskOutput } from './task-output.ts';
import type { CommitSpans } from './trace-commit.ts';

/** A position to be committed: the next offset to read, and the partition's watermark there; -Infinity before its first. */
export interface Position {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly watermark: number;
}

/** All that an epoch came to. */
export interface EpochResult {
  readonly epoch: number;
  readonly positions: readonly Position[];
  readonly outputs: SealedOutputs;
  /** Watermarks of the nodes that have one of their own, by name. */
  readonly watermarks: Readonly<Record<string, number>>;
  /** Of what is traced; null where nothing is. */
  readonly spans?: CommitSpans | null;
}

/** The stores of a task, as a checkpoint sees them. */
export interface TaskStores {
  /** Makes an epoch's changes durable without making them current. */
  prepare(attempt: Attempt, result: EpochResult): Promise<void>;
  /** Makes a prepared attempt current, with what it was committed at. */
  apply(attempt: Attempt, result: EpochResult): Promise<void>;
}

/** What a checkpoint works on. */
export interface CheckpointSettings {
  readonly task: string;
  readonly group: string;
  readonly signature: string;
  /** Partition counts of every topic the task reads, as they are written beside each offset. */
  readonly partitions: OffsetMetadata['partitions'];
  readonly late: OffsetMetadata['late'];
  readonly since: OffsetMetadata['since'];
  readonly stores: TaskStores;
  readonly output: TaskOutput;
  readonly reached: Reached;
}

/**
 * Commits an epoch. Step 1, the barrier that flows through the actors, lies behind it. Nothing else in Millrace commits. A rejection means that the outcome may be
 * unknown: the task must be opened again, which reads what was committed.
 */
export async function checkpoint(result: EpochResult, settings: CheckpointSettings): Promise<CheckpointTimes> {
  try {
    return await commitEpoch(result, settings);
  } catch (error) {
    result.spans?.failed(error);
    throw error;
  }
}

async function commitEpoch(result: EpochResult, settings: CheckpointSettings): Promise<CheckpointTimes> {
  const { epoch, outputs, spans = null } = result;
  const { stores, output, reached } = settings;
  const attempt: Attempt = { epoch, nonce: randomBytes(6).toString('base64url') };
  const started = performance.now();

  // 2  The epoch's state is on disk, not yet current.
  await stores.prepare(attempt, result);
  reached('P1', epoch);
  const prepared = performance.now();

  // 3  Outputs, dead letters: one transaction, opened only now, so that slow processing cannot time it out.
  const transaction = await output.begin();
  spans?.begin();
  const written = outputs.write(transaction).then(() => {
    reached('P2', epoch);
    spans?.written();
  });

  // 4  Offsets of every partition that advanced, with the attempt's name; beside the outputs where these wait for round trips.
  const offsetsSent = transaction.sendOffsets(settings.group, offsetCommits(attempt, result, settings));
  await Promise.all([written, offsetsSent]);
  reached('P3', epoch);
  const inTransaction = performance.now();

  // 5  The point after which the epoch has happened.
  await transaction.commit();
  reached('P4', epoch);
  spans?.committed();
  const committed = performance.now();

  // 6  State becomes current, with its positions.
  await stores.apply(attempt, result);
  reached('P5', epoch);
  const applied = performance.now();

  // 7  Credits go back when this resolves.
  return { prepare: prepared - started, write: inTransaction - prepared, commit: committed - inTransaction, apply: applied - committed };
}

function offsetCommits(attempt: Attempt, { positions, watermarks }: EpochResult, settings: CheckpointSettings): OffsetCommit[] {
  const { task, signature, partitions, late, since } = settings;
  const common = { task, ...attempt, signature, partitions, late, watermarks, ...(since === undefined ? {} : { since }) };
  return positions.map(({ topic, partition, offset, watermark }) => {
    const metadata = encodeOffsetMetadata({ ...common, watermark: watermark === -Infinity ? null : watermark });
    return { topic, partition, offset, metadata };
  });
}
