import type { BatchLimits, Compression, OutputRecord } from '../../actors/component.ts';
import type { OutgoingRecord, Transaction } from '../../actors/port.ts';
import type { Clock } from './clock.ts';
import type { Sender } from './shared-producer.ts';

/** A record ready to be written, with an upper bound of its encoded size. */
export interface PendingRecord extends OutgoingRecord {
  readonly size: number;
  /** Largest record batch its topic takes. */
  readonly limit: number;
}

/** How the records of one sink are written. */
export interface Lane {
  readonly compression: Compression;
  readonly batch: BatchLimits;
}

/** The outputs of an epoch once its barrier is through. */
export interface SealedOutputs {
  readonly records: number;
  /** Resolves when all of them are written: in this transaction, or acknowledged where there is none. */
  write(transaction: Transaction): Promise<void>;
}

/** Where the sink actor puts what is to be written. */
export interface Outbox {
  add(lane: Lane, record: PendingRecord): void;
  /** Told after each message to the sink, so that an eager outbox may send. */
  flush(): void;
  /** Everything added so far belongs to the epoch that ends here. */
  seal(): SealedOutputs;
  /** Bytes waiting to be written. */
  readonly bytes: number;
  /** Nothing is sent any more. */
  close(): void;
}

/** Upper bound of a produce request; well below the broker's `socket.request.max.bytes` of 100 MiB. */
const maxRequestBytes = 4 * 1024 * 1024;

/** Upper bound of a record batch's own header, in bytes (61 in the v2 format). */
export const batchOverhead = 70;

/** Upper bound of a record's size in a record batch (v2): five varints of at most 5 bytes, one of 10, attributes, key, value, headers. */
export function encodedSize(record: Pick<OutputRecord, 'key' | 'value' | 'headers'>): number {
  let size = 36 + (record.key?.byteLength ?? 0) + (record.value?.byteLength ?? 0);
  for (const [name, value] of record.headers) size += 10 + name.length * 3 + (value?.byteLength ?? 0);
  return size;
}

/** Cuts records into requests in which no partition's share is over its topic's limit. Order is kept. */
export function* requests(records: readonly PendingRecord[]): Generator<readonly PendingRecord[]> {
  let from = 0;
  let total = 0;
  let shares = new Map<string, number>();
  for (let index = 0; index < records.length; index += 1) {
    const { topic, partition, size, limit } = records[index] as PendingRecord;
    const key = `${partition}/${topic}`;
    const share = (shares.get(key) ?? batchOverhead) + size;
    if (index > from && (share > limit || total + size > maxRequestBytes)) {
      yield records.slice(from, index);
      from = index;
      total = size;
      shares = new Map([[key, batchOverhead + size]]);
    } else {
      total += size;
      shares.set(key, share);
    }
  }
  if (from < records.length) yield records.slice(from);
}

class Pending {
  readonly lane: Lane;
  records: PendingRecord[] = [];
  bytes = 0;
  since = 0;

  constructor(lane: Lane) {
    this.lane = lane;
  }

  take(): PendingRecord[] {
    const { records } = this;
    this.records = [];
    this.bytes = 0;
    return records;
  }
}

/** Exactly once: holds an epoch's outputs until its one transaction. */
export class BufferedOutbox implements Outbox {
  #byCompression = new Map<Compression, PendingRecord[]>();
  #records = 0;
  bytes = 0;

  add(lane: Lane, record: PendingRecord): void {
    const records = this.#byCompression.get(lane.compression);
    if (records === undefined) this.#byCompression.set(lane.compression, [record]);
    else records.push(record);
    this.#records += 1;
    this.bytes += record.size;
  }

  flush(): void {
    // Nothing leaves before the transaction.
  }

  close(): void {
    // Nothing is under way.
  }

  seal(): SealedOutputs {
    const sealed = this.#byCompression;
    const records = this.#records;
    this.#byCompression = new Map();
    this.#records = 0;
    this.bytes = 0;
    return {
      records,
      async write(transaction) {
        for (const [compression, pending] of sealed) {
          for (const request of requests(pending)) await transaction.send(request, compression);
        }
      }
    };
  }
}

