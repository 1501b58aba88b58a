import { addCounts, imbalance, noCounts } from '../../actors/accounting.ts';
import type { Counts } from '../../actors/accounting.ts';
import type { OutputRecord, SinkLogic } from '../../actors/component.ts';
import { asFailure, Failure } from '../../actors/failure.ts';
import type { TopicInfo } from '../../actors/port.ts';
import { Partitioner } from '../../actors/sink/partitioner.ts';
import type { StreamRecord } from '../../actors/record.ts';
import type { TraceContext } from '../../actors/trace.ts';
import type { ErrorPolicy, PlanNode, TransformNode } from '../topology/model.ts';
import { deadLetterRecord, lateRecord, retimed, truncatedDeadLetter, truncatedLate } from './dead-letter.ts';
import { FailedRecordCounts } from './failed-records.ts';
import type { FailedRecords } from './failed-records.ts';
import { Inbox } from './inbox.ts';
import type { TaskMeters } from './meters.ts';
import type { Cost } from './slices.ts';
import { nameInFile } from './node-name.ts';
import { batchOverhead, encodedSize } from './outbox.ts';
import type { Lane, Outbox, PendingRecord, SealedOutputs } from './outbox.ts';
import { recordFailed } from './outlet.ts';
import type { DeadLetter, LateRecord, SinkMessage, SourceProgress } from './outlet.ts';
import { TimestampSample } from './timestamp-sample.ts';
import type { Topics } from './topics.ts';
import type { TaskTrace } from './trace.ts';
import { Sends } from './trace-sends.ts';
import { commitSpans } from './trace-commit.ts';
import type { CommitSpans } from './trace-commit.ts';

/** All that an epoch came to, once its barrier has passed every actor of the task. */
export interface EpochWork {
  readonly epoch: number;
  readonly outputs: SealedOutputs;
  readonly progress: readonly SourceProgress[];
  readonly counts: ReadonlyMap<number, Counts>;
  readonly failed: readonly FailedRecords[];
  /** Timestamps of some of the records that each sink took, by its id. */
  readonly written: ReadonlyMap<number, readonly number[]>;
  /** Watermarks of the nodes that have one of their own, by name. */
  readonly watermarks: Readonly<Record<string, number>>;
  /** Milliseconds after which another barrier is wanted, whatever comes; null for none. */
  readonly again: number | null;
  /** Of what is traced; null where nothing is. */
  readonly spans: CommitSpans | null;
}

/** What the sink actor is made of. */
export interface SinkActorSettings {
  readonly nodes: readonly PlanNode[];
  readonly sinks: ReadonlyMap<number, SinkLogic>;
  readonly channels: number;
  /** Where records without a key begin their rotation over partitions. */
  readonly rotation: number;
  readonly outbox: Outbox;
  readonly topics: Topics;
  /** The changelog records of the epoch that ends, once every node has passed its barrier. */
  readonly changelog: () => readonly PendingRecord[];
  readonly onAligned: (work: EpochWork) => void;
  readonly meters: TaskMeters;
  readonly cost: Cost;
  /** Null where tracing is off. */
  readonly trace: TaskTrace | null;
  /** See `Clock`. */
  elapsed(): number;
}

/** Changelog records are small and alike; the topic may be compressed by its own setting. */
const changelogLane: Lane = { compression: 'none', batch: { records: 10_000, bytes: 1024 * 1024, linger: 0 } };

/** Dead letters and late records go out with the next request: they are few, and somebody waits for them. */
const deadLetterLane: Lane = { compression: 'none', batch: { records: 1, bytes: 1, linger: 0 } };

