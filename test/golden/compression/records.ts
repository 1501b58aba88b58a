import { createHash } from 'node:crypto';
import type { FetchedRecord, OutgoingRecord } from '../../../actors/port.ts';

/*
 * Records that three clients make by the same rule, each in its own language: Clients.java, clients.py and here. What was read is said in a line for
 * each record, with digests in the place of bytes.
 */

/** Record number `i` of so many bytes, some of them without a key or a value, with up to two headers. */
export function ruled(topic: string, i: number, size: number): OutgoingRecord {
  const value = Buffer.alloc(size);
  for (let j = 0; j < size; j++) value[j] = j % 251 < 200 ? (j >> 3) & 63 : (i * 31 + j * 17) & 255;
  const headers = Array.from({ length: i % 3 }, (_, h) => [`h${h}`, i % 4 === 1 ? null : Buffer.from(`v${i}`)] as const);
  return { topic, partition: 0, timestamp: 1000 + i, key: i % 5 === 0 ? null : Buffer.from(`key-${i}`), value: i % 7 === 3 ? null : value, headers };
}

/** What is said of a record. */
export function line(topic: string, { timestamp, key, value, headers }: Pick<FetchedRecord, 'timestamp' | 'key' | 'value' | 'headers'>): string {
  return `${topic} ${timestamp} ${digest(key)} ${digest(value)} ${headers.map(([name, content]) => `${name}=${digest(content)};`).join('')}`;
}

function digest(content: Uint8Array | null): string {
  return content === null ? 'null' : `${content.length}:${createHash('sha256').update(content).digest('hex').slice(0, 16)}`;
}

/** What is in the files beside this one. */
export const goldenSizes: readonly number[] = [0, 1, 100, 1_000, 40_000, 5, 6, 7];