/** At least once: hands over as soon as it may, one part at a time so that order is kept, and gathers meanwhile. */
export class EagerOutbox implements Outbox {
  readonly #sender: Sender;
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  readonly #lanes = new Map<Lane, Pending>();
  /** Epochs that have ended and are not all written, with how many records had been added by then. */
  readonly #seals = new Map<PromiseWithResolvers<void>, number>();
  #busy = false;
  #timer: (() => void) | null = null;
  #error: Error | null = null;
  #closed = false;
  /** Records added and acknowledged so far, and added by the last seal. */
  #added = 0;
  #acknowledged = 0;
  #sealed = 0;

  constructor(sender: Sender, clock: Clock, onError: (error: unknown) => void) {
    this.#sender = sender;
    this.#clock = clock;
    this.#onError = onError;
  }

  get bytes(): number {
    let bytes = 0;
    for (const pending of this.#lanes.values()) bytes += pending.bytes;
    return bytes;
  }

  add(lane: Lane, record: PendingRecord): void {
    let pending = this.#lanes.get(lane);
    if (pending === undefined) {
      pending = new Pending(lane);
      this.#lanes.set(lane, pending);
    }
    if (pending.records.length === 0) pending.since = this.#clock.elapsed();
    pending.records.push(record);
    pending.bytes += record.size;
    this.#added += 1;
  }

  flush(): void {
    if (this.#busy || this.#closed || this.#error !== null) return;
    const wait = this.#shortestWait();
    if (wait === null) return;
    if (wait > 0) {
      this.#timer ??= this.#clock.after(wait, () => {
        this.#timer = null;
        this.flush();
      });
      return;
    }
    this.#timer?.();
    this.#timer = null;
    this.#busy = true;
    void this.#send();
  }

  /** What is added later is not waited for: under a steady stream there is always something on its way. */
  seal(): SealedOutputs {
    const records = this.#added - this.#sealed;
    this.#sealed = this.#added;
    const seal = Promise.withResolvers<void>();
    // A rejection is also reported by `onError`; `write` may come later or never.
    seal.promise.catch(() => undefined);
    this.#seals.set(seal, this.#added);
    this.flush();
    this.#settle();
    return { records, write: () => seal.promise };
  }

  close(): void {
    this.#closed = true;
    this.#timer?.();
    this.#timer = null;
    this.#sender.close();
  }

  #settle(): void {
    for (const [seal, added] of this.#seals) {
      if (this.#error !== null) seal.reject(this.#error);
      else if (this.#acknowledged >= added) seal.resolve();
      else continue;
      this.#seals.delete(seal);
    }
  }

  /** Milliseconds until a lane is due, 0 when one is; null when there is nothing to send. */
  #shortestWait(): number | null {
    let shortest: number | null = null;
    for (const pending of this.#lanes.values()) {
      const wait = this.#waitOf(pending);
      if (wait !== null && (shortest === null || wait < shortest)) shortest = wait;
    }
    return shortest;
  }

  #waitOf(pending: Pending): number | null {
    if (pending.records.length === 0) return null;
    const { records, bytes, linger } = pending.lane.batch;
    if (this.#seals.size > 0 || pending.records.length >= records || pending.bytes >= bytes) return 0;
    return Math.max(0, pending.since + linger - this.#clock.elapsed());
  }

  /** What is due, whichever sink it comes from: one request costs a broker about as much as three. */
  #takeDue(): Map<Compression, PendingRecord[]> {
    const due = new Map<Compression, PendingRecord[]>();
    for (const pending of this.#lanes.values()) {
      if (this.#waitOf(pending) !== 0) continue;
      const { compression } = pending.lane;
      const others = due.get(compression);
      due.set(compression, others === undefined ? pending.take() : others.concat(pending.take()));
    }
    return due;
  }

  async #send(): Promise<void> {
    try {
      while (this.#shortestWait() === 0 && !this.#closed) {
        let taken = 0;
        await this.#sender.send(() => {
          const due = this.#takeDue();
          for (const records of due.values()) taken += records.length;
          return due;
        });
        this.#acknowledged += taken;
        this.#settle();
      }
    } catch (error) {
      this.#error = error instanceof Error ? error : new Error(String(error));
      this.#settle();
      // What is dropped by closing is nobody's failure.
      if (!this.#closed) this.#onError(error);
    } finally {
      this.#busy = false;
    }
    if (this.#error === null) this.flush();
  }
}
