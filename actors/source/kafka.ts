import * as z from 'zod';
import { defineSource } from '../component.ts';
import { codec, topicName } from '../options.ts';

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
  config: z.strictObject({
    topic: topicName().optional().describe('The topic to read. Give either topic or topics.'),
    topics: z.array(topicName()).min(1, { error: 'at least one topic' }).optional().describe('The topics to read, when there are several.'),
    start: z
      .enum(['earliest', 'latest'])
      .default('latest')
      .describe('Where to begin in a partition for which the group has committed nothing yet; else it goes on where it left off.'),
    codec: codec().prefault('json').describe('How bytes become values.'),
    tombstones: z
      .enum(['pass', 'drop', 'dead_letter'])
      .default('pass')
      .describe('What to do with records without a value (deletes): send them on, drop them (counted), or treat them as failed records.')
  }),
  build(config, context) {
    const topics = config.topics ?? (config.topic === undefined ? [] : [config.topic]);
    if (config.topic !== undefined && config.topics !== undefined) {
      context.problem(['topics'], 'bad_value', 'expected either topic or topics, found both', 'keep one of the two');
    }
    if (topics.length === 0) context.problem([], 'missing_option', 'expected a topic or topics', 'add topic: <name>');
    if (new Set(topics).size < topics.length) {
      context.problem(['topics'], 'duplicate_topic', 'a topic is listed twice', 'list each topic once');
    }
    return { topics, start: config.start, codec: context.codec(config.codec, ['codec']), tombstones: config.tombstones };
  }
});
