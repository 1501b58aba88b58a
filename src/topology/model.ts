import type { AlertValues } from '../../actors/alert-variables.ts';
import type { SinkLogic, SourceLogic, TaskContext, TransformLogic } from '../../actors/component.ts';
import type { Registry } from '../codec/registry/registry.ts';
import type { StreamRecord } from '../../actors/record.ts';
import type { SaslSettings, TlsSettings } from '../../actors/security.ts';
import type { Store } from '../../actors/store.ts';
import type { TableLogic, TableView } from '../../actors/table/table.ts';
import type { TopicSet } from '../../actors/topic-set.ts';

/** A mistake in a topology file, with its place (1-based). */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

/** What happens to a record that can never work at a node. */
export type ErrorPolicy =
  | { readonly action: 'dead_letter'; readonly topic: string; readonly envelope: boolean }
  | { readonly action: 'skip' }
  | { readonly action: 'fail' };

/** One output of an upstream node. */
export interface Edge {
  readonly node: number;
  readonly port: number;
  /** Which input of the reader it is; 0 where that has just one. */
  readonly input: number;
}

interface NodeBase {
  /** Index in `Plan.nodes`; upstream nodes have lower ones. */
  readonly id: number;
  readonly name: string;
  readonly type: string;
  readonly onError: ErrorPolicy;
}

/** A use of a source component, or the reading end of a repartition topic. */
export interface SourceNode extends NodeBase {
  readonly kind: 'source';
  build(): SourceLogic;
}

/** What a transform is built for: where its task stands, and what it needs of it. */
export interface NodeTask extends TaskContext {
  /** Partition count of a repartition topic. */
  partitions(topic: string): number;
  store(name: string): Store;
  /** A replicated table. */
  table(name: string): TableView;
}

/** A use of a transform component, or a half of one. */
export interface TransformNode extends NodeBase {
  readonly kind: 'transform';
  readonly inputs: readonly Edge[];
  /** Names of the outputs by port; [''] where there is just one. */
  readonly outputs: readonly string[];
  /** What its store holds, under the node's name; null for a node without one. */
  readonly holds: Readonly<Record<string, unknown>> | null;
  /** True where it goes by event time. */
  readonly timed: boolean;
  /** Topic for late records; null where there are none, or they are dropped. */
  readonly late: string | null;
  /** The table node in whose store it looks up, which shares an actor with it; null for none. */
  readonly table: number | null;
  /** The entry of tables that it looks up in; null for none. */
  readonly looksUp: string | null;
  /** What bounds its store, for people; null for a node without one. */
  readonly bound: string | null;
  /** Fresh logic, for one task. */
  build(task: NodeTask): TransformLogic;
  /** What its store holds, as results; absent for a node without one. */
  contents?(store: Store): StreamRecord[];
}

/** A use of a sink component. */
export interface SinkNode extends NodeBase {
  readonly kind: 'sink';
  readonly inputs: readonly Edge[];
  build(): SinkLogic;
}

/** A replicated table, under its name in the file. */
export interface PlanTable {
  readonly name: string;
  readonly type: string;
  readonly onError: ErrorPolicy;
  build(): TableLogic;
}

/** A use of a component, under its name in the file. */
export type PlanNode = SourceNode | TransformNode | SinkNode;

/** Nodes that are connected without a repartition topic between them; each partition number of its topics is one task. */
export interface SubTopology {
  /** After its first stateful node, else its first source. */
  readonly name: string;
  readonly nodes: readonly number[];
  /** Every topic its sources read. */
  readonly reads: TopicSet;
  /** Names of its stores; each is that of its node. */
  readonly stores: readonly string[];
  /** Topics that fill tables that other nodes look up in: read to the end there is at the start before anything else. */
  readonly first: readonly string[];
  /** True where a node goes by event time. */
  readonly timed: boolean;
}

/** A topic that belongs to the topology itself: made, and purged or compacted, by it alone. */
export type InternalTopic =
  /** From one sub-topology to another, by their indexes; as many partitions as what is read upstream. */
  | { readonly kind: 'repartition'; readonly topic: string; readonly node: string; readonly from: number; readonly to: number }
  /** Rebuilds a store; as many partitions as the sub-topology has tasks. */
  | { readonly kind: 'changelog'; readonly topic: string; readonly node: string; readonly sub: number };

/** How state is kept. */
export interface StateOptions {
  readonly changelog: boolean;
  readonly durability: 'process' | 'power';
}

/** How somebody is told of an alert, beside the log. Times are in milliseconds. */
export type AlertWay =
  /** `url` and `secret` are shown to nobody; `secret` signs, null for no signature. */
  | { readonly kind: 'webhook'; readonly url: string; readonly secret: string | null }
  | { readonly kind: 'command'; readonly command: readonly string[]; readonly timeout: number };

/** An alert, under its name in the file. */
export interface PlanAlert {
  readonly name: string;
  /** The condition as written, and the variables it reads. */
  readonly when: string;
  readonly uses: readonly string[];
  /** Throws `expression_failed`. */
  holds(values: AlertValues): boolean;
  /** Milliseconds for which it has to hold. */
  readonly for: number;
  readonly notify: readonly AlertWay[];
}

/** The broker a topology names. */
export type BrokerConfig =
  | {
      readonly type: 'kafka';
      readonly brokers: readonly string[];
      /** Null for plain text. */
      readonly tls: TlsSettings | null;
      /** Null where no name is asked for. */
      readonly sasl: SaslSettings | null;
    }
  | { readonly type: 'embedded'; readonly path: string; readonly partitions: number };

/** What is read when, and when epochs end. Times are in milliseconds. */
export type Trigger = { readonly checkpointInterval: number } & (
  | { readonly mode: 'real_time' }
  /** Each tick reads to the ends it saw. */
  | { readonly mode: 'processing_time'; readonly interval: number }
  /** Reads to the ends there were at the start, and ends. */
  | { readonly mode: 'available_now' }
);

/** The checked, resolved topology. Nothing after it sees YAML. */
export interface Plan {
  readonly name: string;
  readonly file: string;
  /** Consumer group, and the prefix of transactional ids. */
  readonly group: string;
  readonly broker: BrokerConfig;
  /** The schema registry; null for none. */
  readonly registry: Registry | null;
  readonly delivery: 'exactly_once' | 'at_least_once';
  readonly trigger: Trigger;
  /** In topological order; a table node and those that look up in its store are neighbours. */
  readonly nodes: readonly PlanNode[];
  readonly tables: readonly PlanTable[];
  readonly subTopologies: readonly SubTopology[];
  /** Upstream ones first. */
  readonly internalTopics: readonly InternalTopic[];
  readonly state: StateOptions;
  readonly alerts: readonly PlanAlert[];
  /** True where a checkpoint costs as much as the whole state: it comes on the interval alone. */
  readonly unhurried: boolean;
  /** Hash of what members of one group must agree on: sources, sub-topologies, delivery. */
  readonly signature: string;
  /** Hash of the whole file as it was resolved, and of the files it names: with the same one nothing has changed. */
  readonly fingerprint: string;
  /** The file and those it names, to be watched. */
  readonly files: readonly string[];
}
