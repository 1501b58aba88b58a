import type { Broker, TopicPartition } from '../../actors/port.ts';
import type { Plan } from '../topology/model.ts';
import { readPartitions } from './topology-topics.ts';
import { partitionKey } from './units.ts';

/**
 * What `available_now` reads: the topics as they are at the start. It is done when the group has committed all of it, whichever members
 * did the work, so that every daemon of the group ends by itself.
 */
export class Available {
  readonly #group: string;
  readonly #broker: Broker;
  readonly #partitions: readonly TopicPartition[];
  readonly #ends: readonly number[];
  /** Ends by partition key. */
  readonly ends: ReadonlyMap<string, number>;

  private constructor(group: string, broker: Broker, partitions: readonly TopicPartition[], ends: readonly number[]) {
    this.#group = group;
    this.#broker = broker;
    this.#partitions = partitions;
    this.#ends = ends;
    this.ends = new Map(partitions.map((at, index) => [partitionKey(at), ends[index] as number]));
  }

  /** Takes note of the ends of everything a plan reads. */
  static async capture(plan: Plan, broker: Broker): Promise<Available> {
    const partitions = await readPartitions(plan, broker);
    return new Available(plan.group, broker, partitions, await broker.listOffsets(partitions, 'end'));
  }

  /** True once all of it is committed. */
  async done(): Promise<boolean> {
    const committed = await this.#broker.committed(this.#group, this.#partitions);
    return committed.every((commit, index) => commit !== null && commit.offset >= (this.#ends[index] as number));
  }
}
