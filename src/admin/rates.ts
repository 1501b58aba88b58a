import type { CheckpointTimes, PartitionStatus, TopologyStatus } from '../../actors/status.ts';

/** What a node did up to a moment. */
interface NodeSum {
  /** Seconds it worked. */
  readonly worked: number;
  readonly received: number;
}

interface Sample {
  readonly at: number;
  /** Ends and positions by partition. */
  readonly partitions: ReadonlyMap<string, PartitionStatus>;
  readonly nodes: ReadonlyMap<string, NodeSum>;
  readonly checkpoint: TopologyStatus['lastCheckpoint'];
}

/** What one partition did lately; per second. */
export interface PartitionRate {
  readonly input: number;
  readonly processing: number;
}

/** What one node did lately: the share of the time it worked, and the records it received per second. */
export interface NodeRate {
  readonly node: string;
  readonly busy: number;
  readonly received: number;
}

/** What is known of one topology. */
interface Known {
  readonly samples: Sample[];
  /** When the position of a partition moved last. */
  readonly moved: Map<string, { position: number; at: number }>;
  /** Its state, with what it waits for, and since when. */
  state: { readonly name: string; readonly since: number };
  /** When lag was seen first, without a break since. */
  behindSince: number | null;
}

/** Samples that are kept of a topology, one a second: rates are over ten seconds. */
const kept = 11;

/** Rates out of looks at the status, one a second. Times in milliseconds. */
export class Rates {
  readonly #known = new Map<string, Known>();

  look(topologies: readonly TopologyStatus[], now: number): void {
    const names = new Set(topologies.map(({ name }) => name));
    for (const name of this.#known.keys()) if (!names.has(name)) this.#known.delete(name);
    for (const status of topologies) this.#look(status, now);
  }

  /** Over how long the rates are, in seconds. */
  seconds(topology: string): number {
    const { first, last } = this.#span(topology);
    return ((last?.at ?? 0) - (first?.at ?? 0)) / 1000;
  }

  of(topology: string, partition: PartitionStatus): PartitionRate {
    const key = keyOf(partition);
    const { first, last } = this.#span(topology, ({ partitions }) => partitions.has(key));
    const before = first?.partitions.get(key);
    const after = last?.partitions.get(key);
    if (first === undefined || last === undefined || before === undefined || after === undefined || last.at <= first.at) return { input: 0, processing: 0 };
    const rate = (from: number, to: number): number => Math.max(0, Math.round(((to - from) / (last.at - first.at)) * 10_000) / 10);
    return { input: rate(before.end, after.end), processing: rate(before.position, after.position) };
  }

  /** What each node did. */
  nodes(topology: string): NodeRate[] {
    const { first, last } = this.#span(topology);
    if (first === undefined || last === undefined || last.at <= first.at) return [];
    const seconds = (last.at - first.at) / 1000;
    return [...last.nodes].map(([node, { worked, received }]) => {
      const before = first.nodes.get(node) ?? { worked: 0, received: 0 };
      return { node, busy: Math.max(0, worked - before.worked) / seconds, received: Math.max(0, received - before.received) / seconds };
    });
  }

  /** The busiest node of all topologies but one; null where that is the only one. */
  busiestBut(topology: string): { readonly topology: string; readonly node: string; readonly busy: number } | null {
    const others = [...this.#known.keys()].filter((name) => name !== topology).flatMap((name) => this.nodes(name).map(({ node, busy }) => ({ topology: name, node, busy: Math.round(busy * 100) / 100 })));
    return others.reduce<(typeof others)[number] | null>((most, each) => (most === null || each.busy > most.busy ? each : most), null);
  }

  /** The mean of the checkpoints that were seen, of any task; null for none. */
  batch(topology: string): CheckpointTimes | null {
    const seen = new Map((this.#known.get(topology)?.samples ?? []).flatMap(({ checkpoint }) => (checkpoint === null ? [] : [[checkpoint.at, checkpoint.times] as const])));
    if (seen.size === 0) return null;
    const mean = (phase: keyof CheckpointTimes): number => [...seen.values()].reduce((sum, times) => sum + times[phase], 0) / seen.size;
    return { prepare: mean('prepare'), write: mean('write'), commit: mean('commit'), apply: mean('apply') };
  }

  /** Seconds since the position of a partition moved. */
  quiet(topology: string, partition: PartitionStatus, now: number): number {
    const moved = this.#known.get(topology)?.moved.get(keyOf(partition));
    return moved === undefined || moved.position !== partition.position ? 0 : Math.max(0, (now - moved.at) / 1000);
  }

  /** Seconds since a topology came into its state, or began to wait for what it waits for. */
  stateSeconds(topology: string, now: number): number {
    return Math.max(0, (now - (this.#known.get(topology)?.state.since ?? now)) / 1000);
  }

  /** Seconds for which there was lag at every look. */
  behindSeconds(topology: string, now: number): number {
    return Math.max(0, (now - (this.#known.get(topology)?.behindSince ?? now)) / 1000);
  }

  #span(topology: string, fits: (sample: Sample) => boolean = () => true): { readonly first: Sample | undefined; readonly last: Sample | undefined } {
    const samples = (this.#known.get(topology)?.samples ?? []).filter(fits);
    return { first: samples[0], last: samples.at(-1) };
  }

  #look(status: TopologyStatus, now: number): void {
    const { name, partitions, lag, failure } = status;
    const state = `${status.state}/${failure?.code ?? ''}`;
    const known = this.#known.get(name) ?? { samples: [], moved: new Map<string, { position: number; at: number }>(), state: { name: state, since: now }, behindSince: null };
    this.#known.set(name, known);
    known.samples.push(sampleOf(status, now));
    if (known.samples.length > kept) known.samples.shift();
    if (known.state.name !== state) known.state = { name: state, since: now };
    known.behindSince = lag === 0 ? null : (known.behindSince ?? now);
    note(known.moved, partitions, now);
  }
}

function sampleOf({ partitions, nodes, measured, lastCheckpoint }: TopologyStatus, now: number): Sample {
  const worked = new Map(measured.processing.map(({ node, batches }) => [node, batches.sum]));
  return {
    at: now,
    partitions: new Map(partitions.map((partition) => [keyOf(partition), partition])),
    nodes: new Map(nodes.map(({ name, counts }) => [name, { worked: worked.get(name) ?? 0, received: counts.received }])),
    checkpoint: lastCheckpoint
  };
}

function note(moved: Known['moved'], partitions: readonly PartitionStatus[], now: number): void {
  const keys = new Set(partitions.map(keyOf));
  for (const key of moved.keys()) if (!keys.has(key)) moved.delete(key);
  for (const partition of partitions) {
    const key = keyOf(partition);
    if (moved.get(key)?.position !== partition.position) moved.set(key, { position: partition.position, at: now });
  }
}

function keyOf({ topic, partition }: PartitionStatus): string {
  return `${partition}/${topic}`;
}
