import * as z from 'zod';
import { defineTable } from '../component.ts';
import { GroupKey } from '../keyed/group-key.ts';
import type { ReaderCodecConfig } from '../codec-options.ts';
import { readerCodec } from '../codec-options.ts';
import { expression, topicName } from '../options.ts';

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
    topic: topicName().describe('The topic to read, from its beginning. All records of a key should be in one partition: between partitions there is no order.'),
    key: expression()
      .optional()
      .describe("An expression for the key of a row: a text stands for itself, numbers and booleans for their text. Default: the record's own key. With another one than that a tombstone deletes nothing, for it has no value to find the row by."),
    codec: readerCodec().prefault('json').describe("How bytes become values: any codec but raw. A record whose value cannot be read leaves its key without a row.")
  }),
  build({ topic, key: source, codec: format }, context) {
    if (format.type === 'raw') context.problem(['codec'], 'bad_value', 'expected another codec: rows are values, not bytes');
    const key = new GroupKey(source, context);
    // Rows that met an older text of the schema may not meet this one.
    const holds = format.type === 'json' || format.type === 'text' ? (hasSchema(format) ? null : { topic, key: key.source, codec: format.type }) : null;
    return { from: 'topic', topic, codec: context.reader(format, ['codec'], 'value'), key, holds };
  }
});

function hasSchema(format: ReaderCodecConfig): boolean {
  return 'schema' in format && format.schema !== undefined;
}
