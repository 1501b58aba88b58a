import type { Broker, CommittedOffset, TopicPartition } from '../../actors/port.ts';
import { decodeOffsetMetadata } from './offset-metadata.ts';

/** The transactional id under which a task writes. */
export function transactionalId(group: string, task: string): string {
  return `${group}-${task}`;
}

/** Takes the transactional id of a task over and gives it up again: whoever wrote under it cannot any more, and what was open is settled. */
export async function fence(broker: Broker, group: string, task: string, transactionTimeout: number): Promise<void> {
  const producer = broker.transactionalProducer(transactionalId(group, task), transactionTimeout);
  try {
    await producer.open();
  } finally {
    await producer.close();
  }
}

/** Whose offsets are asked for. */
interface SettledSettings {
  readonly group: string;
  readonly partitions: readonly TopicPartition[];
  readonly broker: Broker;
  /** Tasks that are fenced already. */
  readonly fenced: ReadonlySet<string>;
  readonly fence: (task: string) => Promise<void>;
}

/**
 * The committed offsets, once nobody who wrote them can write any more: their tasks may have had other names (a source
 * was renamed) and so other transactional ids, which are fenced too.
 */
export async function settledOffsets({ group, partitions, broker, fenced, fence }: SettledSettings): Promise<(CommittedOffset | null)[]> {
  const committed = await broker.committed(group, partitions);
  const writers = new Set(committed.flatMap((each) => (each === null ? [] : (decodeOffsetMetadata(each.metadata)?.task ?? []))));
  const others = [...writers].filter((writer) => !fenced.has(writer));
  if (others.length === 0) return committed;
  for (const writer of others) await fence(writer);
  return broker.committed(group, partitions);
}
