import * as z from 'zod';
import type { Component } from '../../actors/component.ts';
import { count, duration, name, topicName } from '../../actors/options.ts';
import { alertsOptions } from './alert-options.ts';
import { registryOptions } from './registry-options.ts';
import { saslOptions, tlsOptions } from './security-options.ts';

/*
 * The schema of a topology file: the part around its nodes, and what all nodes have in common. The components'
 * own options come from the catalogue.
 */

/** What happens to records that can never work. */
export const onError = z.union(
  [
    z.enum(['skip', 'fail']).describe('skip: drop the record, counted. fail: stop the topology.'),
    z.strictObject({
      dead_letter: topicName().describe('Topic for records that can never work, with their original bytes and millrace.error headers.'),
      envelope: z
        .boolean({ error: 'true or false' })
        .default(false)
        .describe('Write a JSON object { value, dlq_reason, dlq_timestamp, … } instead of the original value.')
    })
  ],
  { error: 'skip, fail or { dead_letter: <topic> }' }
);

const hostAndPort = /^(\[[0-9a-fA-F:]+\]|[^\s:,/[\]]+):\d{1,5}$/;

function isBroker(text: string): boolean {
  return hostAndPort.test(text) && Number(text.slice(text.lastIndexOf(':') + 1)) <= 65_535;
}

const brokerList = z
  .union([z.string(), z.array(z.string())], { error: 'a list of host:port, or one text with commas' })
  .transform((list) =>
    (typeof list === 'string' ? [list] : list)
      .flatMap((item) => item.split(','))
      .map((item) => item.trim())
      .filter((item) => item !== '')
  )
  .refine((list) => list.length > 0 && list.every(isBroker), { error: 'brokers as host:port, with ports up to 65535' });

/** Where a topology's topics are. */
export const brokerOptions = z.discriminatedUnion(
  'type',
  [
    z
      .strictObject({
        type: z.literal('kafka').describe('Apache Kafka 4.0 or later.'),
        brokers: brokerList.describe('Brokers to start from, as a list or one text with commas: 10.0.0.1:9092,10.0.0.2:9092.'),
        tls: tlsOptions.optional().describe('TLS to the brokers: true, or a map of what differs from the defaults. Their certificates and names are always checked. Default: none, plain text.'),
        sasl: saslOptions.optional().describe('As whom Millrace is known to the brokers. Default: nobody in particular, or by the client certificate of tls.')
      })
      .describe('A Kafka cluster.'),
    z
      .strictObject({
        type: z.literal('embedded').describe('A broker inside this process, for development and tests.'),
        path: z.string({ error: 'a folder' }).min(1, { error: 'a folder' }).describe('Folder for its topics, relative to the working directory.'),
        partitions: count(1)
          .max(1024, { error: 'at most 1024 partitions' })
          .default(4)
          .describe('Partitions of the topics it makes itself.')
      })
      .describe('Topics kept on this machine by Millrace itself.')
  ],
  { error: 'a map with type: kafka or type: embedded' }
);

const checkpointInterval = duration({ min: 10 }).prefault('100ms').describe('Longest time between two checkpoints while records keep coming.');

const trigger = z
  .union(
    [
      z.enum(['real_time', 'available_now']).describe('The mode without further options.'),
      z.discriminatedUnion('mode', [
        z
          .strictObject({ mode: z.literal('real_time').default('real_time').describe('Reads all the time; a checkpoint as soon as all that was read is through.'), checkpoint_interval: checkpointInterval })
          .describe('Records are worked on as they come.'),
        z
          .strictObject({
            mode: z.literal('processing_time').describe('Reads at every tick what there is by then.'),
            interval: duration({ min: 10 }).describe('Time between two ticks, counted from midnight UTC. A tick that takes longer is followed by the next one at once.'),
            checkpoint_interval: checkpointInterval
          })
          .describe('Records wait for the next tick.'),
        z
          .strictObject({ mode: z.literal('available_now').describe('Reads what there is at the start, commits it and ends.'), checkpoint_interval: checkpointInterval })
          .describe('A batch: the topology ends with what there was when it started.')
      ])
    ],
    { error: 'real_time, available_now, { mode: real_time, checkpoint_interval: 100ms } or { mode: processing_time, interval: 30s }' }
  )
  .transform((value) => (typeof value === 'string' ? { mode: value, checkpoint_interval: 100 } : value));

