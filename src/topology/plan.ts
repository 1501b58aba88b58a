import { createHash } from 'node:crypto';
import type { Graph } from './connect.ts';
import type { SourceFile } from './document.ts';
import type { BrokerConfig, Plan, PlanAlert, PlanNode, SubTopology, Trigger } from './model.ts';
import { planNodes } from './plan-nodes.ts';
import type { TopologyHead } from './schema.ts';
import { internalTopics, split } from './sub-topologies.ts';

/** The plan of a file without mistakes. */
export function createPlan(file: SourceFile, head: TopologyHead, broker: BrokerConfig, graph: Graph, alerts: readonly PlanAlert[]): Plan {
  const group = head.group ?? head.name;
  const made = planNodes({ graph, group, onError: head.on_error });
  const { nodes, tables, hops, unhurried } = made;
  const subTopologies = split(made);
  return {
    name: head.name,
    file: file.file,
    group,
    broker,
    registry: file.registry,
    delivery: head.delivery,
    trigger: triggerOf(head.trigger, unhurried),
    nodes,
    tables,
    subTopologies,
    internalTopics: internalTopics(subTopologies, hops, group, head.state.changelog),
    state: head.state,
    alerts,
    unhurried,
    signature: signatureOf(head, subTopologies, nodes),
    fingerprint: file.fingerprint,
    files: [file.file, ...file.named.keys()]
  };
}

/** Milliseconds between checkpoints that cost as much as the whole state. */
const unhurriedInterval = 1000;

function triggerOf(trigger: TopologyHead['trigger'], unhurried: boolean): Trigger {
  const checkpointInterval = unhurried ? Math.max(unhurriedInterval, trigger.checkpoint_interval) : trigger.checkpoint_interval;
  return trigger.mode === 'processing_time' ? { mode: trigger.mode, interval: trigger.interval, checkpointInterval } : { mode: trigger.mode, checkpointInterval };
}

/** Members of a group must agree on this. Canonical JSON: the keys are written in a fixed order here. */
function signatureOf({ name, delivery }: TopologyHead, subTopologies: readonly SubTopology[], nodes: readonly PlanNode[]): string {
  const canonical = JSON.stringify({
    name,
    delivery,
    sub_topologies: subTopologies
      .map((sub) => ({ name: sub.name, topics: sub.reads.topics, ...patternsOf(sub), ...storesOf(sub, nodes) }))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
  });
  return createHash('sha256').update(canonical).digest('hex').slice(0, 16);
}

/** Absent where there are none, so that a plan without patterns keeps the signature it always had. */
function patternsOf({ reads }: SubTopology): { patterns?: string[] } {
  return reads.patterns.length === 0 ? {} : { patterns: reads.patterns.map(({ source }) => source) };
}

/** What its stores hold; absent where there are none. */
function storesOf({ stores }: SubTopology, nodes: readonly PlanNode[]): { stores?: unknown[] } {
  const holds = nodes.flatMap((node) => (node.kind === 'transform' && node.holds !== null && stores.includes(node.name) ? [{ name: node.name, holds: node.holds }] : []));
  return holds.length === 0 ? {} : { stores: holds };
}
