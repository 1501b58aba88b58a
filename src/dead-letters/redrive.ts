import type { Broker, OffsetCommit, OutgoingRecord, TopicInfo, TransactionalProducer } from '../../actors/port.ts';
import type { Header } from '../../actors/record.ts';
import { ownerOf } from '../../actors/topic-set.ts';
import type { Plan } from '../topology/model.ts';
import { matches } from './filter.ts';
import type { LetterFilter } from './filter.ts';
import { triesHeader } from './letter.ts';
import type { Letter } from './letter.ts';
import { letterRanges, lettersOf } from './read.ts';
import type { LetterRange } from './read.ts';
import { Redriven } from './redriven.ts';
import { deadLetterTopics } from './topics.ts';

/** Why a letter is left where it is. */
export type LeftReason = 'foreign' | 'no_source' | 'truncated' | 'partition_gone';

/** What is driven again, and how fast. */
export interface RedriveSettings {
  readonly filter: LetterFilter;
  /** Letters at most. */
  readonly limit: number;
  /** Records a second at most; Infinity for no limit. */
  readonly rate: number;
  /** Without it nothing is written: what would be is counted. */
  readonly write: boolean;
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Milliseconds, for the rate. */
  readonly now: () => number;
  readonly onProgress?: (redriven: number) => void;
}

/** What came of it. */
export interface RedriveResult {
  readonly redriven: number;
  /** By topic they went to. */
  readonly to: Readonly<Record<string, number>>;
  readonly left: Readonly<Record<LeftReason, number>>;
  /** That had been driven again before. */
  readonly before: number;
}

/** Records of one transaction at most. */
const mostPerTransaction = 500;

/** And about as many bytes. */
const mostBytesPerTransaction = 4 * 1024 * 1024;

/** Milliseconds after which the broker gives up a transaction. */
const transactionTimeout = 30_000;

/** The group in whose offsets it is noted what was driven again. */
export function redriveGroup({ group }: Plan): string {
  return `${group}-redrive`;
}

/**
 * Writes dead letters to the topics they were read from, byte for byte, to the same partition and with the same timestamp. What is driven again is noted in the same transaction, in the
 * offsets of a group of its own: a run that is killed, or two at once, double nothing, for each begins by fencing the one before. Letters that come while it runs wait for the next.
 */
export async function redrive(plan: Plan, broker: Broker, settings: RedriveSettings): Promise<RedriveResult> {
  const group = redriveGroup(plan);
  const producer = settings.write ? broker.transactionalProducer(group, transactionTimeout) : null;
  try {
    // First of all: whoever was at it before cannot commit any more, and what it committed can be read.
    await producer?.open();
    const ranges = await letterRanges(broker, deadLetterTopics(plan));
    const committed = ranges.length === 0 ? [] : await broker.committed(group, ranges.map(({ topic, partition }) => ({ topic, partition })));
    const run = new Run(plan, broker, settings, producer, await targetsOf(plan, broker));
    for (const [index, range] of ranges.entries()) await run.partition(range, Redriven.from(committed[index] ?? null, group));
    return run.result;
  } finally {
    await producer?.close();
  }
}

/** The topics that can be written to: those that sources name or find by pattern, and no internal ones. */
async function targetsOf(plan: Plan, broker: Broker): Promise<ReadonlyMap<string, TopicInfo>> {
  const internal = new Set(plan.internalTopics.map(({ topic }) => topic));
  const sets = plan.subTopologies.map(({ reads }) => reads);
  const named = sets.flatMap(({ topics }) => topics);
  const found = sets.some(({ patterns }) => patterns.length > 0) ? await broker.listTopics() : [];
  const topics = [...new Set([...named, ...found])].filter((topic) => !internal.has(topic) && sets[ownerOf(topic, sets)] !== undefined);
  return broker.describeTopics(topics);
}

class Run {
  readonly #plan: Plan;
  readonly #broker: Broker;
  readonly #settings: RedriveSettings;
  readonly #producer: TransactionalProducer | null;
  readonly #targets: ReadonlyMap<string, TopicInfo>;
  readonly #to: Record<string, number> = {};
  readonly #left: Record<LeftReason, number> = { foreign: 0, no_source: 0, truncated: 0, partition_gone: 0 };
  #redriven = 0;
  #taken = 0;
  #before = 0;
  readonly #started: number;

  constructor(plan: Plan, broker: Broker, settings: RedriveSettings, producer: TransactionalProducer | null, targets: ReadonlyMap<string, TopicInfo>) {
    this.#plan = plan;
    this.#broker = broker;
    this.#settings = settings;
    this.#producer = producer;
    this.#targets = targets;
    this.#started = settings.now();
  }

