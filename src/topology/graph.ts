import type { Plan, PlanNode } from './model.ts';

/** A topic, a pattern, an expression for topics, or a table that each daemon keeps; on which broker is told apart by the id alone. */
export interface GraphTopic {
  readonly id: string;
  readonly name: string;
  readonly kind: 'topic' | 'pattern' | 'expression' | 'table';
  /** Whether records that can never work are kept in it. */
  readonly deadLetters: boolean;
}

/** A node of a topology. */
export interface GraphNode {
  readonly id: string;
  readonly name: string;
  readonly kind: PlanNode['kind'];
  readonly type: string;
}

/** Records that go from one to the other. The label is the name of a route. */
export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: 'records' | 'dead_letters' | 'look_ups';
  readonly label: string;
}

/** The nodes of a sub-topology. */
export interface GraphPart {
  readonly name: string;
  readonly nodes: readonly GraphNode[];
}

/** Topologies as a picture has them, in the order of the files. */
export interface TopologyGraph {
  readonly topologies: readonly { readonly name: string; readonly parts: readonly GraphPart[] }[];
  readonly topics: readonly GraphTopic[];
  readonly edges: readonly GraphEdge[];
}

/** One graph of several topologies, joined at the topics that one writes and another reads. */
export function topologyGraph(plans: readonly Plan[]): TopologyGraph {
  const topics = new Topics();
  const edges: GraphEdge[] = [];
  const topologies = plans.map((plan, index) => {
    const idOf = (node: number): string => (plans.length === 1 ? `n${node}` : `p${index}n${node}`);
    const broker = JSON.stringify(plan.broker);
    for (const node of plan.nodes) edges.push(...edgesOf(node, plan, idOf, (kind, name, deadLetters) => topics.id(broker, kind, name, deadLetters)));
    for (const table of plan.tables) {
      const logic = table.build();
      if (logic.from === 'topic') edges.push({ from: topics.id(broker, 'topic', logic.topic), to: topics.id(broker, 'table', `${plan.name}.${table.name}`), kind: 'records', label: '' });
    }
    const parts = plan.subTopologies.map((sub) => ({
      name: sub.name,
      nodes: sub.nodes.map((id) => {
        const { name, kind, type } = plan.nodes[id] as PlanNode;
        return { id: idOf(id), name, kind, type };
      })
    }));
    return { name: plan.name, parts };
  });
  return { topologies, topics: topics.all, edges };
}

function edgesOf(node: PlanNode, plan: Plan, idOf: (node: number) => string, topicId: (kind: GraphTopic['kind'], name: string, deadLetters?: boolean) => string): GraphEdge[] {
  const own = idOf(node.id);
  const edges: GraphEdge[] = [];
  const add = (from: string, to: string, label = '', kind: GraphEdge['kind'] = 'records'): void => void edges.push({ from, to, kind, label });
  if (node.kind === 'source') {
    const { topics, patterns } = node.build().reads;
    for (const topic of topics) add(topicId('topic', topic), own);
    for (const { source } of patterns) add(topicId('pattern', source.replace(/^\^\(\?:(.*)\)\$$/s, '$1')), own);
  } else {
    for (const { node: upstream, port } of node.inputs) add(idOf(upstream), own, outputOf(plan.nodes[upstream], port));
  }
  if (node.kind === 'transform') {
    if (node.table !== null) add(idOf(node.table), own, '', 'look_ups');
    if (node.looksUp !== null) add(topicId('table', `${plan.name}.${node.looksUp}`), own, '', 'look_ups');
  }
  if (node.kind === 'sink') {
    const { topic, topicExpression = '' } = node.build();
    add(own, topic === null ? topicId('expression', topicExpression) : topicId('topic', topic));
  }
  if (node.onError.action === 'dead_letter') add(own, topicId('topic', node.onError.topic, true), '', 'dead_letters');
  return edges;
}

function outputOf(node: PlanNode | undefined, port: number): string {
  return node?.kind === 'transform' ? (node.outputs[port] ?? '') : '';
}

/** Gives each topic of a broker one id. */
class Topics {
  readonly #known = new Map<string, GraphTopic>();

  get all(): GraphTopic[] {
    return [...this.#known.values()];
  }

  id(broker: string, kind: GraphTopic['kind'], name: string, deadLetters = false): string {
    const key = JSON.stringify([broker, kind, name]);
    const known = this.#known.get(key) ?? { id: `t${this.#known.size}`, name, kind, deadLetters };
    this.#known.set(key, deadLetters ? { ...known, deadLetters } : known);
    return known.id;
  }
}
