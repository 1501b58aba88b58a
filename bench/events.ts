import type { OutgoingRecord } from '../actors/port.ts';
import { Partitioner } from '../actors/sink/partitioner.ts';

const types = ['view', 'view', 'view', 'view', 'view', 'click', 'click', 'click', 'purchase', 'error'];
const users = 110_000;
/** Bytes of an event around its payload, about. */
const frame = 135;

/** Makes the events of workload W1 for one topic. */
export class Events {
  readonly #topic: string;
  readonly #partitions: number;
  readonly #more: object;
  readonly #partitioner = new Partitioner();

  /** `size` in bytes, about; below 140 an event has what W1 needs and nothing else, which is 100 bytes. */
  constructor(topic: string, partitions: number, size: number) {
    this.#topic = topic;
    this.#partitions = partitions;
    const payload = '0123456789abcdef'.repeat(Math.ceil(Math.max(0, size - frame) / 16)).slice(0, Math.max(0, size - frame));
    this.#more = payload === '' ? {} : { severity: 'low', payload };
  }

  /** Event number `n` (from 0): one in 200 is cut off, one in 200 lacks its user; both end as dead letters. */
  event(n: number, timestamp: number): OutgoingRecord {
    const user = `u-${(n * 7919) % users}`;
    const key = Buffer.from(user);
    let text = JSON.stringify({
      event_id: String(n),
      ...(n % 200 === 7 ? {} : { user_id: user }),
      event_type: types[(n * 31) % types.length],
      amount: (n % 100_000) / 100,
      ts: timestamp,
      ...this.#more
    });
    if (n % 200 === 3) text = text.slice(0, -8);
    return { topic: this.#topic, partition: this.#partitioner.partition(this.#topic, key, this.#partitions), key, value: Buffer.from(text), headers: [], timestamp };
  }

  /** Events `from` to `to`, that one not included. */
  events(from: number, to: number, timestamp: (n: number) => number): OutgoingRecord[] {
    return Array.from({ length: to - from }, (_, index) => this.event(from + index, Math.round(timestamp(from + index))));
  }
}

/** The group that workload W3 counts event number `n` in; null for one that is broken. */
export function groupOf(n: number): string | null {
  if (n % 200 === 3 || n % 200 === 7) return null;
  return `${types[(n * 31) % types.length] ?? ''}|${((n * 7919) % users) % 250}`;
}

/** The number of the event that an input or an output holds; -1 where there is none. */
export function numberOf(value: Uint8Array | null): number {
  if (value === null) return -1;
  const start = Buffer.from(value.buffer, value.byteOffset, Math.min(value.byteLength, 40)).toString('latin1');
  return Number(/"event_id":"(\d+)"/.exec(start)?.[1] ?? -1);
}