  get result(): RedriveResult {
    return { redriven: this.#redriven, to: this.#to, left: this.#left, before: this.#before };
  }

  /** The letters of one partition, in their order. */
  async partition(range: LetterRange, done: Redriven): Promise<void> {
    const { filter, limit, rate } = this.#settings;
    const size = Math.max(1, Math.min(mostPerTransaction, rate));
    let records: OutgoingRecord[] = [];
    let next = Math.max(range.start, done.from(filter));
    for await (const letter of lettersOf(this.#broker, range, next)) {
      if (this.#taken >= limit) break;
      next = letter.offset + 1;
      if (!matches(letter, filter)) continue;
      const record = this.#take(letter, done);
      if (record !== null) records.push(record);
      if (records.length < size && bytesOf(records) < mostBytesPerTransaction) continue;
      await this.#commit(records, range, done, next);
      records = [];
    }
    if (this.#taken < limit) next = Math.max(next, range.end);
    if (records.length > 0 || next > done.from(filter)) await this.#commit(records, range, done, next);
  }

  #take(letter: Letter, done: Redriven): OutgoingRecord | null {
    if (done.has(letter)) {
      this.#before += 1;
      return null;
    }
    const reason = this.#reasonToLeave(letter);
    if (reason !== null) {
      this.#left[reason] += 1;
      return null;
    }
    this.#taken += 1;
    return this.#recordOf(letter);
  }

  #reasonToLeave({ code, source, truncated }: Letter): LeftReason | null {
    if (code === '' || source === null) return 'foreign';
    if (truncated) return 'truncated';
    const target = this.#targets.get(source.topic);
    if (target === undefined) return 'no_source';
    return source.partition >= target.partitions ? 'partition_gone' : null;
  }

  #recordOf({ source, key, value, headers, timestamp, tries }: Letter): OutgoingRecord {
    const { topic, partition } = source as NonNullable<Letter['source']>;
    const counted: Header = [triesHeader, Buffer.from(String(tries + 1))];
    return { topic, partition, key, value, headers: [...headers.filter(([name]) => name !== triesHeader), counted], timestamp };
  }

  /** The records and the note of them, at once or not at all. */
  async #commit(records: readonly OutgoingRecord[], { topic, partition }: LetterRange, done: Redriven, next: number): Promise<void> {
    const { filter, onProgress } = this.#settings;
    done.note(filter, next);
    if (this.#producer !== null) {
      const offsets: OffsetCommit[] = [{ topic, partition, offset: done.base, metadata: done.metadata }];
      await this.#pace(records.length);
      const transaction = await this.#producer.begin();
      for (const part of requests(records, this.#targets)) await transaction.send(part, 'none');
      await transaction.sendOffsets(redriveGroup(this.#plan), offsets);
      await transaction.commit();
    }
    for (const record of records) this.#to[record.topic] = (this.#to[record.topic] ?? 0) + 1;
    this.#redriven += records.length;
    onProgress?.(this.#redriven);
  }

  /** Waits until so many more are allowed by the rate. */
  async #pace(records: number): Promise<void> {
    const { rate, now, sleep } = this.#settings;
    if (rate === Infinity || records === 0) return;
    const due = this.#started + ((this.#redriven) / rate) * 1000;
    const wait = due - now();
    if (wait > 0) await sleep(wait);
  }
}

/** A record's bytes, with what a batch has for each; roughly. */
function sizeOf({ key, value, headers }: OutgoingRecord): number {
  return headers.reduce((sum, [name, data]) => sum + name.length + (data?.byteLength ?? 0) + 8, (key?.byteLength ?? 0) + (value?.byteLength ?? 0) + 80);
}

function bytesOf(records: readonly OutgoingRecord[]): number {
  return records.reduce((sum, record) => sum + sizeOf(record), 0);
}

/** Records in requests whose share of each partition its topic takes as one batch. */
function requests(records: readonly OutgoingRecord[], targets: ReadonlyMap<string, TopicInfo>): OutgoingRecord[][] {
  const parts: OutgoingRecord[][] = [];
  let shares = new Map<string, number>();
  for (const record of records) {
    const key = `${record.partition}/${record.topic}`;
    const share = (shares.get(key) ?? 100) + sizeOf(record);
    const part = parts.at(-1);
    if (part === undefined || (shares.has(key) && share > (targets.get(record.topic)?.maxMessageBytes ?? 1_000_000))) {
      parts.push([record]);
      shares = new Map([[key, 100 + sizeOf(record)]]);
    } else {
      part.push(record);
      shares.set(key, share);
    }
  }
  return parts;
}
