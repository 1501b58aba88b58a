import type { Collector, EpochEnd, PassedOn, TaskContext, TransformLogic } from '../../../actors/component.ts';
import type { Failure } from '../../../actors/failure.ts';
import type { StreamRecord } from '../../../actors/record.ts';
import { isTombstone } from '../../../actors/record.ts';
import type { Store } from '../../../actors/store.ts';
import { MemoryStore } from '../../support/memory-store.ts';

/** What a task sent in one epoch, or in several. */
export interface Sent {
  readonly results: StreamRecord[];
  readonly late: StreamRecord[];
  readonly lateCopies: StreamRecord[];
  readonly failed: { readonly record: StreamRecord; readonly failure: Failure }[];
  readonly filtered: StreamRecord[];
  absorbed: number;
}

export function nothing(): Sent {
  return { results: [], late: [], lateCopies: [], failed: [], filtered: [], absorbed: 0 };
}

function collectorOf(sent: Sent): Collector {
  const unexpected = (): never => {
    throw new Error('a window forwards nothing');
  };
  return {
    forward: unexpected,
    copy: (record) => void sent.results.push(record),
    filtered: (record) => void sent.filtered.push(record),
    failed: (record, failure) => void sent.failed.push({ record, failure }),
    absorbed: () => void (sent.absorbed += 1),
    late: (record) => void sent.late.push(record),
    lateCopy: (record) => void sent.lateCopies.push(record)
  };
}

/** One task of a keyed node: its logic, its store and what of both was committed. */
export class WindowTask {
  readonly store = new MemoryStore();
  /** Everything of committed epochs. */
  readonly committed = nothing();
  readonly #make: (task: TaskContext, store: Store) => TransformLogic;
  readonly #place: { readonly task: number; readonly tasks: number };
  #logic: TransformLogic;
  #epoch = 0;
  #own = -Infinity;
  #sent = nothing();

  constructor(make: (task: TaskContext, store: Store) => TransformLogic, place = { task: 0, tasks: 1 }) {
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

  feed(records: readonly StreamRecord[], now = 0): void {
    if (records.length > 0) void this.#logic.process({ kind: 'batch', records, now }, collectorOf(this.#sent));
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
    return this.#make({ ...this.#place, watermark: this.#own }, this.store);
  }

  #checkpoint(end: Partial<EpochEnd>): PassedOn {
    const passed = this.#logic.checkpoint?.({ epoch: this.#epoch, now: 0, watermark: -Infinity, idle: false, ...end }, collectorOf(this.#sent));
    if (passed === undefined) throw new Error('a window works at the barrier');
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
