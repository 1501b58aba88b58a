import { createHash } from 'node:crypto';
import { Failure } from '../../actors/failure.ts';
import type { Attempt } from '../../actors/store.ts';

/** What a task writes beside each offset it commits; it names the attempt the offset belongs to. */
export interface OffsetMetadata {
  readonly task: string;
  readonly epoch: number;
  readonly nonce: string;
  readonly signature: string;
  /**
   * Partition counts of the topics the task reads, by short hash of their names: a topic without an offset is new
   * only if it is not among them, a partition only if its number is not below the count.
   */
  readonly partitions: Readonly<Record<string, number>>;
  /** Those of them that came to meet a pattern after the group's first start, by short hash: all their partitions are read from the first record. */
  readonly late: readonly string[];
  /** Of this partition, in milliseconds since 1970; null before its first. */
  readonly watermark: number | null;
  /** Of the nodes of the task that have one of their own, by name. */
  readonly watermarks: Readonly<Record<string, number>>;
  /** Of a commit by an operator who keeps the state as it is: the attempt that the state belongs to. */
  readonly base?: Attempt;
  /** The epoch with which an operator gave the state up, in every commit from then on: older state, on any machine, is no part of it. */
  readonly since?: number;
  /** The export of which the task's state was to be taken in, and is not yet: it must not start. */
  readonly importing?: string;
}

/** Brokers refuse longer metadata by default (`offset.metadata.max.bytes`). */
const maxBytes = 4096;

/** Six characters are enough to tell the few topics of one task apart. */
export function topicHash(topic: string): string {
  return createHash('sha256').update(topic).digest('base64url').slice(0, 6);
}

/** One line of JSON with short keys, since it travels with every commit. */
export function encodeOffsetMetadata(metadata: OffsetMetadata): string {
  const { task, epoch, nonce, signature, partitions, late, watermark, watermarks, base, since, importing } = metadata;
  const time = { ...(watermark === null ? {} : { w: watermark }), ...(Object.keys(watermarks).length > 0 ? { o: watermarks } : {}) };
  const state = { ...(base === undefined ? {} : { b: [base.epoch, base.nonce] }), ...(since === undefined ? {} : { f: since }), ...(importing === undefined ? {} : { i: importing }) };
  const encoded = JSON.stringify({ millrace: 1, t: task, e: epoch, n: nonce, s: signature, p: partitions, ...(late.length > 0 ? { l: late } : {}), ...time, ...state });
  if (Buffer.byteLength(encoded) > maxBytes) {
    const topics = Object.keys(partitions).length;
    throw new Failure('too_many_topics', `Task ${task} reads ${topics} topics; what is noted beside its offsets would be over the ${maxBytes} bytes that brokers take.`);
  }
  return encoded;
}

/** Null when another program wrote it. */
export function decodeOffsetMetadata(text: string): OffsetMetadata | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof parsed !== 'object' || parsed === null || (parsed as { millrace?: unknown }).millrace !== 1) return null;
  const { t, e, n, s, p, l, w, o, b, f, i } = parsed as Record<string, unknown>;
  if (typeof t !== 'string' || typeof e !== 'number' || typeof n !== 'string' || typeof s !== 'string' || typeof p !== 'object' || p === null) return null;
  return {
    task: t,
    epoch: e,
    nonce: n,
    signature: s,
    partitions: p as Record<string, number>,
    late: Array.isArray(l) ? (l as string[]) : [],
    watermark: typeof w === 'number' ? w : null,
    watermarks: typeof o === 'object' && o !== null ? (o as Record<string, number>) : {},
    ...(Array.isArray(b) ? { base: { epoch: b[0] as number, nonce: b[1] as string } } : {}),
    ...(typeof f === 'number' ? { since: f } : {}),
    ...(typeof i === 'string' ? { importing: i } : {})
  };
}
