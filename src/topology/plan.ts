import { createHash } from 'node:crypto';
import type { SinkLogic, SourceLogic, TransformLogic } from '../../actors/component.ts';
import type { Graph } from './connect.ts';
import type { Declared, OnErrorOption } from './declare.ts';
import type { TopicSet } from '../../actors/topic-set.ts';
import type { SourceFile } from './document.ts';
import type { Edge, ErrorPolicy, Plan, PlanNode, SubTopology, Trigger } from './model.ts';
import type { TopologyHead } from './schema.ts';

/** The plan of a file without mistakes. */
export function createPlan(file: SourceFile, head: TopologyHead, graph: Graph): Plan {
  const ids = new Map(graph.order.map((index, id) => [index, id]));
  const nodes = graph.order.map((index, id) => planNode(graph, index, id, ids, head.on_error));
  const subTopologies = split(nodes, graph);
  return {
    name: head.name,
    file: file.file,
    group: head.group ?? head.name,
    broker: head.broker,
    delivery: head.delivery,
    trigger: triggerOf(head.trigger),
    nodes,
    subTopologies,
    signature: signatureOf(head, subTopologies),
    fingerprint: file.fingerprint,
    files: [file.file, ...file.named.keys()]
  };
}

function planNode(graph: Graph, index: number, id: number, ids: ReadonlyMap<number, number>, fallback: OnErrorOption): PlanNode {
  const { kind, name, outputs, built } = declared(graph, index);
  if (built === null || outputs === null) throw new Error(`node ${name} has mistakes`);
  const inputs: Edge[] = (graph.inputs[index] ?? []).map(({ node, port }) => ({ node: ids.get(node) ?? -1, port }));
  const base = { id, name, type: built.component.type, onError: policy(built.onError ?? fallback) };
  switch (kind) {
    case 'source':
      return { kind, ...base, build: () => built.build() as SourceLogic };
    case 'transform':
      return { kind, ...base, inputs, outputs, build: () => built.build() as TransformLogic };
    case 'sink':
      return { kind, ...base, inputs, build: () => built.build() as SinkLogic };
  }
}

function declared(graph: Graph, index: number): Declared {
  const node = graph.nodes[index];
  if (node === undefined) throw new Error(`there is no node ${index}`);
  return node;
}

function policy(onError: OnErrorOption): ErrorPolicy {
  if (typeof onError === 'string') return { action: onError };
  return { action: 'dead_letter', topic: onError.dead_letter, envelope: onError.envelope };
}

/** Connected parts of the graph, each named after its first source. */
function split(nodes: readonly PlanNode[], graph: Graph): SubTopology[] {
  const part = nodes.map(({ id }) => id);
  const find = (id: number): number => {
    let root = id;
    while (part[root] !== undefined && part[root] !== root) root = part[root] ?? root;
    return root;
  };
  for (const node of nodes) {
    if (node.kind === 'source') continue;
    // The smaller root wins, so that a part's root is its first source.
    for (const edge of node.inputs) {
      const [low, high] = [find(edge.node), find(node.id)].sort((a, b) => a - b);
      part[high ?? 0] = low ?? 0;
    }
  }
  const roots = [...new Set(nodes.map(({ id }) => find(id)))];
  return roots.map((root) => {
    const members = nodes.filter(({ id }) => find(id) === root);
    const sources = members.filter(({ kind }) => kind === 'source').map(({ id }) => id);
    return { name: nodes[root]?.name ?? '', nodes: members.map(({ id }) => id), reads: topicSetOf(sources, graph) };
  });
}

function topicSetOf(sources: readonly number[], graph: Graph): TopicSet {
  const sets = sources.map((id) => (declared(graph, graph.order[id] ?? -1).built?.logic as SourceLogic).reads);
  return { topics: sets.flatMap(({ topics }) => topics).sort(), patterns: sets.flatMap(({ patterns }) => patterns) };
}

function triggerOf(trigger: TopologyHead['trigger']): Trigger {
  const checkpointInterval = trigger.checkpoint_interval;
  return trigger.mode === 'processing_time' ? { mode: trigger.mode, interval: trigger.interval, checkpointInterval } : { mode: trigger.mode, checkpointInterval };
}

/** Members of a group must agree on this. Canonical JSON: the keys are written in a fixed order here. */
function signatureOf({ name, delivery }: TopologyHead, subTopologies: readonly SubTopology[]): string {
  const canonical = JSON.stringify({
    name,
    delivery,
    sub_topologies: subTopologies.map((sub) => ({ name: sub.name, topics: sub.reads.topics, ...patternsOf(sub) })).sort((a, b) => (a.name < b.name ? -1 : 1))
  });
  return createHash('sha256').update(canonical).digest('hex').slice(0, 16);
}

/** Absent where there are none, so that a plan without patterns keeps the signature it always had. */
function patternsOf({ reads }: SubTopology): { patterns?: string[] } {
  return reads.patterns.length === 0 ? {} : { patterns: reads.patterns.map(({ source }) => source) };
}
