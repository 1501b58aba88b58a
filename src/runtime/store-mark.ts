import { compareHolds, incompatible } from '../../actors/holds.ts';
import type { Holds } from '../../actors/holds.ts';
import type { Broker, TopicPartition } from '../../actors/port.ts';

/*
 * The first record of a changelog partition says what its store holds, under a key that no store has: so a machine without the state can
 * tell whether it would misread it. Compaction keeps it, since it is the latest of its key, and keeps it first.
 */

const markKey = Buffer.from('\0millrace:holds');

/** The changelog of a store in one task, and the offsets it holds. */
export interface StoreLog extends TopicPartition {
  readonly store: string;
  readonly start: number;
  readonly end: number;
}

/** What a changelog says of itself: nothing, because nothing is in it; or what its store holds, null where that is not told. */
export type StoreMark = 'empty' | { readonly holds: Holds | null };

/** The record that is written before the first change of a store. */
export function markOf(holds: Holds): { readonly key: Uint8Array; readonly value: Uint8Array } {
  return { key: markKey, value: Buffer.from(JSON.stringify({ millrace: 1, holds })) };
}

/** True for the key of such a record. */
export function isMark(key: Uint8Array): boolean {
  return markKey.equals(key);
}

/** Reads the mark of a changelog: its first record, behind what transactions took back. */
export async function readMark(broker: Broker, { topic, partition, start, end }: StoreLog): Promise<StoreMark> {
  if (end <= start) return 'empty';
  for await (const { records } of broker.readRange({ topic, partition }, start, end, 'committed')) {
    if (records.length === 0) continue;
    const mark = records.find(({ key }) => key !== null && isMark(key));
    return { holds: parse(mark?.value ?? null) };
  }
  return 'empty';
}

/** Throws `state_incompatible` where a changelog was written for another definition of the node. */
export function checkMark(mark: StoreMark, { store, topic, partition }: StoreLog, task: string, holds: Holds): void {
  if (mark === 'empty' || mark.holds === null) return;
  const changes = compareHolds(mark.holds, holds);
  if (changes.length > 0) throw incompatible(store, `task ${task}, in its changelog ${topic}[${partition}],`, changes);
}

function parse(value: Uint8Array | null): Holds | null {
  if (value === null) return null;
  try {
    return (JSON.parse(Buffer.from(value).toString()) as { readonly holds: Holds }).holds;
  } catch {
    return null;
  }
}
