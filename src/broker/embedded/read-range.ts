import { setImmediate } from 'node:timers/promises';
import { Failure } from '../../../actors/failure.ts';
import type { FetchedBatch, TopicPartition } from '../../../actors/port.ts';
import { readLog, seekTimestamp } from './log.ts';
import type { Store } from './store.ts';

const batchBytes = 1024 * 1024;
const timestampsAtOnce = 20_000;

/** Reads [from, to) of a partition, or less where it ends before. Nothing uncommitted is ever in the log here. */
export async function* readRange(store: () => Store, at: TopicPartition, from: number, to: number): AsyncGenerator<FetchedBatch> {
  for (let position = from; ; ) {
    const log = store().log(at);
    if (position < 0 || position > log.end) {
      throw new Failure('offset_out_of_range', `${at.topic}[${at.partition}] holds offsets 0 to ${log.end}, asked for was ${position}.`);
    }
    const until = Math.min(to, log.end);
    if (position >= until) return;
    const slice = readLog(store().tables, log, position, until, batchBytes);
    position = slice.nextOffset;
    yield { ...at, ...slice, startOffset: 0, endOffset: log.end };
    await setImmediate();
  }
}

/** The first offset at or after a timestamp, else the end. Looks at every record: there is no index of time. */
export async function offsetAt(store: () => Store, at: TopicPartition, timestamp: number): Promise<number> {
  for (let from = 0; ; ) {
    const log = store().log(at);
    const { found, offset } = seekTimestamp(store().tables, log, from, timestamp, timestampsAtOnce);
    if (found || offset >= log.end) return offset;
    from = offset;
    await setImmediate();
  }
}
