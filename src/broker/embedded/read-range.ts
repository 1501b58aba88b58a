import { setImmediate } from 'node:timers/promises';
import type { FetchedBatch, TopicPartition } from '../../../actors/port.ts';
import { assertInside, readLog, seekTimestamp } from './log.ts';
import type { Store } from './store.ts';

const batchBytes = 1024 * 1024;
const timestampsAtOnce = 20_000;

/** Reads [from, to) of a partition, or less where it ends before. Nothing uncommitted is ever in the log here. */
export async function* readRange(store: () => Store, at: TopicPartition, from: number, to: number): AsyncGenerator<FetchedBatch> {
  for (let position = from; ; ) {
    const log = store().log(at);
    assertInside(at, log, position);
    const until = Math.min(to, log.end);
    if (position >= until) return;
    const slice = readLog(store().tables, log, position, until, batchBytes);
    position = slice.nextOffset;
    yield { ...at, ...slice, startOffset: log.start, endOffset: log.end };
    await setImmediate();
  }
}

/** The first offset at or after a timestamp, else the end. Looks at every record: there is no index of time. */
export async function offsetAt(store: () => Store, at: TopicPartition, timestamp: number): Promise<number> {
  for (let from = 0; ; ) {
    const log = store().log(at);
    from = Math.max(from, log.start);
    const { found, offset } = seekTimestamp(store().tables, log, from, timestamp, timestampsAtOnce);
    if (found || offset >= log.end) return offset;
    from = offset;
    await setImmediate();
  }
}
