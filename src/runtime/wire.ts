import type { SinkLogic, TransformLogic } from '../../actors/component.ts';
import type { Delivery } from '../../actors/message.ts';
import type { TopicPartition } from '../../actors/port.ts';
import { ownerOf } from '../../actors/topic-set.ts';
import type { TaskState } from '../../actors/store.ts';
import type { TableView } from '../../actors/table/table.ts';
import type { TopicSet } from '../../actors/topic-set.ts';
import type { Edge, NodeTask, Plan, PlanNode, SourceNode, SubTopology, TransformNode } from '../topology/model.ts';
import type { Clock } from './clock.ts';
import type { EdgeMeter, TaskMeters } from './meters.ts';
import { NodeMeter } from './node-meter.ts';
import { Outlet } from './outlet.ts';
import type { SinkMessage, Target } from './outlet.ts';
import type { Outbox, PendingRecord } from './outbox.ts';
import { SinkReceiver } from './sink-actor.ts';
import type { EpochWork } from './sink-actor.ts';
import { nameInFile } from './node-name.ts';
import { Slices } from './slices.ts';
import type { Cost } from './slices.ts';
import { sourceReceiver } from './source-actor.ts';
import type { SourceMessage } from './source-actor.ts';
import type { Actor } from './system.ts';
import type { Taps } from './taps.ts';
import type { Topics } from './topics.ts';
import { transformReceiver } from './transform-actor.ts';
import type { NodeSettings } from './transform-actor.ts';
import type { TaskTrace } from './trace.ts';

/** A partition a task reads, from where on, and its watermark there. */
export interface TaskInput extends TopicPartition {
  readonly start: number;
  readonly watermark: number;
}

/** What nodes need of their task, beside the records. */
export interface KeyedSettings {
  /** How many tasks the sub-topology has. */
  readonly tasks: number;
  /** Watermarks that nodes called their own in the last committed epoch, by name. */
  readonly watermarks: Readonly<Record<string, number>>;
  /** Null for a task without stores. */
  readonly state: TaskState | null;
  /** Partition count of a repartition topic. */
  partitions(topic: string): number;
  /** A replicated table of the topology. */
  table(name: string): TableView;
}

/** The actors of a task. */
export interface WiredTask {
  /** In the order of `inputs`. */
  readonly sources: readonly Actor<SourceMessage>[];
  /** Entries that nodes hold until the barrier. */
  readonly pending: () => number;
}

/** What a task's actors are wired from. */
export interface WireSettings {
  readonly plan: Plan;
  readonly sub: SubTopology;
  readonly inputs: readonly TaskInput[];
  readonly parent: Actor<never>;
  readonly outbox: Outbox;
  readonly topics: Topics;
  readonly clock: Clock;
  readonly keyed: KeyedSettings;
  /** See `SinkActorSettings`. */
  readonly changelog: () => readonly PendingRecord[];
  readonly meters: TaskMeters;
  /** Null where tracing is off. */
  readonly trace: TaskTrace | null;
  /** Who looks at what nodes send on; nobody where it is absent. */
  readonly taps?: Taps;
  readonly onAligned: (work: EpochWork) => void;
  readonly onFault: (error: unknown) => void;
}

/** Starts the actors of a task, from its sink back to its sources. */
export function wireTask(settings: WireSettings): WiredTask {
  return new Wiring(settings).start();
}

/** A reader of an output, by the edge between them. */
interface Connection {
  readonly edge: Edge;
  readonly target: Target;
}

class Wiring {
  readonly #settings: WireSettings;
  /** The nodes that records can reach in this task: a source may have fewer partitions than its neighbours. */
  readonly #nodes: readonly PlanNode[];
  readonly #live: ReadonlySet<number>;
  readonly #sources: { readonly node: SourceNode; readonly reads: TopicSet }[] = [];
  /** Targets by upstream node and port, filled as the receivers come to be. */
  readonly #targets = new Map<string, Connection[]>();
  readonly #sourceActors = new Map<number, number>();
  #sinkActor: Actor<SinkMessage> | null = null;
  #sinkChannels = 0;
  readonly #logics: TransformLogic[] = [];
  readonly #slices = new Slices();

