import type { PartitionStatus, TopologyStatus } from '../../actors/status.ts';

interface Sample {
  readonly at: number;
  /** Ends and positions by partition. */
  readonly partitions: ReadonlyMap<string, PartitionStatus>;
}

/** What one partition did lately; per second. */
export interface PartitionRate {
  readonly input: number;
  readonly processing: number;
}

/** Samples that are kept of a topology, one a second: rates are over ten seconds. */
const kept = 11;

/** Rates out of looks at the status, one a second. Times in milliseconds. */
export class Rates {
  readonly #samples = new Map<string, Sample[]>();
  /** When the position of a partition moved last, by topology. */
  readonly #moved = new Map<string, Map<string, { position: number; at: number }>>();

  look(topologies: readonly TopologyStatus[], now: number): void {
    const names = new Set(topologies.map(({ name }) => name));
    for (const name of this.#samples.keys()) if (!names.has(name)) this.#forget(name);
    for (const { name, partitions } of topologies) {
      const samples = this.#samples.get(name) ?? [];
      samples.push({ at: now, partitions: new Map(partitions.map((partition) => [keyOf(partition), partition])) });
      if (samples.length > kept) samples.shift();
      this.#samples.set(name, samples);
      this.#note(name, partitions, now);
    }
  }

  /** Over how long the rates are, in seconds. */
  seconds(topology: string): number {
    const samples = this.#samples.get(topology) ?? [];
    return ((samples.at(-1)?.at ?? 0) - (samples[0]?.at ?? 0)) / 1000;
  }

  of(topology: string, partition: PartitionStatus): PartitionRate {
    const key = keyOf(partition);
    const samples = (this.#samples.get(topology) ?? []).filter(({ partitions }) => partitions.has(key));
    const [first, last] = [samples[0], samples.at(-1)];
    const before = first?.partitions.get(key);
    const after = last?.partitions.get(key);
    if (first === undefined || last === undefined || before === undefined || after === undefined || last.at <= first.at) return { input: 0, processing: 0 };
    const rate = (from: number, to: number): number => Math.max(0, Math.round(((to - from) / (last.at - first.at)) * 10_000) / 10);
    return { input: rate(before.end, after.end), processing: rate(before.position, after.position) };
  }

  /** Seconds since the position of a partition moved. */
  quiet(topology: string, partition: PartitionStatus, now: number): number {
    const known = this.#moved.get(topology)?.get(keyOf(partition));
    return known === undefined || known.position !== partition.position ? 0 : Math.max(0, (now - known.at) / 1000);
  }

  #note(name: string, partitions: readonly PartitionStatus[], now: number): void {
    const moved = this.#moved.get(name) ?? new Map<string, { position: number; at: number }>();
    this.#moved.set(name, moved);
    const keys = new Set(partitions.map(keyOf));
    for (const key of moved.keys()) if (!keys.has(key)) moved.delete(key);
    for (const partition of partitions) {
      const key = keyOf(partition);
      if (moved.get(key)?.position !== partition.position) moved.set(key, { position: partition.position, at: now });
    }
  }

  #forget(name: string): void {
    this.#samples.delete(name);
    this.#moved.delete(name);
  }
}

function keyOf({ topic, partition }: PartitionStatus): string {
  return `${partition}/${topic}`;
}
