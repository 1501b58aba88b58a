import type { SinkLogic, TransformLogic } from '../../actors/component.ts';
import type { Delivery } from '../../actors/message.ts';
import type { TopicPartition } from '../../actors/port.ts';
import { ownerOf } from '../../actors/topic-set.ts';
import type { TaskState } from '../../actors/store.ts';
import type { TopicSet } from '../../actors/topic-set.ts';
import type { Edge, NodeTask, Plan, PlanNode, SourceNode, SubTopology, TransformNode } from '../topology/model.ts';
import type { Clock } from './clock.ts';
import { Outlet } from './outlet.ts';
import type { SinkMessage, Target } from './outlet.ts';
import type { Outbox, PendingRecord } from './outbox.ts';
import { SinkReceiver } from './sink-actor.ts';
import type { EpochWork } from './sink-actor.ts';
import { sourceReceiver } from './source-actor.ts';
import type { SourceMessage } from './source-actor.ts';
import type { Actor } from './system.ts';
import type { Topics } from './topics.ts';
import { transformReceiver } from './transform-actor.ts';

/** A partition a task reads, from where on, and its watermark there. */
export interface TaskInput extends TopicPartition {
  readonly start: number;
  readonly watermark: number;
}

/** What keyed nodes need of their task. */
export interface KeyedSettings {
  /** How many tasks the sub-topology has. */
  readonly tasks: number;
  /** Watermarks that nodes called their own in the last committed epoch, by name. */
  readonly watermarks: Readonly<Record<string, number>>;
  /** Null for a task without stores. */
  readonly state: TaskState | null;
  /** Partition count of a repartition topic. */
  partitions(topic: string): number;
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
  readonly onAligned: (work: EpochWork) => void;
  readonly onFault: (error: unknown) => void;
}

/** Starts the actors of a task, from its sink back to its sources. */
export function wireTask(settings: WireSettings): WiredTask {
  return new Wiring(settings).start();
}

class Wiring {
  readonly #settings: WireSettings;
  /** The nodes that records can reach in this task: a source may have fewer partitions than its neighbours. */
  readonly #nodes: readonly PlanNode[];
  readonly #live: ReadonlySet<number>;
  readonly #sources: { readonly node: SourceNode; readonly reads: TopicSet }[] = [];
  /** Targets by upstream node and port, filled as the receivers come to be. */
  readonly #targets = new Map<string, Target[]>();
  readonly #sourceActors = new Map<number, number>();
  #sinkActor: Actor<SinkMessage> | null = null;
  #sinkChannels = 0;
  readonly #logics: TransformLogic[] = [];

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
    for (const node of this.#nodes.toReversed()) {
      if (node.kind === 'transform') this.#startTransform(node);
    }
    const sources = this.#settings.inputs.map((input) => this.#startSource(input));
    const waiting = this.#logics.filter(({ pending }) => pending !== undefined);
    return { sources, pending: () => waiting.reduce((sum, { pending = 0 }) => sum + pending, 0) };
  }

  #startSink(): void {
    const sinks = new Map<number, SinkLogic>();
    for (const node of this.#nodes) {
      if (node.kind !== 'sink') continue;
      sinks.set(node.id, node.build());
      for (const edge of node.inputs) this.#connect(edge, { kind: 'sink', sink: node.id });
    }
    const transforms = this.#nodes.filter(({ kind }) => kind === 'transform').length;
    const { plan, outbox, topics, changelog, onAligned } = this.#settings;
    const channels = this.#settings.inputs.length + transforms;
    const rotation = this.#settings.inputs[0]?.partition ?? 0;
    const receiver = new SinkReceiver({ nodes: plan.nodes, sinks, channels, rotation, outbox, topics, changelog, onAligned });
    this.#sinkActor = this.#spawn<SinkMessage>('sink', (message) => receiver.receive(message));
  }

  #startTransform(node: TransformNode): void {
    const channelsOf = node.inputs.map(({ node: upstream }) => this.#channelsFrom(upstream));
    const channels = channelsOf.reduce((sum, count) => sum + count, 0);
    const outlet = this.#outlet(node, node.outputs.length);
    const { state, watermarks } = this.#settings.keyed;
    const watermark = watermarks[node.name] ?? -Infinity;
    const logic = node.build(this.#nodeTask(watermark));
    this.#logics.push(logic);
    const seal = (): void => { if (node.holds !== null) state?.seal(node.name); };
    const actor = this.#spawn<Delivery>(`node.${node.name}`, transformReceiver({ logic, channels, outlet, watermark, seal }));
    let next = 0;
    node.inputs.forEach((edge, index) => {
      for (let count = channelsOf[index] ?? 0; count > 0; count -= 1) this.#connect(edge, { kind: 'node', actor, channel: next++, sent: 0 });
    });
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
      }
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
    const receive = sourceReceiver(node.build(), input, { position: input.start, watermark: this.#settings.sub.timed ? input.watermark : null }, outlet, this.#settings.clock);
    return this.#spawn(`source.${node.name}.${input.topic}`, receive);
  }

  #source({ topic }: TopicPartition): SourceNode {
    const node = this.#sources[ownerOf(topic, this.#sources.map(({ reads }) => reads))]?.node;
    if (node === undefined) throw new Error(`No source of sub-topology ${this.#settings.sub.name} reads ${topic}.`);
    return node;
  }

  #outlet(node: SourceNode | TransformNode, ports: number, exclusive = false): Outlet {
    const sink = { actor: this.#sinkActor as Actor<SinkMessage>, channel: this.#sinkChannels++ };
    const targets = Array.from({ length: ports }, (_, port) => this.#take(node.id, port, exclusive));
    return new Outlet({ node: node.id, name: node.name, onError: node.onError, keepsLate: node.kind === 'transform' && node.late !== null, ports: targets, sink });
  }

  #connect({ node, port }: Edge, target: Target): void {
    const key = `${node}:${port}`;
    const targets = this.#targets.get(key);
    if (targets === undefined) this.#targets.set(key, [target]);
    else targets.push(target);
  }

  /** The targets of an output; each of a source's actors takes one channel of its own to every transform that reads it. */
  #take(node: number, port: number, exclusive: boolean): Target[] {
    const targets = this.#targets.get(`${node}:${port}`) ?? [];
    if (!exclusive) return targets;
    const taken: Target[] = [];
    const actors = new Set<Actor<Delivery>>();
    for (const target of [...targets]) {
      if (target.kind === 'sink') taken.push(target);
      else if (!actors.has(target.actor)) {
        actors.add(target.actor);
        taken.push(target);
        targets.splice(targets.indexOf(target), 1);
      }
    }
    return taken;
  }

  #spawn<M>(name: string, receive: (message: M) => void | Promise<void>): Actor<M> {
    return this.#settings.parent.spawn<M>({ name, receive, onFault: (error) => { this.#settings.onFault(error); } });
  }
}
