import type { Collector, EpochEnd, InputTime, PassedOn, TaskContext, TransformLogic } from '../component.ts';
import { asFailure, Failure } from '../failure.ts';
import type { Batch } from '../message.ts';
import type { StreamRecord } from '../record.ts';
import { checkCrossing } from './storable.ts';
import type { Store } from '../store.ts';
import type { Arrival, Freight } from './freight.ts';
import { isFreight, packArrival, unpackArrival } from './freight.ts';
import type { GroupKey } from './group-key.ts';
import type { ParcelGroup } from './parcel.ts';
import { isParcel } from './parcel.ts';
import { Shipping } from './shipping.ts';
import { Upstreams } from './upstreams.ts';

/** How the records of one input are looked at when they are first seen, before a hop where there is one. */
export interface Admission {
  readonly key: GroupKey;
  /** True where an event time is needed. */
  readonly timed: boolean;
  /** True where a record without a key goes on, with the key null; false where it fails. */
  readonly nullKeys: boolean;
  /** Records that a node has no use for, by what they would be late by: they are counted as filtered. */
  unwanted(record: StreamRecord, watermark: number): boolean;
  /** Throws a poison `Failure` for a record that the node cannot work on: before a hop, where its original bytes still are. */
  check?(record: StreamRecord): void;
  /** Whether a record comes too late altogether, by what it is late by. */
  late(record: StreamRecord, watermark: number): boolean;
}

/** What a record is to a node; null where it is late, unwanted or broken, which the collector was told then. */
export function admit(record: StreamRecord, { now, watermark, admission, out }: { readonly now: number; readonly watermark: number; readonly admission: Admission; readonly out: Collector }): Arrival | null {
  const judged = Math.max(record.stamp, watermark);
  if (admission.unwanted(record, judged)) {
    out.filtered(record);
    return null;
  }
  try {
    if (admission.timed && !(record.time >= 0 && record.time <= Number.MAX_SAFE_INTEGER)) {
      throw new Failure('event_time_missing', `expected an event time since 1970, found ${record.time}`);
    }
    if (admission.late(record, judged)) {
      out.late(record, judged);
      return null;
    }
    admission.check?.(record);
    const key = admission.nullKeys ? admission.key.find(record, now) : admission.key.of(record, now);
    return { key, record, watermark: judged };
  } catch (error) {
    out.failed(record, asFailure(error, 'expression_failed'));
    return null;
  }
}

/** The half of an input before a hop: decides what is late and by which key records are grouped, and sends whole records at the barrier. */
export class RecordsBefore implements TransformLogic {
  readonly #admission: Admission;
  readonly #shipping: Shipping;
  #watermark: number;
  #waiting: ParcelGroup[] = [];

  constructor(admission: Admission, task: TaskContext, partitions: number) {
    this.#admission = admission;
    this.#watermark = task.watermark;
    this.#shipping = new Shipping(task, partitions);
  }

  get pending(): number {
    return this.#waiting.length;
  }

  process({ records, now, trace = null }: Batch, out: Collector): void {
    for (const record of records) {
      const arrival = admit(record, { now, watermark: this.#watermark, admission: this.#admission, out });
      if (arrival === null || !this.#crosses(record, out)) continue;
      const group = { key: arrival.key ?? '', content: packArrival(arrival) as unknown as ParcelGroup['content'], records: 1 };
      this.#waiting.push(trace === null ? group : { ...group, traces: [trace] });
      out.absorbed(record);
    }
  }

  #crosses(record: StreamRecord, out: Collector): boolean {
    try {
      checkCrossing(record);
      return true;
    } catch (error) {
      out.failed(record, asFailure(error, 'unencodable'));
      return false;
    }
  }

  checkpoint(end: EpochEnd, out: Collector): PassedOn {
    const { watermark, idle } = end;
    this.#watermark = Math.max(this.#watermark, watermark);
    const waiting = this.#waiting;
    this.#waiting = [];
    const again = this.#shipping.send(waiting, end, out);
    return { own: watermark, watermark, idle, again };
  }
}

/** Where an input of a node keeps the watermarks of its upstream tasks: one letter each for their table and their count, of no other use in the store. */
export interface UpstreamPlace {
  readonly tag: string;
  readonly count: string;
}

/** The places of inputs 0 and 1. */
export const upstreamPlaces: readonly UpstreamPlace[] = [{ tag: 'u', count: 'n' }, { tag: 'y', count: 'm' }];

/** One input of a keyed node, where its records are worked on: they come as they are, or in parcels. */
export class Arriving {
  readonly #admission: Admission;
  readonly #upstreams: Upstreams | null;
  #watermark: number;
  #idle = false;

  /** `watermark`: the node's own as of the last start. */
  constructor(admission: Admission, { shipped, store, place, watermark }: { readonly shipped: boolean; readonly store: Store; readonly place: UpstreamPlace; readonly watermark: number }) {
    this.#admission = admission;
    this.#upstreams = shipped ? new Upstreams(store, place) : null;
    this.#watermark = watermark;
  }

  /** Calls back for each record of a batch that is in time; the caller says what becomes of it: one fate each, also of those that came in a parcel. */
  each({ records, now }: Batch, out: Collector, work: (arrival: Arrival) => void): void {
    for (const record of records) {
      if (this.#upstreams !== null) this.#unpack(record, this.#upstreams, out, work);
      else {
        const arrival = admit(record, { now, watermark: this.#watermark, admission: this.#admission, out });
        if (arrival !== null) work(arrival);
      }
    }
  }

  /** At the barrier: how far event time is complete on this input. */
  advance(input: InputTime): InputTime {
    const { watermark, idle } = this.#upstreams ?? input;
    this.#upstreams?.save();
    this.#watermark = Math.max(this.#watermark, watermark);
    this.#idle = idle;
    return { watermark: this.#watermark, idle: this.#idle };
  }

  #unpack(record: StreamRecord, upstreams: Upstreams, out: Collector, work: (arrival: Arrival) => void): void {
    if (!isParcel(record.value) || !record.value.groups.every(isFreight)) {
      out.failed(record, new Failure('undecodable', 'expected what the other half of this node sends, found a foreign record in its repartition topic'));
      return;
    }
    upstreams.note(record.value);
    out.unpacked(record.value.groups.length);
    for (const group of record.value.groups) work(unpackArrival(group as unknown as Freight));
  }
}

/** The watermark over several inputs: the lowest of those that are not idle; never below what it was. */
export function lowest(inputs: readonly InputTime[], before: number): InputTime {
  let watermark = Infinity;
  let idle = true;
  for (const input of inputs) {
    if (input.idle) continue;
    idle = false;
    watermark = Math.min(watermark, input.watermark);
  }
  return { watermark: idle ? before : Math.max(before, watermark), idle };
}
