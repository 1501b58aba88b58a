import { asFailure, Failure } from '../../../actors/failure.ts';
import type { Assignment, GroupReader, OffsetCommit, ReaderListener, ReaderSettings, TopicPartition } from '../../../actors/port.ts';
import type { GroupMember } from './group.ts';
import { assertInside, readLog } from './log.ts';
import type { PartitionLog } from './log.ts';
import type { Store } from './store.ts';

/** An assigned partition. */
interface Partition {
  readonly at: TopicPartition;
  readonly log: PartitionLog;
  /** Null until `deliver`. */
  position: number | null;
  paused: boolean;
}

let readers = 0;

/** A member of a group in this process. It is woken by commits, and reads one partition per turn of the event loop, in turn. */
export class EmbeddedReader implements GroupReader {
  readonly #store: () => Store;
  readonly #settings: ReaderSettings;
  readonly #listener: ReaderListener;
  readonly #id = `reader-${++readers}`;
  #partitions = new Map<string, Partition>();
  #generation = -1;
  #state: 'new' | 'running' | 'failed' | 'stopped' = 'new';
  #next = 0;
  #scheduled = false;
  #ignoreAppends: () => void = () => undefined;

  constructor(store: () => Store, settings: ReaderSettings, listener: ReaderListener) {
    this.#store = store;
    this.#settings = settings;
    this.#listener = listener;
  }

  start(): Promise<void> {
    try {
      this.#start();
      return Promise.resolve();
    } catch (error) {
      this.#end('failed');
      return Promise.reject(asFailure(error, 'task_crashed'));
    }
  }

  deliver(at: TopicPartition, offset: number): void {
    const partition = this.#partitions.get(keyOf(at));
    if (partition === undefined) return;
    partition.position = offset;
    partition.paused = false;
    this.#wake();
  }

  pause(at: TopicPartition): void {
    const partition = this.#partitions.get(keyOf(at));
    if (partition !== undefined) partition.paused = true;
  }

  resume(at: TopicPartition): void {
    const partition = this.#partitions.get(keyOf(at));
    if (partition === undefined) return;
    partition.paused = false;
    this.#wake();
  }

  commit(generation: number, offsets: readonly OffsetCommit[]): Promise<void> {
    const { group } = this.#settings;
    if (this.#state !== 'running' || generation !== this.#generation) {
      return Promise.reject(new Failure('fenced', `Generation ${generation} of group ${group} is over: this member has ${this.#state === 'running' ? this.#generation : 'left'}.`));
    }
    try {
      this.#store().commit({ records: [], offsets: new Map([[group, offsets]]), claim: null });
      return Promise.resolve();
    } catch (error) {
      return Promise.reject(asFailure(error, 'broker_unavailable'));
    }
  }

  stop(): Promise<void> {
    this.#end('stopped');
    return Promise.resolve();
  }

  #start(): void {
    if (this.#state !== 'new') throw new Error('A reader starts once.');
    const store = this.#store();
    const { group, topicSets, signature, held, pinned = false } = this.#settings;
    for (const topic of topicSets.flatMap(({ topics }) => topics)) store.log({ topic, partition: 0 });
    const member: GroupMember = {
      id: this.#id,
      signature,
      topicSets,
      held: held ?? (() => []),
      pinned,
      topics: () => store.topicNames(),
      partitionsOf: (topic) => store.findTopic(topic)?.logs.length ?? 0,
      assign: (generation, partitions) => { this.#assign({ generation, partitions }); }
    };
    store.groups.join(group, member);
    this.#state = 'running';
    this.#ignoreAppends = store.onAppend(() => { this.#wake(); });
  }

  #assign(assignment: Assignment): void {
    if (this.#state !== 'running') return;
    const kept = this.#partitions;
    this.#generation = assignment.generation;
    this.#partitions = new Map();
    for (const at of assignment.partitions) {
      const key = keyOf(at);
      this.#partitions.set(key, kept.get(key) ?? { at, log: this.#store().log(at), position: null, paused: false });
    }
    this.#listener.assigned(assignment);
    this.#wake();
  }

  #wake(): void {
    if (this.#scheduled || this.#state !== 'running' || this.#pick() === null) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#deliverOne();
    });
  }

  #deliverOne(): void {
    if (this.#state !== 'running') return;
    const partition = this.#pick();
    if (partition === null) return;
    this.#next++;
    try {
      this.#fetch(partition);
    } catch (error) {
      this.#fail(asFailure(error, 'task_crashed'));
    }
    this.#wake();
  }

  /** The next partition in turn that has something to read. */
  #pick(): Partition | null {
    const all = [...this.#partitions.values()];
    for (let step = 0; step < all.length; step++) {
      const partition = all[(this.#next + step) % all.length] as Partition;
      if (partition.paused || partition.position === null || partition.position === partition.log.end) continue;
      this.#next += step;
      return partition;
    }
    return null;
  }

  #fetch(partition: Partition): void {
    const { at, log } = partition;
    const position = partition.position as number;
    const { end } = log;
    assertInside(at, log, position);
    const { maxBytes, maxBytesPerPartition } = this.#settings;
    const slice = readLog(this.#store().tables, log, position, end, Math.min(maxBytes, maxBytesPerPartition));
    partition.position = slice.nextOffset;
    this.#listener.fetched({ ...at, ...slice, startOffset: log.start, endOffset: end });
  }

  #fail(failure: Failure): void {
    this.#end('failed');
    this.#listener.failed(failure);
  }

  #end(state: 'failed' | 'stopped'): void {
    const joined = this.#state === 'running';
    if (this.#state !== 'stopped') this.#state = state;
    this.#partitions.clear();
    this.#ignoreAppends();
    if (joined) this.#store().groups.leave(this.#settings.group, this.#id);
  }
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${partition}/${topic}`;
}
