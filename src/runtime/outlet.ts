import { imbalance, noCounts } from '../../actors/accounting.ts';
import type { Counts } from '../../actors/accounting.ts';
import type { Collector } from '../../actors/component.ts';
import { Failure } from '../../actors/failure.ts';
import type { Batch, Delivery } from '../../actors/message.ts';
import type { StreamRecord } from '../../actors/record.ts';
import type { TraceContext } from '../../actors/trace.ts';
import type { ErrorPolicy } from '../topology/model.ts';
import { FailedRecordCounts } from './failed-records.ts';
import type { FailedRecords } from './failed-records.ts';
import type { EdgeMeter } from './meters.ts';
import { nameInFile } from './node-name.ts';
import type { Actor } from './system.ts';
import type { Taps } from './taps.ts';

/** A record on its way to the dead letter topic of the node where it failed. */
export interface DeadLetter {
  readonly record: StreamRecord;
  readonly failure: Failure;
}

/** A record that came too late, and the watermark it was behind. */
export interface LateRecord {
  readonly record: StreamRecord;
  readonly watermark: number;
}

/** A barrier as a node passes it on. */
export interface Passing {
  readonly epoch: number;
  readonly now: number;
  readonly watermark: number;
  readonly idle: boolean;
  /** See `PassedOn`; null for a node without a watermark of its own. */
  readonly own: number | null;
  readonly again: number | null;
}

/** What a node did in the epoch that its barrier closes; it rides on the barrier to the sink. */
export interface NodeReport {
  readonly node: number;
  readonly counts: Counts;
  readonly progress: SourceProgress | null;
  readonly failed: readonly FailedRecords[];
  readonly own: number | null;
  readonly again: number | null;
}

/** How far a source actor came in an epoch. */
export interface SourceProgress {
  readonly topic: string;
  readonly partition: number;
  readonly position: number;
  /** Of the partition. */
  readonly watermark: number;
  /** Whether the partition holds nobody back. */
  readonly idle: boolean;
  /** To be given back as credit. */
  readonly bytes: number;
  readonly batches: number;
  /** Spans of the batches that were traced; null where none was. */
  readonly traced: readonly TraceContext[] | null;
}

/** What the sink actor is told. Every source and transform actor of the task has one channel to it. */
export type SinkMessage =
  | { readonly kind: 'records'; readonly channel: number; readonly sink: number; readonly edge: EdgeMeter; readonly batch: Batch }
  | { readonly kind: 'dead_letters'; readonly channel: number; readonly node: number; readonly letters: readonly DeadLetter[]; readonly now: number }
  | { readonly kind: 'late'; readonly channel: number; readonly node: number; readonly letters: readonly LateRecord[]; readonly now: number }
  | { readonly kind: 'checkpoint'; readonly channel: number; readonly epoch: number; readonly sent: number; readonly report: NodeReport };

/** Where the records of an output go: another node, or a sink node within the sink actor. */
export type Target =
  | { readonly kind: 'node'; readonly actor: Actor<Delivery>; readonly channel: number; readonly edge: EdgeMeter; sent: number }
  | { readonly kind: 'sink'; readonly sink: number; readonly edge: EdgeMeter };

/** Where an outlet stands in its task. */
export interface OutletSettings {
  readonly node: number;
  readonly name: string;
  readonly onError: ErrorPolicy;
  /** Whether late records are kept, for the topic that the node names for them. */
  readonly keepsLate: boolean;
  /** Targets by output port. */
  readonly ports: readonly (readonly Target[])[];
  readonly sink: { readonly actor: Actor<SinkMessage>; readonly channel: number };
  /** Who looks at what goes out; nobody where it is absent. */
  readonly taps?: Taps | undefined;
  /** See `Clock`. */
  elapsed(): number;
}

/** The one way out of a source or transform actor: collects what the logic emits, sends it on in batches, and counts. */
export class Outlet implements Collector {
  readonly #settings: OutletSettings;
  readonly #buffers: StreamRecord[][];
  #letters: DeadLetter[] = [];
  #late: LateRecord[] = [];
  #counts = noCounts();
  readonly #failed = new FailedRecordCounts();
  #sentToSink = 0;
  /** The span at work; null mostly. */
  trace: TraceContext | null = null;

  constructor(settings: OutletSettings) {
    this.#settings = settings;
    this.#buffers = settings.ports.map(() => []);
  }

