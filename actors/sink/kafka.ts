import * as z from 'zod';
import { writerCodec } from '../codec-options.ts';
import type { Codec, PlainCodec } from '../codec.ts';
import type { BuildContext, Expression, OutputRecord, SinkLogic } from '../component.ts';
import { defineSink } from '../component.ts';
import { asFailure, Failure } from '../failure.ts';
import { count, duration, expression, isTopicName, size, topicName } from '../options.ts';
import type { Header, StreamRecord } from '../record.ts';
import { SinkDestination } from './destination.ts';
import { isTombstone } from '../record.ts';

const config = z.strictObject({
  topic: z
    .union(
      [
        topicName().describe('The same topic for all records.'),
        z.strictObject({ expression: expression().describe("An expression that gives each record's topic.") })
      ],
      { error: "a topic's name or { expression: … }" }
    )
    .describe('The topic to write: a name, or { expression: … } that gives one for each record.'),
  key: expression()
    .optional()
    .describe("An expression for the key: a string is written as UTF-8, a number or boolean as its text, an object as JSON; null gives no key. Default: the record's own key, byte for byte."),
  partition: expression()
    .optional()
    .describe('An expression for the partition number, such as partition for the one it was read from; null leaves it to the key. Default: by the key, as the Java client does; records without one in turn.'),
  headers: z
    .record(z.string(), expression())
    .optional()
    .describe("Headers by name, each with an expression, added to the record's own; a header of the same name is replaced, and null removes it."),
  timestamp: expression()
    .prefault('record')
    .describe("record (the record's own timestamp), now, or an expression that gives milliseconds since 1970 or an ISO 8601 text."),
  codec: writerCodec()
    .optional()
    .describe(
      'How values become bytes. A record that no node changed, read with the same codec, keeps its original bytes; with codecs that have schemas or headers it is written anew. Default: whatever a record was read with, it keeps its bytes where no node changed it; else its value is written as JSON.'
    ),
  key_codec: writerCodec()
    .optional()
    .describe('How keys become bytes: what key gives, or without it the key as it was read. Default: what key gives as text; a key that was read keeps its bytes.'),
  compression: z.enum(['none', 'gzip', 'snappy', 'lz4', 'zstd']).default('none').describe('How batches are compressed on the wire and in the topic.'),
  batch: z
    .strictObject({
      records: count(1).default(10_000).describe('Most records in one batch.'),
      bytes: size({ min: 1 }).prefault('1MiB').describe('Most bytes in one batch, before compression.'),
      linger: duration().prefault('0ms').describe('How long a batch may wait for more records.')
    })
    .prefault({})
    .describe('When at_least_once sends what it has gathered: at the first of these limits. exactly_once sends at each checkpoint.')
});

/** Writes to topics of the topology's broker. */
export const kafkaSink = defineSink({
  type: 'kafka',
  summary:
    "Writes to a topic of the topology's broker. A tombstone is written without a value; on it, expressions that read value are left out (its own key, headers and timestamp stay), and a topic expression that reads value fails.",
  example: `
sinks:
  urgent:
    type: kafka
    from: events
    topic: { expression: '"events-" + value.type' }
    key: value.user_id
    headers: { origin: topic }
    timestamp: record
    compression: gzip
`,
  config,
  build(options, context) {
    const parts = compile(options, context);
    const fixed = typeof options.topic === 'string' ? options.topic : null;
    const { compression, batch } = options;
    const destination = new SinkDestination();
    return {
      topic: fixed,
      ...(typeof options.topic === 'string' ? {} : { topicExpression: options.topic.expression }),
      compression,
      batch,
      codec: parts.codec,
      keyCodec: parts.keyCodec,
      ...waiting(parts, fixed),
      output(record, now): OutputRecord {
        const tombstone = isTombstone(record);
        const topic = fixed ?? topicOf(parts, record, now, tombstone);
        const to = destination.at(topic);
        const key = keyOf(parts, record, now, tombstone, to);
        const value = tombstone ? null : valueOf(parts, record, to);
        const headers = parts.headers.length === 0 ? record.headers : headersOf(parts, record, now, tombstone);
        return {
          topic,
          partition: partitionOf(parts, record, now, tombstone),
          key,
          value,
          headers: to.over(headers),
          timestamp: timestampOf(parts, record, now, tombstone)
        };
      }
    };
  }
});

/** An expression of a sink, and whether a tombstone lacks what it reads. */
interface Part {
  readonly evaluate: Expression;
  readonly readsValue: boolean;
}

interface Parts {
  /** Null where unchanged bytes are written as they are, and everything else as JSON. */
  readonly codec: Codec | null;
  /** Null where keys are written as text, or keep their bytes. */
  readonly keyCodec: Codec | null;
  readonly text: PlainCodec;
  readonly json: PlainCodec;
  readonly topic: Part | null;
  readonly key: Part | null;
  readonly partition: Part | null;
  readonly headers: readonly (Part & { readonly name: string })[];
  readonly timestamp: Part | 'record' | 'now';
}

function compile(options: z.output<typeof config>, context: BuildContext): Parts {
  const part = (source: string, at: readonly string[]): Part => ({
    evaluate: context.expression(source, at),
    readsValue: context.uses(source, 'value')
  });
  const { topic, key, partition, timestamp } = options;
  return {
    codec: options.codec === undefined ? null : context.writer(options.codec, ['codec'], 'value'),
    keyCodec: options.key_codec === undefined ? null : context.writer(options.key_codec, ['key_codec'], 'key'),
    text: context.plain('text'),
    json: context.plain('json'),
    topic: typeof topic === 'string' ? null : part(topic.expression, ['topic', 'expression']),
    key: key === undefined ? null : part(key, ['key']),
    partition: partition === undefined ? null : part(partition, ['partition']),
    headers: Object.entries(options.headers ?? {}).map(([name, source]) => ({ name, ...part(source, ['headers', name]) })),
    timestamp: timestamp === 'record' || timestamp === 'now' ? timestamp : part(timestamp, ['timestamp'])
  };
}

