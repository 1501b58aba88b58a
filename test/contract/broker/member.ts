import assert from 'node:assert/strict';
import { Failure } from '../../../actors/failure.ts';
import type { Assignment, Broker, FetchedBatch, FetchedRecord, GroupReader, OffsetCommit, ReaderListener, ReaderSettings, TopicPartition } from '../../../actors/port.ts';
import { textOf } from './support.ts';

/** How long a member waits for what it expects; joining a group on a real broker takes seconds. */
const patience = 20_000;

/** Settings of a member, for what a case does not care about. */
export function memberSettings(group: string, topics: readonly string[], more: Partial<ReaderSettings> = {}): ReaderSettings {
  return {
    group,
    topicSets: [{ topics, patterns: [] }],
    discovery: 500,
    signature: 'plan-1',
    sessionTimeout: 10_000,
    maxWait: 50,
    maxBytes: 4 * 1024 * 1024,
    maxBytesPerPartition: 1024 * 1024,
    ...more
  };
}

/** A reader and all it said, held to the promises every reader makes at every moment. */
export class Member implements ReaderListener {
  readonly reader: GroupReader;
  readonly assignments: Assignment[] = [];
  readonly batches: FetchedBatch[] = [];
  failure: Failure | null = null;
  /** Offset from which partitions new to this member are delivered at once; null to leave that to the case. */
  deliverFrom: number | null;
  readonly #broken: string[] = [];
  readonly #positions = new Map<string, number>();
  readonly #paused = new Set<string>();
  #inCall = false;
  #stopped = false;
  #wake: () => void = () => undefined;

  constructor(broker: Broker, settings: ReaderSettings, deliverFrom: number | null = null) {
    this.deliverFrom = deliverFrom;
    this.reader = broker.reader(settings, this);
  }

  /** Makes and starts one. */
  static async start(broker: Broker, settings: ReaderSettings, deliverFrom: number | null = null): Promise<Member> {
    const member = new Member(broker, settings, deliverFrom);
    await member.reader.start();
    return member;
  }

  get generation(): number {
    return this.assignments.at(-1)?.generation ?? -1;
  }

  get partitions(): readonly TopicPartition[] {
    return this.assignments.at(-1)?.partitions ?? [];
  }

  get names(): string[] {
    return this.partitions.map(nameOf).toSorted();
  }

  records(at?: TopicPartition): FetchedRecord[] {
    return this.batches.filter((batch) => at === undefined || nameOf(batch) === nameOf(at)).flatMap(({ records }) => records);
  }

  values(at?: TopicPartition): (string | null)[] {
    return this.records(at).map(textOf);
  }

  deliver(at: TopicPartition, offset: number): void {
    this.#positions.set(nameOf(at), offset);
    this.#paused.delete(nameOf(at));
    this.#quietly('deliver', () => { this.reader.deliver(at, offset); });
  }

  pause(at: TopicPartition): void {
    this.#paused.add(nameOf(at));
    this.reader.pause(at);
  }

  resume(at: TopicPartition): void {
    this.#paused.delete(nameOf(at));
    this.#quietly('resume', () => { this.reader.resume(at); });
  }

  commit(offsets: readonly OffsetCommit[], generation = this.generation): Promise<void> {
    return this.reader.commit(generation, offsets);
  }

  /** Stops it, and checks that no promise was broken. */
  async stop(): Promise<void> {
    await this.reader.stop();
    this.#stopped = true;
    assert.deepEqual(this.#broken, []);
  }

  /** Waits until this is so; says what was seen when it does not come. */
  async until(what: string, reached: () => boolean): Promise<void> {
    const deadline = Date.now() + patience;
    while (!reached()) {
      if (Date.now() > deadline) throw new Error(`Waited ${patience} ms for: ${what}.\n${this.#seen()}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        setTimeout(resolve, 50);
      });
    }
  }

  untilAssigned(count: number): Promise<void> {
    return this.until(`an assignment of ${count} partitions`, () => this.partitions.length === count);
  }

  untilRecords(count: number, at?: TopicPartition): Promise<void> {
    return this.until(`${count} records${at === undefined ? '' : ` of ${nameOf(at)}`}`, () => this.records(at).length >= count);
  }

  /** The last position told of a partition; -1 before the first. */
  position(at: TopicPartition): number {
    return this.batches.findLast((batch) => nameOf(batch) === nameOf(at))?.nextOffset ?? -1;
  }

  assigned(assignment: Assignment): void {
    this.#note('assigned');
    if (assignment.generation <= this.generation) this.#broken.push(`generation ${assignment.generation} after ${this.generation}`);
    const before = new Set(this.names);
    this.assignments.push(assignment);
    const now = new Set(this.names);
    for (const name of this.#positions.keys()) if (!now.has(name)) this.#positions.delete(name);
    if (this.deliverFrom === null) return;
    for (const at of assignment.partitions) if (!before.has(nameOf(at))) this.deliver(at, this.deliverFrom);
  }

  fetched(batch: FetchedBatch): void {
    this.#note('fetched');
    const name = nameOf(batch);
    const position = this.#positions.get(name);
    const broken = (what: string): void => void this.#broken.push(`${name}: ${what}`);
    if (!this.names.includes(name)) broken('fetched though not assigned');
    if (this.#paused.has(name)) broken('fetched while paused');
    if (position === undefined) broken('fetched before deliver');
    let last = (position ?? 0) - 1;
    for (const { offset } of batch.records) {
      if (offset <= last) broken(`offset ${offset} where more than ${last} was due`);
      last = offset;
    }
    if (batch.nextOffset <= last) broken(`next offset ${batch.nextOffset} after a record at ${last}`);
    if (batch.nextOffset < (position ?? 0)) broken(`next offset ${batch.nextOffset} behind the position ${position ?? 0}`);
    if (batch.endOffset < batch.nextOffset) broken(`end offset ${batch.endOffset} before the next offset ${batch.nextOffset}`);
    this.#positions.set(name, batch.nextOffset);
    this.batches.push(batch);
  }

  connection(): void {
    this.#note('connection');
  }

  failed(failure: Failure): void {
    this.#note('failed');
    this.failure = failure;
  }

  #note(call: string): void {
    if (this.#inCall && call !== 'connection') this.#broken.push(`${call} was called from inside deliver or resume`);
    if (this.#stopped) this.#broken.push(`${call} was called after stop`);
    this.#wake();
  }

  #quietly(_what: string, call: () => void): void {
    this.#inCall = true;
    try {
      call();
    } finally {
      this.#inCall = false;
    }
  }

  #seen(): string {
    const assignments = this.assignments.map(({ generation, partitions }) => `  generation ${generation}: ${partitions.map(nameOf).join(' ') || 'nothing'}`);
    const batches = this.batches.map((batch) => `  ${nameOf(batch)}: ${batch.records.length} records, next ${batch.nextOffset}, end ${batch.endOffset}`);
    return ['Seen:', ...assignments, ...batches.slice(-20), `  failure: ${this.failure?.message ?? 'none'}`, ...this.#broken.map((what) => `  broken: ${what}`)].join('\n');
  }
}

export function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}[${partition}]`;
}

/** The code with which a reader refuses to work, by a rejected start or by `failed`. */
export async function failureOf(member: Member): Promise<Failure> {
  try {
    await member.reader.start();
  } catch (error) {
    assert.ok(error instanceof Failure, `expected a Failure, found ${String(error)}`);
    return error;
  }
  await member.until('a failure', () => member.failure !== null);
  return member.failure as Failure;
}
