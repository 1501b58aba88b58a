import * as z from 'zod';
import type { BuildContext, SourceTime } from '../component.ts';
import { defineSource } from '../component.ts';
import { readerCodec } from '../codec-options.ts';
import { count, duration, expression, size, topicName, topicRegex } from '../options.ts';
import type { TopicSet } from '../topic-set.ts';
import { resolveStart, start } from './start.ts';

/** A rate that nothing reaches; finite, so that it can be multiplied by no time at all. */
const unlimited = Number.MAX_SAFE_INTEGER;

const idle = z.union(
  [
    duration().describe('After so long without a record.'),
    z.literal('never').describe('It holds the others back until its next record.'),
    z.strictObject({
      after: duration().describe('After so long without a record.'),
      advance: z.literal('wall_clock').describe('From then on its watermark goes on as the wall clock does, so that windows close though nothing comes.')
    })
  ],
  { error: '30s, never or { after: 30s, advance: wall_clock }' }
);

const config = z.strictObject({
  topic: topicName().optional().describe('The topic to read. Give one of topic, topics and pattern.'),
  topics: z.array(topicName()).min(1, { error: 'at least one topic' }).optional().describe('The topics to read, when there are several.'),
  pattern: topicRegex()
    .optional()
    .describe(
      'A regular expression: topics whose whole name meets it are read, also those made later, from their first record. A topic that another source names is left to that source.'
    ),
  start: start
    .prefault('latest')
    .describe('Where to begin in a partition for which the group has committed nothing yet; else it goes on where it left off.'),
  codec: readerCodec().prefault('json').describe('How bytes become values.'),
  key_codec: readerCodec().optional().describe('How bytes of keys become what expressions read as key; a key that cannot be read fails the record. Default: expressions read keys as UTF-8.'),
  max_size: size({ min: 1 }).prefault('16MiB').describe('Largest value that is decoded; a larger one fails with record_too_large.'),
  tombstones: z
    .enum(['pass', 'drop', 'dead_letter'])
    .default('pass')
    .describe('What to do with records without a value (deletes): send them on, drop them (counted), or treat them as failed records.'),
  rate_limit: z
    .strictObject({
      records: count(1).optional().describe('Records per second.'),
      bytes: size({ min: 1 }).optional().describe('Bytes per second, as they were fetched.')
    })
    .refine(({ records, bytes }) => records !== undefined || bytes !== undefined, { error: 'records, bytes or both' })
    .optional()
    .describe('How much is read at most per second and task, that is per partition number. Without it a source reads as fast as its outputs are written.'),
  event_time: expression()
    .optional()
    .describe("An expression for the time of what a record tells, in milliseconds since 1970 or as an ISO 8601 text, such as value.ts; seconds are value.ts * 1000. Windows go by it. Default: the record's timestamp, also for tombstones where it reads value."),
  watermark: z
    .strictObject({
      delay: duration().prefault('0s').describe('How far records may be out of order: the watermark of a partition is its highest event time less this.'),
      idle: idle.prefault('30s').describe('When a partition that is read to its end stops holding the others back.')
    })
    .prefault({})
    .describe('How far event time is complete. A task goes by the lowest watermark of its partitions.'),
  max_future: duration()
    .prefault('1h')
    .describe('How far ahead of the wall clock an event time may be; records beyond fail, for one of them would close every window. Checked where windows read this source.')
});

/** Reads topics of the topology's broker. */
export const kafkaSource = defineSource({
  type: 'kafka',
  summary: "Reads one or several topics of the topology's broker as a member of its consumer group.",
  example: `
sources:
  events:
    type: kafka
    topic: raw-events
    start: earliest
    codec: json
    tombstones: pass
`,
  config,
  build(options, context) {
    const { rate_limit: limit } = options;
    const reads = topicSet(options, context);
    return {
      reads,
      start: resolveStart(options.start, reads.topics, context),
      rateLimit: limit === undefined ? null : { records: limit.records ?? unlimited, bytes: limit.bytes ?? unlimited },
      codec: context.reader(options.codec, ['codec'], 'value'),
      keyCodec: options.key_codec === undefined ? null : context.reader(options.key_codec, ['key_codec'], 'key'),
      maxSize: options.max_size,
      tombstones: options.tombstones,
      time: sourceTime(options, context)
    };
  }
});

function sourceTime({ event_time: source, watermark, max_future: maxFuture }: z.output<typeof config>, context: BuildContext): SourceTime {
  const { idle: after } = watermark;
  return {
    expression: source === undefined ? null : context.expression(source, ['event_time']),
    readsValue: source !== undefined && context.uses(source, 'value'),
    delay: watermark.delay,
    idle: after === 'never' ? Infinity : typeof after === 'number' ? after : after.after,
    advance: typeof after === 'object',
    maxFuture
  };
}

function topicSet({ topic, topics, pattern }: z.output<typeof config>, context: BuildContext): TopicSet {
  const given = Object.entries({ topic, topics, pattern }).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  if (given.length > 1) {
    context.problem([given[1] ?? ''], 'bad_value', `expected one of topic, topics and pattern, found ${given.join(' and ')}`, 'keep one of them');
  }
  if (given.length === 0) context.problem([], 'missing_option', 'expected a topic, topics or a pattern', 'add topic: <name>');
  const named = topics ?? (topic === undefined ? [] : [topic]);
  if (new Set(named).size < named.length) {
    context.problem(['topics'], 'duplicate_topic', 'a topic is listed twice', 'list each topic once');
  }
  return { topics: named, patterns: pattern === undefined ? [] : [pattern] };
}
