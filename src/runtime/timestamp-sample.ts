import type { StreamRecord } from '../../actors/record.ts';

/** Timestamps that are kept of one sink and epoch; with more batches the latest of them. */
const kept = 8;

/** The first and the last timestamp of each batch that a sink takes, at most a few an epoch: what latency is told from, without a look at each record. */
export class TimestampSample {
  #sinks = new Map<number, number[]>();
  #noted = 0;

  note(sink: number, records: readonly StreamRecord[]): void {
    const first = records[0]?.timestamp ?? -1;
    const last = records.at(-1)?.timestamp ?? -1;
    let timestamps = this.#sinks.get(sink);
    if (timestamps === undefined) this.#sinks.set(sink, (timestamps = []));
    this.#keep(timestamps, first);
    if (records.length > 1) this.#keep(timestamps, last);
  }

  /** What was noted since the last time. */
  take(): ReadonlyMap<number, readonly number[]> {
    const taken = this.#sinks;
    this.#sinks = new Map();
    return taken;
  }

  #keep(timestamps: number[], timestamp: number): void {
    if (timestamps.length < kept) timestamps.push(timestamp);
    else timestamps[this.#noted++ % kept] = timestamp;
  }
}
