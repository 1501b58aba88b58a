import { setImmediate as nextTurn } from 'node:timers/promises';
import { asFailure, Failure } from '../../actors/failure.ts';
import type { Broker, FetchedBatch, TopicPartition } from '../../actors/port.ts';
import type { TableClock, TopicTable } from '../../actors/table/table.ts';
import { Builder } from './builder.ts';
import type { Generation } from './generation.ts';
import { RowBuffer } from './row-buffer.ts';
import type { Reason, Source, SourceListener } from './source.ts';
import type { TableStorage } from './storage.ts';
import { TopicRows } from './topic-rows.ts';

/** What a table of a topic is read with. */
export interface TopicSettings {
  readonly logic: TopicTable;
  readonly broker: Broker;
  readonly clock: TableClock;
  readonly storage: TableStorage;
  readonly onError: 'skip' | 'fail';
  readonly listener: SourceListener;
}

/** Milliseconds between two looks at how many partitions there are. */
const discovery = 10_000;

/** Milliseconds between two notes of when the rows were seen to be as the topic is. */
const noteInterval = 60_000;

/**
 * Kafka keeps tombstones for a day where nothing else is said (`delete.retention.ms`): rows that were not brought up to date for half of one may have missed
 * some, and are read anew.
 */
const longestAway = 12 * 3_600_000;

/** Records that are decoded in one go: some five milliseconds. */
const recordsAtOnce = 2000;

/** Name of the note that says when the rows were seen to be as the topic is. */
const seenNote = 'seen';

/** Keeps a table as a topic is: reads on from where its rows come from, which is noted in the same transaction as the rows. */
export class TopicSource implements Source {
  readonly interval = 100;
  readonly #settings: TopicSettings;
  readonly #rows: TopicRows;
  /** What fills a generation that was begun here; null where one is brought up to date. */
  #builder: Builder | null = null;
  /** Next offsets of the generation at work, by partition. */
  #positions = new Map<number, number>();
  #partitions = { count: 0, at: -Infinity };
  /** When that generation was seen to be as the topic is, and when that was noted. */
  #seen = -Infinity;
  #noted = -Infinity;
  #begun = false;
  /** The topic was seen to be gone. */
  #gone = false;

  constructor(settings: TopicSettings) {
    this.#settings = settings;
    this.#rows = new TopicRows(settings.logic);
  }

  async look(_: Reason, signal: AbortSignal): Promise<void> {
    try {
      await this.#catchUp(signal);
    } catch (error) {
      const failure = asFailure(error, 'task_crashed');
      this.#partitions = { count: 0, at: -Infinity };
      this.#gone ||= failure.code === 'topic_missing';
      if (failure.code !== 'offset_out_of_range') throw unavailable(failure);
      // What was not read is gone: rows may have been deleted meanwhile.
      this.#beginAnew();
      throw new Failure('table_unavailable', `Records of "${this.#settings.logic.topic}" were deleted before they were read; the table is read anew.`, { cause: failure });
    }
  }

