import * as z from 'zod';
import { defineTable } from '../component.ts';
import { codec, expression, topicName } from '../options.ts';

/** A table of the last value of each key of a topic. */
export const kafkaTable = defineTable({
  type: 'kafka',
  summary: "The last value of each key of a topic, usually a compacted one, kept up to date on each daemon as the topic changes; a tombstone deletes its key. Read whole, by every daemon, outside of the consumer group and of checkpoints.",
  example: `
tables:
  users:
    type: kafka
    topic: users
    codec: json
transforms:
  known: { type: enrich, from: events, table: users, key: value.user_id, into: user }
`,
  config: z.strictObject({
    topic: topicName().describe('The topic to read, from its beginning.'),
    key: expression()
      .optional()
      .describe("An expression for the key of a row, as a window's key is. Default: the record's own key. With another one than that a tombstone deletes nothing, for it has no value to find the row by."),
    codec: codec().prefault('json').describe('How bytes become values.')
  }),
  build({ topic, key, codec: format }, context) {
    return { from: 'topic', topic, codec: context.codec(format, ['codec']), key: key === undefined || key.trim() === 'key' ? null : context.expression(key, ['key']) };
  }
});
