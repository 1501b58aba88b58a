import type { Codec } from '../../actors/codec.ts';
import { ownerOf } from '../../actors/topic-set.ts';
import { topicsOf } from '../runtime/topology-topics.ts';
import type { Plan } from '../topology/model.ts';
import { isText } from './transcode.ts';

/** A source, or a table that is a topic, as cases name it. */
export interface SourceName {
  /** The one topic it reads; null where it reads several, or by pattern. */
  readonly topic: string | null;
  /** What reads its values, and its keys; null where keys are text. */
  readonly codec: Codec;
  readonly keyCodec: Codec | null;
}

/** The names that cases use, as a plan has them. */
export interface Names {
  readonly sources: ReadonlyMap<string, SourceName>;
  /** Topics by the name of an output: a sink, a topic, `late`, `dead_letters`. */
  readonly outputs: ReadonlyMap<string, readonly string[]>;
  /** Codecs of sinks that write other than text, by topic. */
  readonly written: ReadonlyMap<string, Codec>;
  /** Sinks whose topic is an expression: what they write is expected by topic. */
  readonly dynamic: ReadonlySet<string>;
  /** Nodes with state. */
  readonly keyed: ReadonlySet<string>;
  readonly nodes: ReadonlySet<string>;
  /** Topics to be made. */
  readonly topics: readonly string[];
  /** True for a topic that a source or a table reads. */
  reads(topic: string): boolean;
}

/** The name of an output for all late records, and for all dead letters. */
const gathered = { late: 'late', deadLetters: 'dead_letters' } as const;

/** Gathers the names of a plan. */
export function namesOf(plan: Plan): Names {
  const internal = new Set(plan.internalTopics.map(({ topic }) => topic));
  const sources = new Map<string, SourceName>();
  const outputs = new Map<string, string[]>();
  const dynamic = new Set<string>();
  const written = new Map<string, Codec>();
  const add = (name: string, topic: string): void => {
    const known = outputs.get(name) ?? [];
    if (!known.includes(topic)) outputs.set(name, [...known, topic]);
    if (name !== topic && !outputs.has(topic)) outputs.set(topic, [topic]);
  };
  for (const node of plan.nodes) {
    if (node.kind === 'source' && !isHop(node.build().reads.topics, internal)) sources.set(node.name, sourceName(node.build()));
    if (node.kind === 'sink') {
      const { topic, codec } = node.build();
      if (topic !== null && codec !== null && !isText(codec)) written.set(topic, codec);
      if (topic === null) dynamic.add(node.name);
      else if (!internal.has(topic)) add(node.name, topic);
    }
    if (node.kind === 'transform' && node.late !== null) add(gathered.late, node.late);
    if (node.onError.action === 'dead_letter') add(gathered.deadLetters, node.onError.topic);
  }
  const tableTopics = new Set<string>();
  for (const table of plan.tables) {
    const logic = table.build();
    if (logic.from !== 'topic') continue;
    tableTopics.add(logic.topic);
    sources.set(table.name, { topic: logic.topic, codec: logic.codec, keyCodec: null });
  }
  const sets = plan.subTopologies.map(({ reads }) => reads);
  return {
    sources,
    outputs,
    written,
    dynamic,
    keyed: new Set(plan.nodes.flatMap((node) => (node.kind === 'transform' && node.holds !== null ? [node.name] : []))),
    nodes: new Set(plan.nodes.map(({ name }) => name).filter((name) => !name.includes('.'))),
    topics: [...topicsOf(plan).keys()],
    reads: (topic) => tableTopics.has(topic) || (!internal.has(topic) && ownerOf(topic, sets) >= 0)
  };
}

function isHop(topics: readonly string[], internal: ReadonlySet<string>): boolean {
  return topics.some((topic) => internal.has(topic));
}

function sourceName({ reads, codec, keyCodec }: { readonly reads: { readonly topics: readonly string[]; readonly patterns: readonly RegExp[] }; readonly codec: Codec; readonly keyCodec: Codec | null }): SourceName {
  const [topic = null, ...others] = reads.topics;
  return { topic: others.length > 0 || reads.patterns.length > 0 ? null : topic, codec, keyCodec };
}
