import type { FetchedRecord, TopicPartition } from '../../actors/port.ts';
import type { Header } from '../../actors/record.ts';

/** Header that counts how often a record was driven again. */
export const triesHeader = 'millrace.redrive.tries';

/** Where a record was read that failed. */
export interface LetterSource extends TopicPartition {
  readonly offset: number;
}

/** A dead letter, taken apart. */
export interface Letter extends TopicPartition {
  readonly offset: number;
  /** When it failed, in milliseconds since 1970. */
  readonly time: number;
  /** '' where the record does not say. */
  readonly code: string;
  readonly node: string;
  readonly message: string;
  /** Null for a record that no topology wrote. */
  readonly source: LetterSource | null;
  /** How often it had been driven again before it failed. */
  readonly tries: number;
  /** True where its value did not fit and was left out. */
  readonly truncated: boolean;
  /** The record as it was read: key, value and headers, without what was added to it, and its timestamp. */
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly Header[];
  readonly timestamp: number;
}

/** Takes a record of a dead letter topic apart (src/runtime/dead-letter.ts writes them). Never throws: a foreign record has no code and no source. */
export function readLetter({ topic, partition, envelope }: TopicPartition & { readonly envelope: boolean }, record: FetchedRecord): Letter {
  const texts = new Map<string, string>();
  for (const [name, value] of record.headers) if (name.startsWith('millrace.')) texts.set(name, value === null ? '' : Buffer.from(value).toString());
  const text = (name: string): string => texts.get(`millrace.error.${name}`) ?? '';
  const failedAt = Date.parse(text('timestamp'));
  const own = texts.get('millrace.error.record_timestamp');
  return {
    topic,
    partition,
    offset: record.offset,
    time: Number.isNaN(failedAt) ? record.timestamp : failedAt,
    code: text('code'),
    node: text('node'),
    message: text('message'),
    source: sourceOf(text('topic'), text('partition'), text('offset')),
    tries: wholeNumber(texts.get(triesHeader) ?? '') ?? 0,
    truncated: texts.has('millrace.error.truncated'),
    key: record.key,
    value: envelope ? unwrap(record.value) : record.value,
    headers: record.headers.filter(([name]) => !name.startsWith('millrace.error.')),
    timestamp: own === undefined || Number.isNaN(Number(own)) ? record.timestamp : Number(own)
  };
}

function sourceOf(topic: string, partition: string, offset: string): LetterSource | null {
  const [number, at] = [wholeNumber(partition), wholeNumber(offset)];
  return topic === '' || number === null || at === null ? null : { topic, partition: number, offset: at };
}

function wholeNumber(text: string): number | null {
  return /^\d{1,16}$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : null;
}

/** The value out of an envelope; any other value as it is. */
function unwrap(value: Uint8Array | null): Uint8Array | null {
  if (value === null || value[0] !== 0x7b) return value;
  let envelope: unknown;
  try {
    envelope = JSON.parse(Buffer.from(value).toString());
  } catch {
    return value;
  }
  const { dlq_reason: reason, dlq_timestamp: time, value: text, value_base64: base64 } = envelope as Record<string, unknown>;
  if (typeof reason !== 'string' || typeof time !== 'string') return value;
  if (typeof base64 === 'string') return Buffer.from(base64, 'base64');
  if (text === null) return null;
  return typeof text === 'string' ? Buffer.from(text) : value;
}
