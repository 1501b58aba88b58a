import { z } from 'zod';
import { fates } from '../../actors/accounting.ts';
import { alertStates } from '../../actors/alert.ts';
import { lifecycleStates } from '../../actors/status.ts';

/*
 * What the API answers, as schemas: the OpenAPI document is made from them, and a test holds the answers to it.
 */

const count = z.number().int().min(0);
const milliseconds = z.number().describe('Milliseconds since 1970.');
const failure = z.object({ code: z.string(), message: z.string(), remedy: z.string() });

const counts = z.object({ received: count, ...Object.fromEntries(fates.map((fate) => [fate, count])), outputs: count }).describe('What became of the records a node received since the daemon started, and how many it sent.');

/** A replicated table. */
const table = z.object({ name: z.string(), ready: z.boolean(), rows: count, trouble: z.string().nullable().describe('Why it is not up to date; null where it is.') });

/** One topology in the list of all. */
export const topologySummary = z.object({
  name: z.string(),
  state: z.enum(lifecycleStates),
  paused: z.boolean(),
  tasks: z.object({ assigned: count, running: count }).describe('Tasks this daemon has, and how many of them run.'),
  lag: count.describe('Offsets behind, over the partitions this daemon reads.'),
  failure: failure.nullable().describe('Why it failed, or what it or one of its tasks waits for.')
});

/** All of them. */
export const topologyList = z.object({ topologies: z.array(topologySummary) });

/** One topology. */
export const topologyDetail = topologySummary.extend({
  assigned: z.array(z.object({ task: z.string(), running: z.boolean(), trouble: failure.nullable(), committing_seconds: z.number().nullable().optional().describe('For how long a commit of it has been under way; null where none is.') })).describe('The tasks this daemon has.'),
  nodes: z.array(z.object({ name: z.string(), kind: z.enum(['source', 'transform', 'sink']), counts, paced: z.object({ by: z.string(), records: z.number().nullable().describe('Records a second and task.') }).optional().describe('What keeps a source from reading as fast as it could, by its file.') })),
  tables: z.array(table),
  restores: z.array(z.object({ task: z.string(), done: count, total: count, seconds_left: z.number().nullable() })).describe('Tasks whose state is read back from its changelogs.'),
  checkpoints: count,
  last_checkpoint: milliseconds.nullable()
});

const phases = z.object({ prepare: z.number(), write: z.number(), commit: z.number(), apply: z.number(), total: z.number() });

/** How a topology gets on. */
export const progressAnswer = z.object({
  topology: z.string(),
  window_seconds: z.number().describe('Over how long the rates are.'),
  input_rate: z.number().describe('Offsets that were written to what is read, per second.'),
  processing_rate: z.number().describe('Offsets that were read and committed, per second.'),
  batch_ms: phases.nullable().describe('The last checkpoint, by phase.'),
  batch_mean_ms: phases.nullable().describe('The mean of the checkpoints that were seen in that time, by phase.'),
  nodes: z.array(z.object({ node: z.string(), busy: z.number().describe('Share of the time that it worked; all nodes share one thread.'), received_rate: z.number() })).describe('By their names in the plan: a node that is in two halves has the first as NAME.before.'),
  elsewhere: z.object({ topology: z.string(), node: z.string(), busy: z.number() }).nullable().describe('The busiest node of the other topologies on this daemon, which share its thread.'),
  state_seconds: z.number().describe('For how long it has been in its state, or waited for the same thing, as far as this was looked at.'),
  behind_seconds: z.number().describe('For how long there has been lag, without a break that was seen.'),
  seconds_since_checkpoint: z.number().nullable(),
  lag: count,
  partitions: z.array(z.object({ topic: z.string(), partition: count, position: count.describe('Next offset to read, as committed.'), end: count, lag: count, lag_seconds: z.number().nullable().describe('Age of the oldest record behind; null where it is not known.'), input_rate: z.number(), processing_rate: z.number(), quiet_seconds: z.number().describe('For how long nothing was committed of it.') }))
});

const upstream = z.object({
  input: count.describe('Which input of the node.'),
  task: z.string(),
  watermark: milliseconds.nullable(),
  idle: z.boolean(),
  here: z.enum(['runs', 'does not run', 'elsewhere']).describe('Whether this daemon has that task, and whether it runs.'),
  heard: z.boolean().describe('Whether anything ever came from it.'),
  daemon: z.string().nullable().optional().describe('Of one elsewhere: the address at which the daemon that has it serves HTTP; null where it does not say, or none has it.'),
  member: z.string().nullable().optional().describe("Of one elsewhere: the id at the broker of the group's member that has it; null where none has it. Absent, as daemon is, where the group was not asked or did not tell.")
});