  received(records: number): void {
    this.#counts.received += records;
  }

  forward(record: StreamRecord, port = 0): void {
    this.#counts.forwarded += 1;
    this.copy(record, port);
  }

  copy(record: StreamRecord, port: number): void {
    (this.#buffers[port] as StreamRecord[]).push(record);
  }

  filtered(_record: StreamRecord): void {
    this.#counts.filtered += 1;
  }

  deduped(_record: StreamRecord): void {
    this.#counts.deduped += 1;
  }

  unpacked(inputs: number): void {
    this.#counts.received += inputs - 1;
  }

  absorbed(_record: StreamRecord): void {
    this.#counts.absorbed += 1;
  }

  late(record: StreamRecord, watermark: number): void {
    this.#counts.late += 1;
    this.lateCopy(record, watermark);
  }

  lateCopy(record: StreamRecord, watermark: number): void {
    if (this.#settings.keepsLate) this.#late.push({ record, watermark });
  }

  failed(record: StreamRecord, failure: Failure): void {
    this.#failed.note(this.#settings.node, failure.code, record, this.trace);
    switch (this.#settings.onError.action) {
      case 'dead_letter':
        this.#counts.dead_lettered += 1;
        this.#letters.push({ record, failure });
        return;
      case 'skip':
        this.#counts.skipped += 1;
        return;
      case 'fail':
        throw recordFailed(nameInFile(this.#settings.name), record, failure);
    }
  }

  /** What was collected and not sent. */
  get collected(): readonly StreamRecord[] {
    return this.#buffers.length === 1 ? (this.#buffers[0] as StreamRecord[]) : this.#buffers.flat();
  }

  /** Sends on what was collected. */
  flush(now: number): void {
    this.#buffers.forEach((records, port) => {
      if (records.length === 0) return;
      this.#buffers[port] = [];
      this.#send({ kind: 'batch', records, now, trace: this.trace }, port);
    });
    const { node, sink: { actor, channel } } = this.#settings;
    this.#sentToSink += this.#letters.length + this.#late.length;
    if (this.#letters.length > 0) actor.tell({ kind: 'dead_letters', channel, node, letters: this.#letters, now });
    if (this.#late.length > 0) actor.tell({ kind: 'late', channel, node, letters: this.#late, now });
    if (this.#letters.length > 0) this.#letters = [];
    if (this.#late.length > 0) this.#late = [];
  }

  #send(batch: Batch, port: number): void {
    const count = batch.records.length;
    const { taps, node } = this.#settings;
    if (taps !== undefined && taps.size > 0) taps.offer(node, port, batch);
    for (const target of this.#settings.ports[port] ?? []) {
      this.#counts.outputs += count;
      target.edge.sent(count, this.#settings.elapsed());
      if (target.kind === 'node') {
        target.sent += count;
        target.actor.tell({ channel: target.channel, message: batch });
      } else {
        this.#sentToSink += count;
        const { actor, channel } = this.#settings.sink;
        actor.tell({ kind: 'records', channel, sink: target.sink, edge: target.edge, batch });
      }
    }
  }

  /** Passes the barrier on behind everything sent so far, with the node's account of the epoch. */
  checkpoint({ epoch, now, watermark, idle, own, again }: Passing, progress: SourceProgress | null): void {
    const counts = this.#counts;
    this.#counts = noCounts();
    if (imbalance(counts) !== 0) throw new Error(`Node ${this.#settings.name} cannot account for ${imbalance(counts)} of ${counts.received} records.`);
    for (const targets of this.#settings.ports) {
      for (const target of targets) {
        if (target.kind === 'node') target.actor.tell({ channel: target.channel, message: { kind: 'checkpoint', epoch, sent: target.sent, now, watermark, idle } });
      }
    }
    const { actor, channel } = this.#settings.sink;
    const report = { node: this.#settings.node, counts, progress, failed: this.#failed.take(), own, again };
    actor.tell({ kind: 'checkpoint', channel, epoch, sent: this.#sentToSink, report });
  }
}

/** What stops a topology whose policy for a poison record is `fail`. */
export function recordFailed(node: string, record: StreamRecord, failure: Failure): Failure {
  const { topic, partition } = record.origin;
  return new Failure('record_failed', `${topic}[${partition}] offset ${record.offset} failed at ${node}: ${failure.code}: ${failure.message}`, {
    cause: failure
  });
}
