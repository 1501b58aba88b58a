import { createHash } from 'node:crypto';

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
}

/** Brokers refuse longer metadata by default (`offset.metadata.max.bytes`). */
const maxBytes = 4096;

/** Six characters are enough to tell the few topics of one task apart. */
export function topicHash(topic: string): string {
  return createHash('sha256').update(topic).digest('base64url').slice(0, 6);
}

/** One line of JSON with short keys, since it travels with every commit. */
export function encodeOffsetMetadata(metadata: OffsetMetadata): string {
  const { task, epoch, nonce, signature, partitions } = metadata;
  const encoded = JSON.stringify({ millrace: 1, t: task, e: epoch, n: nonce, s: signature, p: partitions });
  if (Buffer.byteLength(encoded) > maxBytes) throw new Error(`Offset metadata of task ${task} is over ${maxBytes} bytes.`);
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
  const { t, e, n, s, p } = parsed as Record<string, unknown>;
  if (typeof t !== 'string' || typeof e !== 'number' || typeof n !== 'string' || typeof s !== 'string' || typeof p !== 'object' || p === null) return null;
  return { task: t, epoch: e, nonce: n, signature: s, partitions: p as Record<string, number> };
}