/** How far event time is complete. */
export const watermarksAnswer = z.object({
  topology: z.string(),
  tasks: z.array(
    z.object({
      task: z.string(),
      sub_topology: z.string(),
      timed: z.boolean().describe('Whether anything in it goes by event time.'),
      epoch: count.describe('The epoch all this was committed with.'),
      watermark: milliseconds.nullable(),
      inputs: z.array(z.object({
        topic: z.string(), partition: count, node: z.string(), watermark: milliseconds.nullable(), lag: count, quiet_seconds: z.number(),
        idle_after_seconds: z.number().nullable().describe('After how long without records it holds nobody back; null for never.'), idle: z.boolean(), internal: z.boolean()
      })),
      nodes: z.array(z.object({ node: z.string(), watermark: milliseconds.nullable(), upstream: z.array(upstream).describe('The tasks before its repartition topic, as it last heard from them.') }))
    })
  )
});

/** What `millrace graph` knows. */
export const graphAnswer = z.object({
  topologies: z.array(z.object({ name: z.string(), parts: z.array(z.object({ name: z.string(), nodes: z.array(z.object({ id: z.string(), name: z.string(), kind: z.string(), type: z.string() })) })) })),
  topics: z.array(z.object({ id: z.string(), name: z.string(), kind: z.string(), deadLetters: z.boolean() })),
  edges: z.array(z.object({ from: z.string(), to: z.string(), kind: z.string(), label: z.string() }))
});

const taskEntries = z.object({ task: z.string(), epoch: count.nullable().describe('The epoch that the entries reflect; null where none was applied yet.'), entries: z.array(z.record(z.string(), z.unknown())) });
const more = z.boolean().describe('Whether entries were left out.');
const looked = z.array(z.string()).describe('The tasks that were looked in.');

/** State under a key, in the tasks that one daemon has: what daemons answer each other. */
export const ownAnswer = z.object({ tasks: z.array(taskEntries), more, looked });

/** Daemons of a group that have tasks and were not heard. */
const unanswered = z.array(z.object({ daemon: z.string().nullable().describe('Its address, where it is known.'), member: z.string().nullable().describe("The member's id at the broker."), why: z.string() }));

/** State under a key. */
export const storeAnswer = z.object({
  topology: z.string(),
  node: z.string(),
  key: z.string(),
  tasks: z.array(taskEntries.extend({ daemon: z.string().describe('The address of the daemon that has it.') })).describe('The tasks that have the key.'),
  more,
  looked,
  unanswered: unanswered.describe('Daemons of the group that have tasks of the node and were not heard, and why: what they have is not in the answer.')
});

/** The alerts of a topology, as this daemon sees them. */
export const alertsAnswer = z.object({
  topology: z.string(),
  alerts: z.array(z.object({
    name: z.string(),
    when: z.string().describe('The condition.'),
    for_seconds: z.number().describe('For how long it has to hold.'),
    state: z.enum(alertStates).describe('quiet: it does not hold; pending: not for long enough yet; firing.'),
    since: milliseconds.nullable().describe('Since when it holds; null while it is quiet.'),
    values: z.record(z.string(), z.number().nullable()).describe('What the condition reads, as it was at the last look; empty before the first.'),
    broken: z.boolean().describe('Whether the condition could not be evaluated at the last look.')
  }))
});

/** Dead letters, the latest first. */
export const deadLettersAnswer = z.object({
  topology: z.string(),
  topics: z.array(z.string()),
  dead_letters: z.array(z.object({
    topic: z.string(), partition: count, offset: count, time: z.string(), code: z.string(), node: z.string(), message: z.string(), tries: count.describe('How often it was driven again before.'),
    source: z.object({ topic: z.string(), partition: count, offset: count }).nullable(), key: z.string().nullable(), value: z.string().nullable(), truncated: z.boolean()
  }))
});

/** What came of a change. */
export const changed = z.object({ topology: z.string(), state: z.enum(lifecycleStates), paused: z.boolean() });

/** The level of the log. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;

/** The level that is asked for, and answered. */
export const logLevel = z.strictObject({ level: z.enum(logLevels) });

/** An error (RFC 9457). */
export const problemAnswer = z.looseObject({ type: z.string(), title: z.string(), status: z.number().int(), detail: z.string() });