  constructor(settings: WireSettings) {
    this.#settings = settings;
    const nodes = settings.sub.nodes.map((id) => settings.plan.nodes[id] as PlanNode);
    for (const node of nodes) {
      if (node.kind !== 'source') continue;
      this.#sources.push({ node, reads: node.build().reads });
    }
    for (const input of settings.inputs) {
      const { id } = this.#source(input);
      this.#sourceActors.set(id, (this.#sourceActors.get(id) ?? 0) + 1);
    }
    const live = new Set(this.#sourceActors.keys());
    for (const node of nodes) {
      if (node.kind !== 'source' && node.inputs.some((edge) => live.has(edge.node))) live.add(node.id);
    }
    this.#live = live;
    this.#nodes = nodes.filter(({ id }) => live.has(id));
  }

  start(): WiredTask {
    this.#startSink();
    for (const team of this.#teams().toReversed()) this.#startTransforms(team);
    const sources = this.#settings.inputs.map((input) => this.#startSource(input));
    const waiting = this.#logics.filter(({ pending }) => pending !== undefined);
    return { sources, pending: () => waiting.reduce((sum, { pending = 0 }) => sum + pending, 0) };
  }

  #startSink(): void {
    const sinks = new Map<number, SinkLogic>();
    const { plan, outbox, topics, changelog, meters, trace, clock, onAligned } = this.#settings;
    for (const node of this.#nodes) {
      if (node.kind !== 'sink') continue;
      sinks.set(node.id, node.build());
      for (const edge of node.inputs) this.#connect(edge, { kind: 'sink', sink: node.id, edge: meters.edge(edge.node, node.id) });
    }
    const transforms = this.#nodes.filter(({ kind }) => kind === 'transform').length;
    const channels = this.#settings.inputs.length + transforms;
    const rotation = this.#settings.inputs[0]?.partition ?? 0;
    const receiver = new SinkReceiver({ nodes: plan.nodes, sinks, channels, rotation, outbox, topics, changelog, onAligned, meters, cost: this.#slices.cost(), trace, elapsed: () => clock.elapsed() });
    this.#sinkActor = this.#spawn<SinkMessage>('sink', (message) => receiver.receive(message));
  }

  /** Transforms that share an actor: a table node and, behind it, those that look up in its store. Every other one has an actor of its own. */
  #teams(): TransformNode[][] {
    const teams = new Map<number, TransformNode[]>();
    for (const node of this.#nodes) {
      if (node.kind !== 'transform') continue;
      const leader = node.table ?? node.id;
      const team = teams.get(leader);
      if (team === undefined) teams.set(leader, [node]);
      else team.push(node);
    }
    return [...teams.values()];
  }

  #startTransforms(team: readonly TransformNode[]): void {
    const nodes: NodeSettings[] = [];
    const connects: ((actor: Actor<Delivery>, first: number) => number)[] = [];
    for (const node of team) {
      const edges = node.inputs.flatMap((edge) => Array.from({ length: this.#channelsFrom(edge.node) }, () => edge));
      const meters = edges.map((edge) => this.#settings.meters.edge(edge.node, node.id));
      nodes.push(this.#node(node, edges.map(({ input }) => input), this.#meter(node, meters, this.#slices.cost())));
      connects.push((actor, first) => {
        edges.forEach((edge, index) => { this.#connect(edge, { kind: 'node', actor, channel: first + index, edge: meters[index] as EdgeMeter, sent: 0 }); });
        return first + edges.length;
      });
    }
    const actor = this.#spawn<Delivery>(`node.${team[0]?.name ?? ''}`, transformReceiver(nodes));
    connects.reduce((first, connect) => connect(actor, first), 0);
  }

  #node(node: TransformNode, channels: readonly number[], meter: NodeMeter): NodeSettings {
    const outlet = this.#outlet(node, node.outputs.length);
    const { state, watermarks } = this.#settings.keyed;
    const watermark = watermarks[node.name] ?? -Infinity;
    const logic = node.build(this.#nodeTask(watermark));
    this.#logics.push(logic);
    const seal = (): void => { if (node.holds !== null) state?.seal(node.name); };
    return { logic, channels, outlet, watermark, seal, meter, name: nameInFile(node.name), trace: this.#settings.trace };
  }

  #meter({ id }: PlanNode, edges: readonly EdgeMeter[], cost: Cost | null): NodeMeter {
    const { meters, clock } = this.#settings;
    return new NodeMeter(meters.processing(id), edges, () => clock.elapsed(), cost);
  }

  #nodeTask(watermark: number): NodeTask {
    const { keyed, inputs } = this.#settings;
    return {
      task: inputs[0]?.partition ?? 0,
      tasks: keyed.tasks,
      watermark,
      partitions: (topic) => keyed.partitions(topic),
      store(name) {
        if (keyed.state === null) throw new Error(`There is no state for the store ${name}.`);
        return keyed.state.store(name);
      },
      table: (name) => keyed.table(name)
    };
  }

  /** A source has as many actors, and so channels, as it has topic partitions in this task. */
  #channelsFrom(upstream: number): number {
    const node = this.#settings.plan.nodes[upstream] as PlanNode;
    return node.kind === 'source' ? (this.#sourceActors.get(upstream) ?? 0) : Number(this.#live.has(upstream));
  }

  #startSource(input: TaskInput): Actor<SourceMessage> {
    const node = this.#source(input);
    const outlet = this.#outlet(node, 1, true);
    const receive = sourceReceiver(node.build(), input, { position: input.start, watermark: this.#settings.sub.timed ? input.watermark : null }, outlet, this.#slices, this.#settings.clock, this.#settings.trace);
    return this.#spawn(`source.${node.name}.${input.topic}`, metered(receive, this.#meter(node, [], null)));
  }

  #source({ topic }: TopicPartition): SourceNode {
    const node = this.#sources[ownerOf(topic, this.#sources.map(({ reads }) => reads))]?.node;
    if (node === undefined) throw new Error(`No source of sub-topology ${this.#settings.sub.name} reads ${topic}.`);
    return node;
  }

  #outlet(node: SourceNode | TransformNode, ports: number, exclusive = false): Outlet {
    const sink = { actor: this.#sinkActor as Actor<SinkMessage>, channel: this.#sinkChannels++ };
    const targets = Array.from({ length: ports }, (_, port) => this.#take(node.id, port, exclusive));
    return new Outlet({ node: node.id, name: node.name, onError: node.onError, keepsLate: node.kind === 'transform' && node.late !== null, ports: targets, sink, taps: this.#settings.taps, elapsed: () => this.#settings.clock.elapsed() });
  }

  #connect(edge: Edge, target: Target): void {
    const key = `${edge.node}:${edge.port}`;
    const connections = this.#targets.get(key);
    if (connections === undefined) this.#targets.set(key, [{ edge, target }]);
    else connections.push({ edge, target });
  }

  /** The targets of an output; each of a source's actors takes one channel of its own on every edge. */
  #take(node: number, port: number, exclusive: boolean): Target[] {
    const connections = this.#targets.get(`${node}:${port}`) ?? [];
    if (!exclusive) return connections.map(({ target }) => target);
    const taken: Target[] = [];
    const edges = new Set<Edge>();
    for (const connection of [...connections]) {
      const { edge, target } = connection;
      if (target.kind === 'sink') taken.push(target);
      else if (!edges.has(edge)) {
        edges.add(edge);
        taken.push(target);
        connections.splice(connections.indexOf(connection), 1);
      }
    }
    return taken;
  }

  #spawn<M>(name: string, receive: (message: M) => void | Promise<void>): Actor<M> {
    return this.#settings.parent.spawn<M>({ name, receive, onFault: (error) => { this.#settings.onFault(error); } });
  }
}

/** A source's batches are those that were fetched. */
function metered(receive: (message: SourceMessage) => void | Promise<void>, meter: NodeMeter): (message: SourceMessage) => void | Promise<void> {
  return (message) => {
    if (message.kind === 'barrier') return receive(message);
    const started = meter.begin(0, message.batch.records.length);
    const pending = receive(message);
    if (pending === undefined) meter.end(started);
    else return pending.then(() => { meter.end(started); });
    return undefined;
  };
}
