import * as z from 'zod';
import { duration, expression, fieldPath, maxEventTime, name, reference, topicName } from '../options.ts';

/** A length of event time. */
export const span = (min: number) => duration({ min, max: maxEventTime });

const within = z
  .union(
    [
      span(0).describe('The same in both directions.'),
      z.strictObject({
        before: span(0).describe("How much older than the left record the right one may be, at most."),
        after: span(0).describe("How much younger than the left record the right one may be, at most.")
      })
    ],
    { error: 'a duration such as 1m, or { before: 10s, after: 1m }' }
  )
  .transform((length) => (typeof length === 'number' ? { before: length, after: length } : length));

const key = z.union(
  [
    expression().describe('One expression for the records of both sides.'),
    z.strictObject({
      left: expression().optional().describe("For the records of `from`. Default: the record's own key."),
      right: expression().optional().describe("For the records of `with`. Default: the record's own key.")
    })
  ],
  { error: 'an expression, or { left: value.id, right: value.order_id }' }
);

/** All options of a join. */
export const joinOptions = z.strictObject({
  with: reference().optional().describe('The right side: a node whose records are matched with those of from, within a time of each other. One of with and table.'),
  table: reference().optional().describe('The right side: a node of type table, in which each record of from finds the row of its key. One of with and table.'),
  key: key
    .optional()
    .describe("What a record and its partner have in common. A text stands for itself, numbers and booleans for their text, a list or map for its JSON. A record whose key is null has no partner. Default: each record's own key."),
  kind: z
    .enum(['inner', 'left', 'right', 'outer'])
    .default('inner')
    .describe('Whose records come out without a partner too, with null in its place: inner: nobody’s. left: those of from. right: those of with. outer: those of both. With table: inner or left.'),
  within: within
    .optional()
    .describe('Only with with, and required there: how far apart, in event time, the records of a pair may be; both ends included. A duration goes for both directions; { before: 10s, after: 1m } takes right records from 10s before the left one to 1m after it.'),
  grace: span(0)
    .optional()
    .describe('Only with with: how long behind the end of its time, in event time, a record still takes a partner that comes late. Unmatched records wait for it. Default: 0s.'),
  late: topicName()
    .optional()
    .describe('Only with with, and required there: what becomes of records that are late for every partner they could have: drop (counted), or a topic that they go to as they were read, with millrace.late headers. There is no default: it is for you to choose.'),
  as: z
    .strictObject({
      left: name().default('left').describe('Name of the record of from.'),
      right: name().default('right').describe('Name of the record of with, or of the row.')
    })
    .prefault({})
    .describe('What the two sides are called in the result: as: { left: order, right: payment }. Not key or time, and not the same.'),
  into: fieldPath()
    .optional()
    .describe('Only with table, and required there: the field of the value, which must be an object, that takes the row; null where there is none. Objects on the way to a nested field are made where they are missing.'),
  as_of: z
    .enum(['now', 'event_time'])
    .optional()
    .describe('Only with table: which row a record finds. now: the one that is there when the record is worked on. event_time: the one that was there at the event time of the record, of a table with history: the record waits until the watermarks of its stream and of the table are past it, so that the order in which both are read does not matter. Default: now.')
});

/** Options of a join as they were checked. */
export type JoinOptions = z.output<typeof joinOptions>;

/** The key expressions of both sides; undefined for a record's own key. */
export function keysOf({ key: source }: JoinOptions): { readonly left: string | undefined; readonly right: string | undefined } {
  if (typeof source === 'object') return { left: source.left, right: source.right };
  return { left: source, right: source };
}
