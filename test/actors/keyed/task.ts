import type { Collector, EpochEnd, PassedOn, TransformLogic } from '../../../actors/component.ts';
import type { Failure } from '../../../actors/failure.ts';
import type { StreamRecord } from '../../../actors/record.ts';
import { isTombstone } from '../../../actors/record.ts';
import type { KeyedTask } from '../../../actors/keyed/stateful.ts';
import type { Store } from '../../../actors/store.ts';
import { MemoryStore } from '../../support/memory-store.ts';

/** What a task sent in one epoch, or in several. */
export interface Sent {
  readonly results: StreamRecord[];
  /** Of these, inputs that went on. */
  readonly forwarded: StreamRecord[];
  readonly deduped: StreamRecord[];
  readonly late: StreamRecord[];
  readonly lateCopies: StreamRecord[];
  readonly failed: { readonly record: StreamRecord; readonly failure: Failure }[];
  readonly filtered: StreamRecord[];
  absorbed: number;
  /** Inputs that came in parcels, beyond those. */
  unpacked: number;
}

export function nothing(): Sent {
  return { results: [], forwarded: [], deduped: [], late: [], lateCopies: [], failed: [], filtered: [], absorbed: 0, unpacked: 0 };
}

function collectorOf(sent: Sent): Collector {
  return {
    forward: (record) => {
      sent.forwarded.push(record);
      sent.results.push(record);
    },
    deduped: (record) => void sent.deduped.push(record),
    unpacked: (inputs) => void (sent.unpacked += inputs - 1),
    copy: (record) => void sent.results.push(record),
    filtered: (record) => void sent.filtered.push(record),
    failed: (record, failure) => void sent.failed.push({ record, failure }),
    absorbed: () => void (sent.absorbed += 1),
    late: (record) => void sent.late.push(record),
    lateCopy: (record) => void sent.lateCopies.push(record)
  };
}

/** Makes the logic of a node, or of a half before a hop; the task says of no input that it is shipped, and has no table. */
type Make = (task: KeyedTask, store: Store) => TransformLogic;

/** One task of a keyed node: its logic, its store and what of both was committed. */
export class KeyedNode {
  readonly store = new MemoryStore();
  /** Everything of committed epochs. */
  readonly committed = nothing();
  readonly #make: Make;
  readonly #place: { readonly task: number; readonly tasks: number };
  #logic: TransformLogic;
  #epoch = 0;
  #own = -Infinity;
  #sent = nothing();

  constructor(make: Make, place = { task: 0, tasks: 1 }) {
    this.#make = make;
    this.#place = place;
    this.#logic = this.#fresh();
  }

  get own(): number {
    return this.#own;
  }

  get pending(): number {
    return this.#logic.pending ?? 0;
  }

  feed(records: readonly StreamRecord[], now = 0, input = 0): void {
    if (records.length > 0) void this.#logic.process({ kind: 'batch', records, now }, collectorOf(this.#sent), input);
  }

  /** Ends the epoch and commits it. */
  barrier(end: Partial<EpochEnd> = {}): { readonly sent: Sent; readonly passed: PassedOn } {
    const passed = this.#checkpoint(end);
    const sent = this.#sent;
    this.#sent = nothing();
    this.#own = passed.own;
    this.#epoch += 1;
    this.store.commit();
    this.committed.results.push(...sent.results);
    this.committed.late.push(...sent.late);
    this.committed.lateCopies.push(...sent.lateCopies);
    return { sent, passed };
  }

  /** A crash; with `end` in the midst of a checkpoint. What was committed comes back. */
  kill(end?: Partial<EpochEnd>): void {
    if (end !== undefined) this.#checkpoint(end);
    this.#sent = nothing();
    this.store.rollBack();
    this.#logic = this.#fresh();
  }

  #fresh(): TransformLogic {
    return this.#make({ ...this.#place, watermark: this.#own, store: this.store, shipped: [], table: null }, this.store);
  }

  #checkpoint(end: Partial<EpochEnd>): PassedOn {
    const { watermark = -Infinity, idle = false } = end;
    const passed = this.#logic.checkpoint?.({ epoch: this.#epoch, now: 0, watermark, idle, inputs: [{ watermark, idle }], table: null, readers: null, ...end }, collectorOf(this.#sent));
    if (passed === undefined) throw new Error('a keyed node works at the barrier');
    return passed;
  }
}

/** Results by key, each replaced by the next; tombstones delete. */
export function tableOf(results: readonly StreamRecord[], table: Map<string, unknown> = new Map()): Map<string, unknown> {
  for (const record of results) {
    const key = textOf(record.key);
    if (!isTombstone(record)) table.set(key, record.value);
    else if (!table.delete(key)) throw new Error(`a tombstone for ${key}, which was never sent`);
  }
  return table;
}

export function textOf(key: Uint8Array | null): string {
  return Buffer.from(key ?? []).toString('latin1');
}
