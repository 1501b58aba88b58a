import type { SinkLogic, SourceLogic, TransformComponent, TransformLogic } from '../../actors/component.ts';
import type { Parcel } from '../../actors/keyed/parcel.ts';
import type { KeyedTask, StatefulLogic } from '../../actors/keyed/stateful.ts';
import type { StreamRecord } from '../../actors/record.ts';
import type { Store } from '../../actors/store.ts';
import type { LookupLogic, TableLogic } from '../../actors/table/table.ts';
import { plainCodecs } from '../codec/plain.ts';
import type { Graph } from './connect.ts';
import type { Built, Declared, OnErrorOption } from './declare.ts';
import type { Edge, ErrorPolicy, NodeTask, PlanNode, PlanTable } from './model.ts';

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
  readonly tables: readonly PlanTable[];
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
  readonly #tables: PlanTable[] = [];
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
    for (const index of this.#settings.graph.order) this.#add(index);
    return { nodes: this.#nodes, tables: this.#tables, hops: this.#hops, unhurried: this.#unhurried };
  }

  /** Adds what a node of the graph becomes. */
  #add(index: number): void {
    const { graph, onError } = this.#settings;
    const { kind, name, outputs, built } = graph.nodes[index] as Declared;
    if (built === null || outputs === null) throw new Error(`node ${name} has mistakes`);
    const base = { name, type: built.component.type, onError: policy(built.onError ?? onError) };
    if (kind === 'table') this.#tables.push({ ...base, build: () => built.build() as TableLogic });
    else this.#ids.set(index, this.#node(index, built, base));
  }

  /** Gives the id of what is read of it. */
  #node(index: number, built: Built, base: Base): number {
    const { nodes, inputs } = this.#settings.graph;
    const { kind, outputs } = nodes[index] as Declared;
    if (kind === 'source') return this.#push({ kind, ...base, build: () => built.build() as SourceLogic });
    const edges: Edge[] = (inputs[index] ?? []).map((edge) => ({ ...edge, node: this.#ids.get(edge.node) ?? -1 }));
    if (kind === 'sink') return this.#push({ kind, ...base, inputs: edges, build: () => built.build() as SinkLogic });
    const component = built.component as TransformComponent;
    const moved = (inputs[index] ?? []).filter(({ node }) => this.#moved.has(node));
    if (moved.length > 0 || component.changesKeys === true) this.#moved.add(index);
    if (component.stateful === true) return this.#stateful(index, built, edges, new Set(moved.map(({ input }) => input)), base);
    const plain = { kind: 'transform', ...base, inputs: edges, outputs: outputs ?? [''], holds: null, timed: false, late: null, table: null, looksUp: null, bound: null } as const;
    if (component.table === 'entry') {
      const looksUp = this.#tableName(index);
      return this.#push({ ...plain, looksUp, build: (task) => (built.build() as LookupLogic).open(task.table(looksUp)) });
    }
    return this.#push({ ...plain, build: () => built.build() as TransformLogic });
  }

  /** `moved`: inputs whose records may not be in the partition of their own key. */
  #stateful(index: number, { build, logic, component }: Built, edges: readonly Edge[], moved: ReadonlySet<number>, base: Base): number {
    const { name } = base;
    const { holds, regroups, regrouped = false, late, unhurried, bound } = logic as StatefulLogic;
    const fresh = (): StatefulLogic => build() as StatefulLogic;
    this.#unhurried ||= unhurried;
    const shipped = regroups.map((other, input) => other || moved.has(input));
    if (regrouped) this.#moved.delete(index);
    else if (shipped.includes(true)) this.#moved.add(index);
    const sides = regroups.length === 1 ? [''] : ((component as TransformComponent).sides ?? []);
    const node = { kind: 'transform', ...base, outputs: [''], timed: true, late, looksUp: null } as const;
    const before = { ...node, holds: null, table: null, bound: null } as const;
    const read = shipped.map((hop, input) => {
      const own = edges.filter((edge) => edge.input === input);
      if (!hop) return own;
      const halves = this.#hop(base, sides[input] ?? '', (topic, name) => this.#push({ ...before, name, inputs: own.map((edge) => ({ ...edge, input: 0 })), build: (task) => fresh().before(task, task.partitions(topic), input) }));
      return [{ node: halves, port: 0, input }];
    });
    const table = this.#tableOf(index);
    const contents = (store: Store): StreamRecord[] => fresh().contents(store);
    const open = (task: NodeTask): TransformLogic => fresh().open(keyedTask(task, name, shipped, table === null ? null : (this.#nodes[table]?.name ?? null)));
    return this.#push({ ...node, inputs: read.flat(), holds, table, bound: holds === null ? null : bound, ...(holds === null ? {} : { contents }), build: open });
  }

  /** The way over a repartition topic, behind a half that `before` adds; gives the id of the source that reads it. */
  #hop({ name }: Base, side: string, before: (topic: string, name: string) => number): number {
    const topic = [this.#settings.group, name, ...(side === '' ? [] : [side]), 'repartition'].join('-');
    const suffix = side === '' ? '' : `.${side}`;
    const half = before(topic, `${name}.before${suffix}`);
    const fails = { type: 'repartition', onError: { action: 'fail' } } as const;
    const sink = this.#push({ kind: 'sink', ...fails, name: `${name}.out${suffix}`, inputs: [{ node: half, port: 0, input: 0 }], build: () => parcelSink(topic) });
    const source = this.#push({ kind: 'source', ...fails, name: `${name}.in${suffix}`, build: () => parcelSource(topic) });
    this.#hops.push({ topic, node: name, sink, source });
    return source;
  }

  /** The table node whose store a node looks up in, by id. */
  #tableOf(index: number): number | null {
    const table = this.#settings.graph.tables[index] ?? null;
    return table === null ? null : (this.#ids.get(table) ?? null);
  }

  #tableName(index: number): string {
    const { nodes, tables } = this.#settings.graph;
    return nodes[tables[index] ?? -1]?.name ?? '';
  }

  #push(node: Unnumbered): number {
    const id = this.#nodes.length;
    this.#nodes.push({ ...node, id });
    return id;
  }
}

/** What all nodes have of their declaration. */
type Base = Pick<PlanNode, 'name' | 'type' | 'onError'>;

function keyedTask(task: NodeTask, name: string, shipped: readonly boolean[], table: string | null): KeyedTask {
  return {
    task: task.task,
    tasks: task.tasks,
    watermark: task.watermark,
    shipped,
    get store() {
      return task.store(name);
    },
    table: table === null ? null : task.store(table)
  };
}

/** A node before it has its place. */
type Unnumbered = PlanNode extends infer N ? (N extends PlanNode ? Omit<N, 'id'> : never) : never;

function policy(onError: OnErrorOption): ErrorPolicy {
  if (typeof onError === 'string') return { action: onError };
  return { action: 'dead_letter', topic: onError.dead_letter, envelope: onError.envelope };
}

const json = plainCodecs.json;

/** Writes parcels, each to the partition it is for. */
function parcelSink(topic: string): SinkLogic {
  return {
    topic,
    compression: 'none',
    codec: null,
    keyCodec: null,
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
    keyCodec: null,
    maxSize: Infinity,
    tombstones: 'pass',
    time: { expression: null, readsValue: false, delay: 0, idle: Infinity, advance: false, maxFuture: Infinity }
  };
}