/** The end of a task: encodes what the sinks write, measures it, and gathers an epoch's outputs and reports. */
export class SinkReceiver {
  readonly #settings: SinkActorSettings;
  readonly #inbox: Inbox<SinkMessage>;
  readonly #partitioner: Partitioner;
  readonly #counts = new Map<number, Counts>();
  readonly #written = new TimestampSample();
  #reported = new Map<number, Counts>();
  #progress: SourceProgress[] = [];
  readonly #ownFailed = new FailedRecordCounts();
  #failedRecords: FailedRecords[] = [];
  #watermarks: Record<string, number> = {};
  #again: number | null = null;
  readonly #sends: Sends | null;
  /** The span that sent the batch at work; null mostly. */
  #trace: TraceContext | null = null;

  constructor(settings: SinkActorSettings) {
    this.#settings = settings;
    this.#sends = settings.trace === null ? null : new Sends(settings.trace);
    this.#partitioner = new Partitioner(settings.rotation);
    for (const id of settings.sinks.keys()) this.#counts.set(id, noCounts());
    this.#inbox = new Inbox<SinkMessage>(settings.channels, {
      describe(message) {
        if (message.kind === 'checkpoint') return { channel: message.channel, records: 0, barrier: message.sent };
        const records = message.kind === 'records' ? message.batch.records.length : message.letters.length;
        return { channel: message.channel, records, barrier: null };
      },
      records: (message) => this.#records(message),
      barrier: (message, last) => {
        this.#barrier(message, last);
      }
    });
  }

  async receive(message: SinkMessage): Promise<void> {
    await this.#inbox.receive(message);
  }

  async #records(message: SinkMessage): Promise<void> {
    if (message.kind === 'dead_letters') {
      for (const letter of message.letters) await this.#deadLetter(letter, message.node, message.now);
    } else if (message.kind === 'late') {
      for (const letter of message.letters) await this.#lateRecord(letter, message.node, message.now);
    } else if (message.kind === 'records') {
      const { records, now, trace = null } = message.batch;
      this.#trace = trace;
      const { sink, edge } = message;
      const started = this.#settings.elapsed();
      edge.taken(records.length, started);
      this.#written.note(sink, records);
      const counts = this.#counts.get(sink) as Counts;
      counts.received += records.length;
      let waited = false;
      for (const record of records) {
        // Awaited only where a topic is seen for the first time or a record fails: the rest of the loop is synchronous.
        const pending = this.#write(record, sink, counts, now);
        if (pending === undefined) continue;
        waited = true;
        await pending;
      }
      this.#trace = null;
      const milliseconds = this.#settings.elapsed() - started;
      this.#settings.meters.processing(sink).note(milliseconds / 1000);
      // A registry that is away for a minute says nothing of what records cost.
      if (!waited) this.#settings.cost.note(milliseconds, records.length);
    }
    this.#settings.outbox.flush();
  }

  #write(record: StreamRecord, sink: number, counts: Counts, now: number): Promise<void> | undefined {
    const logic = this.#settings.sinks.get(sink) as SinkLogic;
    const wait = logic.before?.(record, now) ?? null;
    return wait === null ? this.#output(record, logic, sink, counts, now) : this.#writeAfter(wait, record, sink, counts, now);
  }

  async #writeAfter(wait: Promise<void>, record: StreamRecord, sink: number, counts: Counts, now: number): Promise<void> {
    try {
      await wait;
    } catch (error) {
      const failure = asFailure(error, 'task_crashed');
      if (failure.kind !== 'poison') throw failure;
      await this.#failed({ record, failure }, sink, counts, now);
      return;
    }
    await this.#output(record, this.#settings.sinks.get(sink) as SinkLogic, sink, counts, now);
  }

  #output(record: StreamRecord, logic: SinkLogic, sink: number, counts: Counts, now: number): Promise<void> | undefined {
    let output: OutputRecord;
    try {
      output = logic.output(record, now);
    } catch (error) {
      return this.#failed({ record, failure: asFailure(error, 'unencodable') }, sink, counts, now);
    }
    const info = this.#settings.topics.known(output.topic);
    if (info === undefined) return this.#writeToNewTopic(record, output, sink, counts, now);
    return this.#add(record, this.#traced(output, info), info, sink, counts, now);
  }

  /** An output of a traced batch says so in its headers, unless it would be too large by that. */
  #traced(output: OutputRecord, info: TopicInfo): OutputRecord {
    if (this.#trace === null || this.#sends === null) return output;
    const traced = { ...output, headers: this.#sends.headers(output.topic, this.#trace, output.headers) };
    return encodedSize(traced) + batchOverhead > info.maxMessageBytes ? output : traced;
  }

  async #writeToNewTopic(record: StreamRecord, output: OutputRecord, sink: number, counts: Counts, now: number): Promise<void> {
    let info: TopicInfo;
    try {
      info = await this.#settings.topics.load(output.topic);
    } catch (error) {
      const cause = asFailure(error, 'task_crashed');
      // Where the record named the topic it is the record that fails; a sink's own topic was there at the start.
      if (cause.code !== 'topic_missing' || this.#settings.sinks.get(sink)?.topic !== null) throw cause;
      await this.#failed({ record, failure: new Failure('unencodable', `topic: ${cause.message}`, { cause }) }, sink, counts, now);
      return;
    }
    await this.#add(record, this.#traced(output, info), info, sink, counts, now);
  }

  #add(record: StreamRecord, output: OutputRecord, info: TopicInfo, sink: number, counts: Counts, now: number): Promise<void> | undefined {
    const size = encodedSize(output);
    const failure = refusal(output, info, size, now);
    if (failure !== null) return this.#failed({ record, failure }, sink, counts, now);
    this.#pend(this.#settings.sinks.get(sink) as SinkLogic, output, info, size);
    counts.forwarded += 1;
    counts.outputs += 1;
    return undefined;
  }

  #pend(lane: Lane, output: OutputRecord, info: TopicInfo, size: number): void {
    this.#settings.outbox.add(lane, {
      topic: output.topic,
      partition: output.partition ?? this.#partitioner.partition(output.topic, output.key, info.partitions),
      key: output.key,
      value: output.value,
      headers: output.headers,
      timestamp: output.timestamp,
      size,
      limit: info.maxMessageBytes
    });
  }

  async #failed(letter: DeadLetter, sink: number, counts: Counts, now: number): Promise<void> {
    const node = this.#settings.nodes[sink] as PlanNode;
    this.#ownFailed.note(sink, letter.failure.code, letter.record, this.#trace);
    switch (node.onError.action) {
      case 'fail':
        throw recordFailed(nameInFile(node.name), letter.record, letter.failure);
      case 'skip':
        counts.skipped += 1;
        return;
      case 'dead_letter':
        counts.dead_lettered += 1;
        await this.#deadLetter(letter, sink, now);
    }
  }

  async #deadLetter(letter: DeadLetter, nodeId: number, now: number): Promise<void> {
    const node = this.#settings.nodes[nodeId] as PlanNode;
    const policy = node.onError as Extract<ErrorPolicy, { action: 'dead_letter' }>;
    await this.#putAside(deadLetterRecord(letter, nameInFile(node.name), policy, now), now, () => truncatedDeadLetter(letter, nameInFile(node.name), policy, now));
  }

  async #lateRecord(letter: LateRecord, nodeId: number, now: number): Promise<void> {
    const node = this.#settings.nodes[nodeId] as TransformNode;
    const output = lateRecord(letter, nameInFile(node.name), node.late as string, now);
    await this.#putAside(output, now, () => truncatedLate(output, now));
  }

  /** To a topic for what went wrong: it gets as much of the record as it takes. */
  async #putAside(record: OutputRecord, now: number, truncated: () => OutputRecord): Promise<void> {
    const info = this.#settings.topics.known(record.topic) ?? (await this.#loadDeadLetterTopic(record.topic));
    let output = record;
    if (refusal(output, info, encodedSize(output), now)?.code === 'timestamp_refused') output = retimed(output, now);
    if (refusal(output, info, encodedSize(output), now)?.code === 'record_too_large') output = truncated();
    const size = encodedSize(output);
    const refused = refusal(output, info, size, now);
    if (refused !== null) throw new Failure('dead_letter_failed', `The topic for dead letters or late records refuses one: ${refused.message}`);
    this.#pend(deadLetterLane, output, info, size);
  }

  async #loadDeadLetterTopic(topic: string): Promise<TopicInfo> {
    try {
      return await this.#settings.topics.load(topic);
    } catch (error) {
      const failure = asFailure(error, 'task_crashed');
      if (failure.code !== 'topic_missing') throw failure;
      throw new Failure('dead_letter_failed', `The topic ${topic}, for dead letters or late records, does not exist.`, { cause: failure });
    }
  }

  #barrier(message: SinkMessage, last: boolean): void {
    if (message.kind !== 'checkpoint') return;
    const { node, counts, progress, failed, own, again } = message.report;
    if (own !== null) this.#watermarks[this.#settings.nodes[node]?.name ?? ''] = own;
    if (again !== null) this.#again = Math.min(this.#again ?? Infinity, again);
    this.#failedRecords.push(...failed);
    const total = this.#reported.get(node);
    if (total === undefined) this.#reported.set(node, counts);
    else addCounts(total, counts);
    if (progress !== null) this.#progress.push(progress);
    if (last) this.#aligned(message.epoch);
  }

  #aligned(epoch: number): void {
    for (const [node, counts] of this.#counts) {
      if (imbalance(counts) !== 0) throw new Error(`Sink ${this.#settings.nodes[node]?.name ?? node} cannot account for ${imbalance(counts)} records.`);
      this.#reported.set(node, counts);
      this.#counts.set(node, noCounts());
    }
    for (const record of this.#settings.changelog()) this.#settings.outbox.add(changelogLane, record);
    const work = { epoch, watermarks: this.#watermarks, again: this.#again, outputs: this.#settings.outbox.seal(), progress: this.#progress, counts: this.#reported, failed: [...this.#failedRecords, ...this.#ownFailed.take()], written: this.#written.take(), spans: this.#spans(epoch) };
    this.#reported = new Map();
    this.#progress = [];
    this.#failedRecords = [];
    this.#watermarks = {};
    this.#again = null;
    this.#partitioner.nextBatch();
    this.#settings.onAligned(work);
  }

  #spans(epoch: number): CommitSpans | null {
    const { trace } = this.#settings;
    return trace === null ? null : commitSpans(trace, { epoch, progress: this.#progress, sends: this.#sends?.take() ?? null });
  }
}

/** What the topic would refuse, found out before it is sent: one such record refuses its whole batch, and the producer is lost with it. */
function refusal(output: OutputRecord, info: TopicInfo, size: number, now: number): Failure | null {
  const { topic, partition, timestamp } = output;
  if (partition !== null && partition >= info.partitions) return new Failure('unencodable', `partition: topic ${topic} has ${info.partitions} partitions, there is no partition ${partition}.`);
  if (size + batchOverhead > info.maxMessageBytes) return new Failure('record_too_large', `Topic ${topic} takes at most ${info.maxMessageBytes} bytes, the record has ${size}.`);
  if (info.keyed && output.key === null) return new Failure('key_missing', `Topic ${topic} is compacted and takes records with a key only, the record has none.`);
  const { behind, ahead } = info.timestamps;
  const off = timestamp - now;
  if (off <= ahead - clockMargin && -off <= behind - clockMargin) return null;
  return new Failure('timestamp_refused', `Topic ${topic} takes timestamps up to ${off > 0 ? ahead : behind} ms ${off > 0 ? 'ahead' : 'back'}, the record has ${timestamp}.`);
}

/** Milliseconds by which this clock and the broker's may differ. */
const clockMargin = 10_000;