  async #catchUp(signal: AbortSignal): Promise<void> {
    const { storage, broker, clock, listener } = this.#settings;
    this.#resume();
    const at = await this.#list();
    const now = clock.now();
    const ends = await broker.listOffsets(at, 'end');
    if (this.#generation === null || !this.#fits(ends, now)) this.#beginAnew();
    await this.#addPartitions(at);
    for (const [partition, end] of ends.entries()) if ((this.#positions.get(partition) as number) < end) await this.#read(partition, end, signal);
    this.#seen = now;
    if (this.#builder === null) this.#noteSeen();
    if (storage.next === null) return;
    await this.#builder?.finish(this.#notes(this.#positions), signal);
    this.#builder = null;
    storage.publish();
    listener.loaded();
  }

  /** The one that is brought up to date: what is being made, else what is looked up in. */
  get #generation(): Generation | null {
    return this.#settings.storage.next ?? this.#settings.storage.current;
  }

  /** At first, what an earlier run left. */
  #resume(): void {
    if (this.#begun) return;
    this.#begun = true;
    const kept = this.#settings.storage.resume();
    if (kept === null) return;
    try {
      this.#positions = new Map(kept.note('positions') as [number, number][] | undefined);
      this.#seen = this.#noted = (kept.note(seenNote) as number | undefined) ?? -Infinity;
    } catch {
      // Nobody else writes there: it is damaged.
      this.#settings.storage.discard();
    }
  }

  /** All partitions of the topic. */
  async #list(): Promise<TopicPartition[]> {
    const { broker, clock, logic: { topic } } = this.#settings;
    if (Math.abs(clock.now() - this.#partitions.at) >= discovery) {
      const found = (await broker.describeTopics([topic])).get(topic);
      this.#gone ||= found === undefined;
      if (found === undefined) throw new Failure('table_unavailable', `The topic "${topic}" does not exist.`);
      this.#partitions = { count: found.partitions, at: clock.now() };
    }
    return Array.from({ length: this.#partitions.count }, (_, partition) => ({ topic, partition }));
  }

  /** Whether the generation at work can be brought up to date by reading on. */
  #fits(ends: readonly number[], now: number): boolean {
    const { storage } = this.#settings;
    const isSound = storage.next === null ? !storage.isDamaged : !storage.next.broken;
    // A topic that was made anew has fewer partitions, or ends before the position; or it was seen to be gone in between.
    const isSame = !this.#gone && [...this.#positions].every(([partition, position]) => position <= (ends[partition] ?? -1));
    return isSound && isSame && now - this.#seen < longestAway;
  }

  #beginAnew(): void {
    this.#builder = new Builder(this.#settings.storage.begin(), false);
    this.#positions = new Map();
    this.#partitions = { count: 0, at: -Infinity };
    this.#gone = false;
    this.#seen = this.#settings.clock.now();
    this.#noted = -Infinity;
  }

  /** Those that are new are read from their beginning. */
  async #addPartitions(at: readonly TopicPartition[]): Promise<void> {
    const fresh = at.filter(({ partition }) => !this.#positions.has(partition));
    if (fresh.length === 0) return;
    const starts = await this.#settings.broker.listOffsets(fresh, 'start');
    fresh.forEach(({ partition }, index) => this.#positions.set(partition, starts[index] as number));
  }

  async #read(partition: number, end: number, signal: AbortSignal): Promise<void> {
    const { broker, listener, logic: { topic } } = this.#settings;
    const builder = this.#builder;
    const buffer = new RowBuffer();
    let position = this.#positions.get(partition) as number;
    try {
      for await (const batch of broker.readRange({ topic, partition }, position, end, 'committed')) {
        signal.throwIfAborted();
        await this.#decode(batch, builder ?? buffer, signal);
        position = batch.nextOffset;
        if (builder !== null) this.#positions.set(partition, position);
        if (builder?.isFull === true) await builder.spill();
        if (buffer.isFull) await this.#flush(buffer, partition, position, signal);
      }
      // What lies before the end and cannot be read is control records.
      const reached = Math.max(position, end);
      if (builder !== null) this.#positions.set(partition, reached);
      else await this.#flush(buffer, partition, reached, signal);
    } finally {
      const { count, first } = this.#rows.takeSkipped();
      if (first !== null && this.#settings.onError === 'skip') listener.skipped(count, first);
    }
  }

  async #decode({ topic, partition, records }: FetchedBatch, rows: RowBuffer | Builder, signal: AbortSignal): Promise<void> {
    const now = this.#settings.clock.now();
    for (let from = 0; from < records.length; from += recordsAtOnce) {
      if (from > 0) await nextTurn();
      signal.throwIfAborted();
      for (const record of records.slice(from, from + recordsAtOnce)) {
        const pending = this.#rows.before(record);
        if (pending !== null) await pending;
        const row = this.#rows.of(topic, partition, record, now);
        if (row !== null) rows.add(row);
      }
      const { firstSkipped } = this.#rows;
      if (firstSkipped !== null && this.#settings.onError === 'fail') throw firstSkipped;
    }
  }

  async #flush(buffer: RowBuffer, partition: number, position: number, signal: AbortSignal): Promise<void> {
    const positions = new Map(this.#positions).set(partition, position);
    await buffer.flush(this.#generation as Generation, this.#notes(positions), signal);
    this.#positions = positions;
  }

  #notes(positions: ReadonlyMap<number, number>): ReadonlyMap<string, unknown> {
    return new Map<string, unknown>([['positions', [...positions]], [seenNote, this.#seen]]);
  }

  #noteSeen(): void {
    if (this.#seen - this.#noted < noteInterval) return;
    this.#noted = this.#seen;
    this.#generation?.write([], this.#notes(this.#positions));
  }
}

/** Broker failures as those of the table; what the records themselves are guilty of stays as it is. */
function unavailable(failure: Failure): Failure {
  if (failure.code === 'broker_unavailable' || failure.code === 'topic_missing') return new Failure('table_unavailable', failure.message, { cause: failure });
  return failure;
}
