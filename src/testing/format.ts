import * as z from 'zod';
import { count, duration, moment, parseDuration, parseMoment } from '../../actors/options.ts';

/*
 * What a file of cases may hold. Values of records are anything; what is checked against the topology (names of sources, sinks and
 * nodes) is in `read-cases.ts`.
 */

const anyValue = z.unknown();
const headers = z.record(z.string(), z.union([z.string(), z.null()], { error: 'a text or nothing' }));
const key = z.union([z.string(), z.number().transform(String), z.null()], { error: 'a text, a number, or null for none' });

/** A time, or how long after the case's `now`. */
function timestamp() {
  const error = "a time with its zone, such as 2026-11-01T00:00:00Z, milliseconds since 1970, or how long after the case's now, such as +90s";
  return z.union([z.string(), z.number()], { error }).transform((value, context): { readonly at: number } | { readonly after: number } => {
    const at = parseMoment(value);
    if (at !== null) return { at };
    const after = typeof value === 'string' && value.startsWith('+') ? parseDuration(value.slice(1)) : null;
    if (after !== null) return { after };
    context.issues.push({ code: 'custom', message: error, input: value });
    return z.NEVER;
  });
}

const bytes = {
  text: z.string().optional().describe('Instead of value: these bytes, as UTF-8; for what is no JSON.'),
  base64: z.base64({ error: 'base64' }).optional().describe('Instead of value: these bytes.')
};

const input = z.strictObject({
  source: z.string().optional().describe('The source that reads it. May be left out where there is just one, or where topic says it.'),
  topic: z.string().optional().describe('Instead of source: the topic; needed where a source reads several.'),
  key: key.optional().describe('Default: none.'),
  value: anyValue.optional().describe('Written as JSON, or as it is for a source of text; null: a tombstone.'),
  ...bytes,
  timestamp: timestamp().optional().describe("The record's timestamp. Default: the time on the clock."),
  headers: headers.optional().describe('Texts by name.'),
  partition: count(0).optional().describe('Default: by the key, as producers do; 0 without a key.')
});

const output = z.strictObject({
  key: key.optional().describe('Its key, whole.'),
  value: anyValue.optional().describe('Its whole value; null: a tombstone.'),
  has: anyValue.optional().describe('Instead of value: fields that its value has at least.'),
  ...bytes,
  timestamp: timestamp().optional().describe('Its timestamp.'),
  headers: headers.optional().describe('Headers that it has at least.'),
  partition: count(0).optional().describe('Its partition.'),
  code: z.string().optional().describe('Of a dead letter: the failure.'),
  node: z.string().optional().describe('Of a dead letter or a late record: the node.')
});

/** These stand beside the names of outputs. */
const taken = 'a sink of this name goes by its topic here';

const expectation = z
  .object({
    nothing: z.literal(true, { error: `true; ${taken}` }).optional().describe('Nothing came out.'),
    some: z.boolean({ error: `true or false; ${taken}` }).optional().describe('True: other records may have come out besides.'),
    latest: z.boolean({ error: `true or false; ${taken}` }).optional().describe('True: of each key in an output only the last record counts; how often a window is sent again depends on where checkpoints fall.'),
    failed: z.string({ error: `a failure code; ${taken}` }).optional().describe('The topology has failed, with this code.'),
    state: z.record(z.string(), z.array(anyValue, { error: 'a list of values' }), { error: `a map of nodes; ${taken}` }).optional().describe('What nodes hold now, as the values of the results they would give, in any order; by name of node.'),
    node_counts: z.record(z.string(), z.record(z.string(), count(0))).optional().describe('What became of the records that nodes received since the last expect: received, forwarded, filtered, late, dead_lettered, skipped, absorbed, outputs; by name of node.')
  })
  .catchall(z.array(output, { error: 'a list of records' }));

const step = z.strictObject({
  records: z.array(input).min(1, { error: 'at least one record' }).optional().describe('Records that come in, in this order, at once.'),
  advance: duration({ max: 3650 * 86_400_000 }).optional().describe('The clock goes on so far, and with it all that goes by time.'),
  restart: z
    .enum(['stop', 'kill', 'lost'], { error: 'stop, kill or lost' })
    .optional()
    .describe('stop: told to stop, and started again; kill: as after kill -9; lost: and on another machine, without what this one kept.'),
  expect: expectation.optional().describe('What has come out since the last expect: records by the name of a sink or a topic, late for late ones, dead_letters for failed ones. What is not named must not have come.')
});

const testCase = z.strictObject({
  name: z.string().min(1).describe('What it shows.'),
  partitions: count(1).default(1).describe('Partitions of every topic.'),
  now: moment().optional().describe("The clock's time at the beginning. Default: the highest timestamp of the case's records, so that none is from the future; without any 2026-01-01T00:00:00Z."),
  steps: z.array(step).min(1, { error: 'at least one step' }).describe('One after the other; each ends when all that came in is worked on and committed.')
});

/** A file of cases. */
export const casesSchema = z.strictObject({
  topology: z.string().min(1).optional().describe('File of the topology, relative to this one. Default: the name of this file without _test.'),
  cases: z.array(testCase).min(1, { error: 'at least one case' }).describe('Each on a broker and with a state of its own.')
});

/** A case as its author wrote it, defaults filled in. */
export type CaseText = z.output<typeof testCase>;
/** One step of a case; exactly one of its fields is there. */
export type StepText = z.output<typeof step>;
/** A record that comes in. */
export type InputText = z.output<typeof input>;
/** A record that is expected. */
export type OutputText = z.output<typeof output>;
/** What is expected. */
export type ExpectText = z.output<typeof expectation>;
