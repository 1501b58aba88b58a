import { setImmediate } from 'node:timers/promises';
import type { TopicPartition } from '../../../actors/port.ts';
import { assertInside } from './log.ts';
import type { PartitionLog } from './log.ts';
import type { Store } from './store.ts';

/** Removing this many takes a few milliseconds, in which nothing else happens. */
const recordsAtOnce = 5_000;

/** Deletes the records below these offsets. The logs start there at once; a crash in between leaves records that the next deletion removes. */
export async function deleteRecords(store: () => Store, offsets: readonly (TopicPartition & { readonly offset: number })[]): Promise<void> {
  const starts = new Map<PartitionLog, number>();
  for (const at of offsets) {
    const log = store().log(at);
    const start = Math.max(at.offset, log.start);
    assertInside(at, log, start);
    if (start > log.start) starts.set(log, Math.max(start, starts.get(log) ?? 0));
  }
  if (starts.size === 0) return;
  store().moveStarts(starts);
  for (const log of starts.keys()) while (!store().removeBefore(log, recordsAtOnce)) await setImmediate();
}
