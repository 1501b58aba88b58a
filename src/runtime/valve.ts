import type { GroupReader, TopicPartition } from '../../actors/port.ts';
import { partitionKey } from './units.ts';

/** A group's reader as its tasks see it. */
export interface TaskReader extends GroupReader {
  /** True while an operator holds all partitions back. */
  readonly held: boolean;
}

/**
 * Stands between the reader of a group and its tasks, so that an operator can hold all partitions back. The member stays in its group and keeps its tasks: they
 * commit what they have, and what they ask of the reader meanwhile counts when they go on.
 */
export class Valve implements TaskReader {
  readonly #reader: GroupReader;
  /** Partitions whose task would read on, by key. */
  readonly #wanted = new Map<string, TopicPartition>();
  #held: boolean;

  constructor(reader: GroupReader, held: boolean) {
    this.#reader = reader;
    this.#held = held;
  }

  get held(): boolean {
    return this.#held;
  }

  /** Nothing is read from now on. */
  hold(): void {
    if (this.#held) return;
    this.#held = true;
    for (const partition of this.#wanted.values()) this.#reader.pause(partition);
  }

  /** Goes on with what the tasks ask for. */
  release(): void {
    if (!this.#held) return;
    this.#held = false;
    for (const partition of this.#wanted.values()) this.#reader.resume(partition);
  }

  start(): Promise<void> {
    return this.#reader.start();
  }

  deliver(partition: TopicPartition, offset: number): void {
    this.#wanted.set(partitionKey(partition), partition);
    this.#reader.deliver(partition, offset);
    if (this.#held) this.#reader.pause(partition);
  }

  pause(partition: TopicPartition): void {
    this.#wanted.delete(partitionKey(partition));
    this.#reader.pause(partition);
  }

  resume(partition: TopicPartition): void {
    this.#wanted.set(partitionKey(partition), partition);
    if (!this.#held) this.#reader.resume(partition);
  }

  commit(...args: Parameters<GroupReader['commit']>): Promise<void> {
    return this.#reader.commit(...args);
  }

  stop(): Promise<void> {
    return this.#reader.stop();
  }
}
