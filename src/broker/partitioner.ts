/** Kafka's hash of a key: murmur2, 32 bit, seed 0x9747b28c, signed (org.apache.kafka.common.utils.Utils.murmur2). */
export function murmur2(data: Uint8Array): number {
  const m = 0x5bd1e995;
  const { length } = data;
  let h = 0x9747b28c ^ length;
  let i = 0;
  for (; i + 4 <= length; i += 4) {
    let k = (data[i] as number) | ((data[i + 1] as number) << 8) | ((data[i + 2] as number) << 16) | ((data[i + 3] as number) << 24);
    k = Math.imul(k, m);
    k ^= k >>> 24;
    h = Math.imul(h, m) ^ Math.imul(k, m);
  }
  const rest = length - i;
  if (rest === 3) h ^= (data[i + 2] as number) << 16;
  if (rest >= 2) h ^= (data[i + 1] as number) << 8;
  if (rest >= 1) h = Math.imul(h ^ (data[i] as number), m);
  h ^= h >>> 13;
  h = Math.imul(h, m);
  return h ^ (h >>> 15);
}

/** The partition of a key, as Kafka's Java producer chooses it, so that topics written by both are co-partitioned. */
export function partitionOfKey(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions;
}

/**
 * Chooses partitions as Kafka's default partitioner does: by the key's hash; without a key one partition for a whole
 * batch (KIP-480), and the next one after `nextBatch`.
 */
export class Partitioner {
  #sticky: number;

  /** `start` in [0, 1) is where keyless records begin, so that many tasks do not all begin at partition 0. */
  constructor(start: number = Math.random()) {
    this.#sticky = Math.floor(start * 0x40000000);
  }

  partition(key: Uint8Array | null, partitions: number): number {
    return key === null ? this.#sticky % partitions : partitionOfKey(key, partitions);
  }

  nextBatch(): void {
    this.#sticky = (this.#sticky + 1) & 0x3fffffff;
  }
}
