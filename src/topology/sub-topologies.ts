import type { TopicSet } from '../../actors/topic-set.ts';
import type { InternalTopic, PlanNode, SubTopology, TransformNode } from './model.ts';
import type { Hop, PlanNodes } from './plan-nodes.ts';

/** Connected parts of the nodes, each named after its first keyed node, else its first source. A repartition topic connects nothing. */
export function split({ nodes }: PlanNodes): SubTopology[] {
  const part = nodes.map(({ id }) => id);
  const find = (id: number): number => {
    let root = id;
    while (part[root] !== undefined && part[root] !== root) root = part[root] ?? root;
    return root;
  };
  for (const node of nodes) {
    if (node.kind === 'source') continue;
    // The smaller root wins, so that a part's root is its first source.
    const neighbours = node.inputs.map((edge) => edge.node);
    if (node.kind === 'transform' && node.table !== null) neighbours.push(node.table);
    for (const neighbour of neighbours) {
      const [low, high] = [find(neighbour), find(node.id)].sort((a, b) => a - b);
      part[high ?? 0] = low ?? 0;
    }
  }
  const roots = [...new Set(nodes.map(({ id }) => find(id)))];
  return roots.map((root) => subTopology(nodes.filter(({ id }) => find(id) === root)));
}

function subTopology(members: readonly PlanNode[]): SubTopology {
  const keyed = members.filter((node): node is TransformNode => node.kind === 'transform' && node.holds !== null);
  const first = keyed[0] ?? members.find(({ kind }) => kind === 'source');
  return {
    name: first?.name ?? '',
    nodes: members.map(({ id }) => id),
    reads: topicSetOf(members),
    stores: keyed.map(({ name }) => name),
    first: tableTopics(members),
    timed: members.some((node) => node.kind === 'transform' && node.timed)
  };
}

/** Topics from which records come to table nodes that others look up in, and to no place but those. */
function tableTopics(members: readonly PlanNode[]): readonly string[] {
  const byId = new Map(members.map((node) => [node.id, node]));
  const upstream = (id: number, found: Set<number>): Set<number> => {
    const node = byId.get(id);
    if (node === undefined || found.has(id)) return found;
    found.add(id);
    for (const { node: next } of node.kind === 'source' ? [] : node.inputs) upstream(next, found);
    return found;
  };
  const tables = new Set(members.flatMap((node) => (node.kind === 'transform' && node.table !== null ? [node.table] : [])));
  const above = [...tables].map((table) => upstream(table, new Set()));
  const sources = members.filter((node) => node.kind === 'source' && above.some((found) => found.has(node.id)));
  return topicSetOf(sources).topics;
}

function topicSetOf(members: readonly PlanNode[]): TopicSet {
  const sets = members.flatMap((node) => (node.kind === 'source' ? [node.build().reads] : []));
  return { topics: sets.flatMap(({ topics }) => topics).sort(), patterns: sets.flatMap(({ patterns }) => patterns) };
}

/** The topics that belong to the topology itself, upstream ones first. */
export function internalTopics(subs: readonly SubTopology[], hops: readonly Hop[], group: string, changelog: boolean): InternalTopic[] {
  const of = (id: number): number => subs.findIndex(({ nodes }) => nodes.includes(id));
  const repartition: InternalTopic[] = hops.map(({ topic, node, sink, source }) => ({ kind: 'repartition', topic, node, from: of(sink), to: of(source) }));
  if (!changelog) return repartition;
  return [...repartition, ...subs.flatMap(({ stores }, sub) => stores.map((node) => ({ kind: 'changelog' as const, topic: changelogTopic(group, node), node, sub })))];
}

/** The topic that rebuilds a store. */
export function changelogTopic(group: string, node: string): string {
  return `${group}-${node}-changelog`;
}