const state = z
  .strictObject({
    changelog: z
      .union([z.enum(['on', 'off']), z.boolean()], { error: 'on or off' })
      .default('on')
      .transform((value) => value === 'on' || value === true)
      .describe('on: every change also goes to a compacted topic, from which another machine takes a task over. off: for one machine; what is lost with its folder is lost.'),
    durability: z
      .enum(['process', 'power'], { error: 'process or power' })
      .optional()
      .describe('What state on this machine survives: process, a kill of the process; power, also a loss of power, flushed to the disk before each commit. Default: process; with changelog: off it is power.')
  })
  .refine(({ changelog, durability }) => changelog || durability !== 'process', { error: 'durability: power where changelog is off, or changelog: on' })
  .transform(({ changelog, durability }) => ({ changelog, durability: durability ?? (changelog ? ('process' as const) : ('power' as const)) }));

const section = z.record(z.string(), z.unknown(), { error: 'a map of nodes by name' });

/** The top level of a file; its nodes are checked one by one. */
export const topologySchema = z.strictObject({
  name: name().describe('Name of the topology, lower_snake_case, unique in a daemon.'),
  broker: brokerOptions.describe('Where its topics are.'),
  registry: registryOptions.optional().describe('The schema registry of codecs avro, protobuf and json with a framing: any with the HTTP API of Confluent.'),
  group: z
    .string({ error: 'a text' })
    .min(1, { error: 'a text that is not empty' })
    .max(200, { error: 'at most 200 characters' })
    .optional()
    .describe('Consumer group, also the prefix of transactional ids. Default: the name.'),
  delivery: z
    .enum(['exactly_once', 'at_least_once'])
    .default('exactly_once')
    .describe('exactly_once: outputs and offsets in one transaction. at_least_once: sooner visible, repeated after a crash.'),
  trigger: trigger.prefault('real_time').describe('What is read when, and when checkpoints are made.'),
  state: state.prefault({}).describe('How the state of keyed nodes is kept.'),
  on_error: onError
    .default('fail')
    .describe('What happens to records that can never work, for nodes that do not say otherwise: fail, skip or { dead_letter: <topic> }.'),
  sources: section.describe('What is read, by name.'),
  tables: section.prefault({}).describe('Tables that are kept whole on each daemon, to be looked up in, by name.'),
  transforms: section.prefault({}).describe('What happens to records, by name.'),
  sinks: section.describe('What is written, by name.'),
  alerts: alertsOptions.prefault({}).describe('What people are to be told of, by name.')
});

/** The checked top level of a file. */
export type TopologyHead = z.output<typeof topologySchema>;

/** Any text: what it names is looked up among the nodes, also those whose own name is badly formed. */
const reference = z.string({ error: 'the name of a node, or node.output' }).meta({ title: 'node' });

const oneInput = reference.describe('The node to read: its name, or node.output where it has several outputs.');
const manyInputs = z
  .union([reference, z.array(reference).min(1, { error: 'at least one node' })], { error: 'the name of a node, or a list of names' })
  .describe('The node or nodes to read: a name, node.output where it has several outputs, or a list of them.');

/** Whether `from` may be a list. */
export function takesMany(component: Component): boolean {
  return component.kind === 'sink' || (component.kind === 'transform' && component.manyInputs === true);
}

/** A component's own options with those that all of its kind have. */
export function nodeSchema(component: Component): z.ZodObject {
  if (!(component.config instanceof z.ZodObject)) throw new Error(`the options of ${component.type} are an object`);
  const type = z.literal(component.type).describe(component.summary);
  const common = { on_error: onError.optional().describe('What happens to records that can never work at this node. Default: the on_error of the topology.') };
  const own = component.config.shape as z.ZodRawShape;
  if (component.kind === 'source' || component.kind === 'table') return z.strictObject({ type, ...own, ...common });
  return z.strictObject({ type, from: takesMany(component) ? manyInputs : oneInput, ...own, ...common });
}
