/**
 * The 32-bit hash by which Kafka's Java clients place keys: MurmurHash2 (Austin Appleby) with the seed that
 * `org.apache.kafka.common.utils.Utils.murmur2` uses. Signed, as in Java.
 */
export function murmur2(data: Uint8Array): number {
  const { length } = data;
  const m = 0x5bd1e995;
  let h = 0x9747b28c ^ length;
  let index = 0;
  for (; index + 4 <= length; index += 4) {
    let k = (data[index] as number) | ((data[index + 1] as number) << 8) | ((data[index + 2] as number) << 16) | ((data[index + 3] as number) << 24);
    k = Math.imul(k, m);
    k = Math.imul(k ^ (k >>> 24), m);
    h = Math.imul(h, m) ^ k;
  }
  const left = length - index;
  if (left === 3) h ^= (data[index + 2] as number) << 16;
  if (left >= 2) h ^= (data[index + 1] as number) << 8;
  if (left >= 1) h = Math.imul(h ^ (data[index] as number), m);
  h = Math.imul(h ^ (h >>> 13), m);
  return h ^ (h >>> 15);
}

/**
 * Kafka's Java default partitioner: a key always goes to the same partition; records without one stay together
 * for a batch and move on with the next (KIP-480), so that batches are large and partitions even.
 */
export class Partitioner {
  readonly #sticky = new Map<string, number>();
  #batch: number;

  /** `seed` is where the rotation of records without a key begins. */
  constructor(seed = 0) {
    this.#batch = seed;
  }

  partition(topic: string, key: Uint8Array | null, partitions: number): number {
    if (key !== null) return (murmur2(key) & 0x7fffffff) % partitions;
    const known = this.#sticky.get(topic);
    if (known !== undefined) return known % partitions;
    this.#sticky.set(topic, this.#batch);
    return this.#batch % partitions;
  }

  /** Records without a key go to the next partition from here on. */
  nextBatch(): void {
    this.#batch += 1;
    this.#sticky.clear();
  }
}