function topicOf(parts: Parts, record: StreamRecord, now: number, tombstone: boolean): string {
  const { topic } = parts;
  if (topic === null) throw new Error('a sink without a fixed topic has an expression');
  if (tombstone && topic.readsValue) {
    throw new Failure('unencodable', 'topic: the expression reads value, which a tombstone does not have');
  }
  const result = topic.evaluate(record, now);
  if (typeof result === 'string' && isTopicName(result)) return result;
  const found = typeof result === 'string' ? JSON.stringify(result.slice(0, 100)) : typeof result;
  throw new Failure('unencodable', `topic: expected a topic's name, found ${found}`);
}

function keyOf(parts: Parts, record: StreamRecord, now: number, tombstone: boolean, to: SinkDestination): Uint8Array | null {
  const { key, keyCodec } = parts;
  const own = key === null || (tombstone && key.readsValue);
  if (keyCodec === null) return own ? record.key : toBytes(parts, key.evaluate(record, now));
  const value = own ? readKey(parts, record) : key.evaluate(record, now);
  return value === null ? null : keyCodec.encode(value, to);
}

/** The key as its source reads it. */
function readKey({ text }: Parts, { key, decodedKey }: StreamRecord): unknown {
  if (decodedKey !== undefined || key === null) return decodedKey ?? null;
  return text.decode(key);
}

function partitionOf({ partition }: Parts, record: StreamRecord, now: number, tombstone: boolean): number | null {
  if (partition === null || (tombstone && partition.readsValue)) return null;
  const result = partition.evaluate(record, now);
  if (result === null || (typeof result === 'number' && Number.isInteger(result) && result >= 0)) return result;
  throw new Failure('unencodable', `partition: expected a whole number from 0, found ${typeof result === 'number' ? result : typeof result}`);
}

/** Original bytes where nothing changed: no decoder and encoder pair gives back every byte (number formats, spaces, key order). */
function valueOf({ codec, json }: Parts, record: StreamRecord, to: SinkDestination): Uint8Array {
  if (!record.changed && record.bytes !== null && (codec === null || record.origin.codec === codec.id)) return record.bytes;
  return (codec ?? json).encode(record.value, to);
}

/** What codecs of this sink must have before they can write; nothing where they need nothing. */
function waiting(parts: Parts, fixed: string | null): Pick<SinkLogic, 'before'> {
  const codecs = [parts.codec, parts.keyCodec].filter((codec) => codec?.beforeEncode !== undefined);
  if (codecs.length === 0) return {};
  const all = (topic: string): Promise<void> | null => {
    const waits = codecs.flatMap((codec) => codec?.beforeEncode?.(topic) ?? []);
    return waits.length === 0 ? null : Promise.all(waits).then(() => undefined);
  };
  if (fixed !== null) return { before: () => all(fixed) };
  // A topic that cannot be told is the record's fault, which `output` says.
  return {
    before(record, now) {
      if (record === null) return null;
      let topic: string;
      try {
        topic = topicOf(parts, record, now, isTombstone(record));
      } catch {
        return null;
      }
      return all(topic)?.catch((error: unknown) => { throw ofTopic(error, topic); }) ?? null;
    }
  };
}

/** Where the record named the topic, a schema that this topic does not have is its fault. */
function ofTopic(error: unknown, topic: string): Failure {
  const cause = asFailure(error, 'task_crashed');
  return cause.code === 'schema_not_registered' ? new Failure('unencodable', `topic ${topic}: ${cause.message}`, { cause }) : cause;
}

function headersOf(parts: Parts, record: StreamRecord, now: number, tombstone: boolean): readonly Header[] {
  let headers = record.headers;
  for (const header of parts.headers) {
    if (tombstone && header.readsValue) continue;
    const value = toBytes(parts, header.evaluate(record, now));
    const others = headers.filter(([name]) => name !== header.name);
    headers = value === null ? others : [...others, [header.name, value]];
  }
  return headers;
}

function timestampOf(parts: Parts, record: StreamRecord, now: number, tombstone: boolean): number {
  const { timestamp } = parts;
  if (timestamp === 'now') return now;
  // The broker refuses a negative timestamp, and -1 only says that there is none.
  if (timestamp === 'record' || (tombstone && timestamp.readsValue)) return record.timestamp < 0 ? now : record.timestamp;
  const result = timestamp.evaluate(record, now);
  const milliseconds = typeof result === 'string' ? Date.parse(result) : result;
  if (typeof milliseconds === 'number' && milliseconds >= 0 && milliseconds <= Number.MAX_SAFE_INTEGER) return Math.trunc(milliseconds);
  throw new Failure('unencodable', `timestamp: expected milliseconds since 1970 or an ISO 8601 text, found ${typeof result}`);
}

/** A key's or header's bytes: text as UTF-8, numbers and booleans as text, bytes as they are, the rest as JSON. */
function toBytes(parts: Parts, value: unknown): Uint8Array | null {
  if (value === null) return null;
  if (value instanceof Uint8Array) return value;
  if (typeof value === 'string') return parts.text.encode(value);
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return parts.text.encode(String(value));
  return parts.json.encode(value);
}
