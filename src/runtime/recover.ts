import { Failure } from '../../actors/failure.ts';
import type { CommittedOffset, TopicPartition } from '../../actors/port.ts';
import type { RememberedTask } from '../../actors/remembered.ts';
import { decodeOffsetMetadata, topicHash } from './offset-metadata.ts';
import type { OffsetMetadata } from './offset-metadata.ts';

/** What a starting task is told about its past. */
export interface RecoveryInput {
  readonly task: string;
  readonly group: string;
  readonly partitions: readonly TopicPartition[];
  /** In the order of `partitions`. */
  readonly committed: readonly (CommittedOffset | null)[];
  readonly remembered: RememberedTask | null;
  /** An operator's word that the offsets are right as they are: those of other programs are positions, and what is gone is new. */
  readonly acceptOffsets: boolean;
}

/** Where a task goes on. */
export interface Recovery {
  /** The last committed epoch; -1 for a task that never committed. */
  readonly epoch: number;
  /** Its attempt, and what was written beside its offsets; null for a task that never committed. */
  readonly latest: OffsetMetadata | null;
  /** In the order of the partitions asked for; null where `start:` decides. */
  readonly positions: readonly (number | null)[];
  /** Of the partitions, in the same order; -Infinity for none. */
  readonly watermarks: readonly number[];
  /** Topics that had come late when the last commit was made, by short hash. */
  readonly late: readonly string[];
}

/**
 * Decides from the group's committed offsets where a task goes on. `start:` is for partitions where nothing was
 * ever committed, never for offsets that are gone: that would lose or repeat records in silence.
 * Throws `checkpoint_lost`, `foreign_commit` or `import_unfinished`.
 */
export function recover(input: RecoveryInput): Recovery {
  const commits = input.committed.map((committed, index) => readCommit(committed, input, index));
  const latest = latestCommit(commits);
  // Epochs go on counting: a number used twice could be taken for an earlier attempt.
  const epoch = Math.max(latest?.epoch ?? -1, input.acceptOffsets ? (input.remembered?.epoch ?? -1) : -1);
  const positions = commits.map((commit, index) => {
    if (commit !== null) return commit.offset;
    assertNew(input, index, latest);
    return null;
  });
  const watermarks = commits.map((commit) => commit?.metadata?.watermark ?? -Infinity);
  return { epoch, latest, positions, watermarks, late: latest?.late ?? [] };
}

interface Commit {
  readonly offset: number;
  /** Null for one that another program wrote, where that is accepted. */
  readonly metadata: OffsetMetadata | null;
}

function readCommit(committed: CommittedOffset | null, input: RecoveryInput, index: number): Commit | null {
  if (committed === null) return null;
  const metadata = decodeOffsetMetadata(committed.metadata);
  if (metadata?.importing !== undefined) throw new Failure('import_unfinished', `The state of task ${input.task} was to be taken over from an export, and that came to no end.`);
  if (metadata !== null || input.acceptOffsets) return { offset: committed.offset, metadata };
  const found = committed.metadata === '' ? 'no metadata' : `metadata ${JSON.stringify(committed.metadata.slice(0, 60))}`;
  throw new Failure(
    'foreign_commit',
    `Group ${input.group} has offset ${committed.offset} for ${place(input, index)} with ${found}; task ${input.task} expected one of its own commits.`
  );
}

function latestCommit(commits: readonly (Commit | null)[]): OffsetMetadata | null {
  let latest: OffsetMetadata | null = null;
  for (const commit of commits) {
    const metadata = commit?.metadata ?? null;
    if (metadata !== null && (latest === null || metadata.epoch > latest.epoch)) latest = metadata;
  }
  return latest;
}

function assertNew(input: RecoveryInput, index: number, latest: OffsetMetadata | null): void {
  if (input.acceptOffsets) return;
  const { topic, partition } = input.partitions[index] as TopicPartition;
  const remembered = input.remembered?.offsets[topic]?.[String(partition)];
  const known = remembered !== undefined || (latest?.partitions[topicHash(topic)] ?? 0) > partition;
  if (!known) return;
  const last = remembered === undefined ? '' : ` This daemon last committed offset ${remembered} there.`;
  throw new Failure('checkpoint_lost', `Group ${input.group} has no offset for ${place(input, index)}, which task ${input.task} had committed before.${last}`);
}

function place(input: RecoveryInput, index: number): string {
  const { topic, partition } = input.partitions[index] as TopicPartition;
  return `${topic}[${partition}]`;
}
