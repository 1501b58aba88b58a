import type { SinkLogic, SourceLogic, StatefulLogic, TransformLogic } from '../../actors/component.ts';
import type { StreamRecord } from '../../actors/record.ts';
import type { Store } from '../../actors/store.ts';
import type { Parcel } from '../../actors/window/parcel.ts';
import { createCodec } from '../codec/create.ts';
import type { Graph } from './connect.ts';
import type { Built, Declared, OnErrorOption } from './declare.ts';
import type { Edge, ErrorPolicy, NodeTask, PlanNode } from './model.ts';

/** The way of a keyed node's records from one half of it to the other. */
export interface Hop {
  readonly topic: string;
  /** Name of the node in the file. */
  readonly node: string;
  /** The sink that writes it, the source that reads it, by id. */
  readonly sink: number;
  readonly source: number;
}

/** The nodes of a plan, in topological order. */
export interface PlanNodes {
  readonly nodes: readonly PlanNode[];
  readonly hops: readonly Hop[];
  readonly unhurried: boolean;
}

/** What the nodes of a plan are made from. */
export interface PlanNodesSettings {
  readonly graph: Graph;
  readonly group: string;
  readonly onError: OnErrorOption;
}

/** Makes the nodes of a plan. A keyed node whose records are not where their key belongs becomes two, with a repartition topic in between. */
export function planNodes(settings: PlanNodesSettings): PlanNodes {
  return new Planner(settings).run();
}

class Planner {
  readonly #settings: PlanNodesSettings;
  readonly #nodes: PlanNode[] = [];
  readonly #hops: Hop[] = [];
  /** The node that those downstream read, by index in the graph. */
  readonly #ids = new Map<number, number>();
  /** Nodes, by index in the graph, whose records may have another key than they were partitioned by. */
  readonly #moved = new Set<number>();
  #unhurried = false;

  constructor(settings: PlanNodesSettings) {
    this.#settings = settings;
  }

  run(): PlanNodes {
    for (const index of this.#settings.graph.order) this.#ids.set(index, this.#add(index));
    return { nodes: this.#nodes, hops: this.#hops, unhurried: this.#unhurried };
  }

  /** Adds what a node of the graph becomes; gives the id of what is read of it. */
  #add(index: number): number {
    const { graph } = this.#settings;
    const declared = graph.nodes[index] as Declared;
    const { kind, name, outputs, built } = declared;
    if (built === null || outputs === null) throw new Error(`node ${name} has mistakes`);
    const edges = graph.inputs[index] ?? [];
    const inputs: Edge[] = edges.map(({ node, port }) => ({ node: this.#ids.get(node) ?? -1, port }));
    const moved = edges.some(({ node }) => this.#moved.has(node));
    const base = { name, type: built.component.type, onError: policy(built.onError ?? this.#settings.onError) };
    if (kind === 'source') return this.#push({ kind, ...base, build: () => built.build() as SourceLogic });
    if (kind === 'sink') return this.#push({ kind, ...base, inputs, build: () => built.build() as SinkLogic });
    const { component } = built;
    if (component.kind !== 'transform') throw new Error(`${name} is no transform`);
    if (moved || component.changesKeys === true || component.stateful === true) this.#moved.add(index);
    if (component.stateful === true) return this.#stateful(declared, built, inputs, moved, base);
    return this.#push({ kind, ...base, inputs, outputs, holds: null, timed: false, late: null, build: () => built.build() as TransformLogic });
  }

  #stateful({ name }: Declared, { build, logic }: Built, inputs: readonly Edge[], moved: boolean, base: Pick<PlanNode, 'name' | 'type' | 'onError'>): number {
    const { holds, regroups, late, unhurried } = logic as StatefulLogic;
    const fresh = (): StatefulLogic => build() as StatefulLogic;
    this.#unhurried ||= unhurried;
    const node = { kind: 'transform', ...base, outputs: [''], timed: true, late } as const;
    const contents = (store: Store): StreamRecord[] => fresh().contents(store);
    if (!regroups && !moved) return this.#push({ ...node, inputs, holds, contents, build: (task) => fresh().local(task, task.store(name)) });
    const topic = `${this.#settings.group}-${name}-repartition`;
    const before = this.#push({ ...node, name: `${name}.before`, inputs, holds: null, build: (task) => fresh().before(task, task.partitions(topic)) });
    const fails = { type: 'repartition', onError: { action: 'fail' } } as const;
    const sink = this.#push({ kind: 'sink', ...fails, name: `${name}.out`, inputs: [{ node: before, port: 0 }], build: () => parcelSink(topic) });
    const source = this.#push({ kind: 'source', ...fails, name: `${name}.in`, build: () => parcelSource(topic) });
    this.#hops.push({ topic, node: name, sink, source });
    return this.#push({ ...node, inputs: [{ node: source, port: 0 }], holds, contents, build: (task: NodeTask) => fresh().behind(task, task.store(name)) });
  }

  #push(node: Unnumbered): number {
    const id = this.#nodes.length;
    this.#nodes.push({ ...node, id });
    return id;
  }
}

/** A node before it has its place. */
type Unnumbered = PlanNode extends infer N ? (N extends PlanNode ? Omit<N, 'id'> : never) : never;

function policy(onError: OnErrorOption): ErrorPolicy {
  if (typeof onError === 'string') return { action: onError };
  return { action: 'dead_letter', topic: onError.dead_letter, envelope: onError.envelope };
}

const json = createCodec('json', null);

/** Writes parcels, each to the partition it is for. */
function parcelSink(topic: string): SinkLogic {
  return {
    topic,
    compression: 'none',
    batch: { records: 10_000, bytes: 1024 * 1024, linger: 0 },
    output(record, now) {
      const parcel = record.value as Parcel;
      return { topic, partition: parcel.to, key: null, value: json.encode(parcel), headers: [], timestamp: now };
    }
  };
}

/** Reads parcels. Their event time is that of what is in them, and their watermarks come with them. */
function parcelSource(topic: string): SourceLogic {
  return {
    reads: { topics: [topic], patterns: [] },
    start: 'earliest',
    rateLimit: null,
    codec: json,
    tombstones: 'pass',
    time: { expression: null, readsValue: false, delay: 0, idle: Infinity, advance: false, maxFuture: Infinity }
  };
}
