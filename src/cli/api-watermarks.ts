import type { z } from 'zod';
import { upstreamPlaces } from '../../actors/keyed/arriving.ts';
import type { RememberedTask } from '../../actors/remembered.ts';
import type { PartitionStatus, TopologyStatus } from '../../actors/status.ts';
import { ownerOf } from '../../actors/topic-set.ts';
import type { watermarksAnswer } from '../admin/answers.ts';
import type { QuietPartition } from '../admin/api.ts';
import { nameInFile } from '../runtime/node-name.ts';
import { partitionKey, unitsOf } from '../runtime/units.ts';
import type { TaskUnit } from '../runtime/units.ts';
import type { OpenState } from '../state/watched-directory.ts';
import type { Plan, PlanNode, SourceNode, TransformNode } from '../topology/model.ts';

type Answer = z.infer<typeof watermarksAnswer>;
type TaskAnswer = Answer['tasks'][number];
type Upstream = TaskAnswer['nodes'][number]['upstream'][number];

/** What watermarks are looked up in. */
export interface WatermarkSources {
  readonly plan: Plan;
  readonly status: TopologyStatus;
  readonly paused: boolean;
  readonly quiet: readonly QuietPartition[];
  /** Of a task, as it was committed last. */
  remembered(task: string): RememberedTask | null;
  readonly open: readonly OpenState[];
  readonly tasks: readonly { readonly name: string; readonly running: boolean }[];
}

/** How far event time is complete in the tasks of this daemon, as it was committed last. */
export function watermarksOf(sources: WatermarkSources): Answer {
  const { plan, status } = sources;
  const partitions = new Map(status.partitions.map((partition) => [partitionKey(partition), partition]));
  return { topology: plan.name, tasks: unitsOf(plan, status.partitions).map((unit) => taskOf(unit, partitions, sources)) };
}

function taskOf(unit: TaskUnit, partitions: ReadonlyMap<string, PartitionStatus>, sources: WatermarkSources): TaskAnswer {
  const { plan } = sources;
  const remembered = sources.remembered(unit.name);
  const inputs = unit.partitions.map((at) => inputOf(unit, partitions.get(partitionKey(at)) as PartitionStatus, remembered, sources));
  const keyed = unit.sub.nodes.map((id) => plan.nodes[id] as PlanNode).filter((node): node is TransformNode => node.kind === 'transform' && node.timed);
  const nodes = keyed.map((node) => ({ node: nameInFile(node.name), watermark: remembered?.nodes?.[node.name] ?? null, upstream: upstreamOf(node, unit.name, sources) }));
  return { task: unit.name, sub_topology: unit.sub.name, timed: unit.sub.timed, epoch: remembered?.epoch ?? 0, watermark: lowest(inputs, nodes), inputs, nodes };
}

/** The nodes' own where they have one: those behind a hop go by what came with it, not by the partition they read. */
function lowest(inputs: TaskAnswer['inputs'], nodes: TaskAnswer['nodes']): number | null {
  const own = nodes.flatMap(({ watermark }) => watermark ?? []);
  if (own.length > 0) return Math.min(...own);
  const counting = inputs.filter(({ idle, internal }) => !idle && !internal).map(({ watermark }) => watermark);
  return counting.length === 0 || counting.includes(null) ? null : Math.min(...(counting as number[]));
}

function inputOf({ sub }: TaskUnit, { topic, partition, lag }: PartitionStatus, remembered: RememberedTask | null, { plan, quiet, paused }: WatermarkSources): TaskAnswer['inputs'][number] {
  const node = sourceOf(plan, sub.nodes, topic);
  const internal = plan.internalTopics.some((own) => own.topic === topic);
  const seconds = quiet.find((other) => other.topic === topic && other.partition === partition)?.quietSeconds ?? 0;
  const after = node?.build().time.idle ?? Infinity;
  return {
    topic,
    partition,
    node: nameInFile(node?.name ?? ''),
    watermark: remembered?.watermarks?.[topic]?.[String(partition)] ?? null,
    lag,
    quiet_seconds: Math.round(seconds * 10) / 10,
    idle_after_seconds: after === Infinity ? null : after / 1000,
    idle: !internal && !paused && lag === 0 && seconds * 1000 >= after,
    internal
  };
}

function sourceOf(plan: Plan, ids: readonly number[], topic: string): SourceNode | null {
  const sources = ids.map((id) => plan.nodes[id]).filter((node): node is SourceNode => node?.kind === 'source');
  return sources[ownerOf(topic, sources.map((node) => node.build().reads))] ?? null;
}

/** The tasks before the repartition topics that a node reads, as its store has them (actors/keyed/upstreams.ts). */
function upstreamOf(node: TransformNode, task: string, { plan, open, tasks, status }: WatermarkSources): Upstream[] {
  const state = open.find((opened) => opened.task === task && opened.stores.has(node.name))?.state;
  if (state === undefined) return [];
  return node.inputs.flatMap((edge) => {
    const source = plan.nodes[edge.node];
    if (source?.kind !== 'source') return [];
    const hop = plan.internalTopics.find((own) => own.kind === 'repartition' && source.build().reads.topics.includes(own.topic));
    const place = upstreamPlaces[edge.input];
    if (hop?.kind !== 'repartition' || place === undefined) return [];
    const before = plan.subTopologies[hop.from]?.name ?? '';
    const stands = new Map([...state.appliedRange(node.name, place.tag, String.fromCharCode(place.tag.charCodeAt(0) + 1))].map(([key, stand]) => [Number(key.slice(1)), stand as unknown as readonly [number | null, boolean]]));
    const [, counted] = [...state.appliedRange(node.name, place.count, `${place.count}\0`)][0] ?? [];
    const count = Math.max(Number(counted ?? 0), 1 + Math.max(-1, ...stands.keys()), status.partitions.filter(({ topic }) => plan.subTopologies[hop.from]?.reads.topics.includes(topic) === true).length);
    return Array.from({ length: count }, (_, number) => {
      const name = `${before}-${number}`;
      const stand = stands.get(number);
      const known = tasks.find((other) => other.name === name);
      return { input: edge.input, task: name, watermark: stand?.[0] ?? null, idle: stand?.[1] ?? false, here: known === undefined ? 'elsewhere' : known.running ? 'runs' : 'does not run', heard: stand !== undefined } as const;
    });
  });
}
