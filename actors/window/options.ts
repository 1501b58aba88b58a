import * as z from 'zod';
import { duration, expression, maxEventTime, name, topicName } from '../options.ts';

/** The options of a window node, with their descriptions. */
const span = (min: number) => duration({ min, max: maxEventTime });

const offset = span(0)
  .prefault('0s')
  .describe('Moves the beginnings of windows, which are multiples of their distance since 1970 in UTC: 22h makes days of 24h begin at 22:00 UTC, midnight two hours east.');

/** The kinds of windows. */
export const windowOption = z.discriminatedUnion(
  'type',
  [
    z
      .strictObject({
        type: z.literal('tumbling').describe('Windows of one size, one after the other: [start, start + size).'),
        size: span(1).describe('Length of a window.'),
        offset
      })
      .describe('Fixed windows that do not overlap.'),
    z
      .strictObject({
        type: z.literal('hopping').describe('Windows of one size that begin at regular times and overlap: [start, start + size).'),
        size: span(1).describe('Length of a window.'),
        every: span(1).describe('Distance from the beginning of one window to that of the next; at most size, at least a thousandth of it.'),
        offset
      })
      .describe('Fixed windows that overlap.'),
    z
      .strictObject({
        type: z.literal('sliding').describe('A window for each set of records of a key that lie within size of each other, both ends included: those of SlidingWindows in Kafka Streams.'),
        size: span(1).describe('Longest distance between two records of a window.')
      })
      .describe('Windows that follow the records.'),
    z
      .strictObject({
        type: z.literal('session').describe('Records of a key with no more than gap between one and the next; from the first to the last, both included.'),
        gap: span(1).describe('How long after a record the next one still belongs to its session.')
      })
      .describe('Windows of activity.')
  ],
  { error: 'a map with type: tumbling, hopping, sliding or session' }
);

/** A window as the options have it. */
export type WindowOption = z.output<typeof windowOption>;

/** All options of a window node. */
export const windowOptions = z.strictObject({
  key: expression()
    .optional()
    .describe("An expression for what to group by. A text stands for itself, numbers and booleans for their text, a list or map for its JSON; null fails the record with key_missing. Default: the record's own key."),
  window: windowOption
    .optional()
    .describe("Which records of a key are brought together, by event time. Without it there is one result for each key, over all its records."),
  aggregate: z
    .record(name(), expression())
    .optional()
    .describe('Results by name, each a call of an aggregate function (see Aggregates): count(), avg(value.amount). One of aggregate and reduce.'),
  reduce: z
    .strictObject({
      step: expression().describe('An expression over acc and value for the next accumulator; the first value of a window is its first accumulator.'),
      merge: expression()
        .optional()
        .describe('An expression over left and right that makes one accumulator of two. With it values are brought together before they cross a repartition topic; sliding and session windows need it.')
    })
    .optional()
    .describe('A fold of your own in place of aggregates. The result is in value.value. A value that cannot be folded with itself fails its record; where two cannot be folded together the result is null.'),
  emit: z
    .enum(['update', 'final', 'complete'])
    .default('update')
    .describe('update: each window that changed, once per checkpoint; where sessions merge a tombstone for each result that is replaced. final: each window once, when the watermark is grace behind its end. complete: every window there is, at each checkpoint, of which there is then one a second at most.'),
  grace: span(0)
    .optional()
    .describe('How long after its end, in event time, a window still takes records. Default: 0s. A session is over when no record that is in time could still lengthen it: twice the gap and grace after its last record.'),
  late: topicName()
    .optional()
    .describe('What becomes of records that are late for all their windows: drop (counted), or a topic that they go to as they were read, with millrace.late headers. There is no default: it is for you to choose.'),
  ttl: span(1)
    .optional()
    .describe('Only without window: how long after its last record, in event time, a key is forgotten, at the next checkpoint. Records that are older than the watermark by so much are late.')
});

/** Options of a window node as they were checked. */
export type WindowOptions = z.output<typeof windowOptions>;
