import type { Collector, EpochEnd, TaskContext } from '../component.ts';
import type { StreamRecord } from '../record.ts';
import type { StoreValue } from '../store.ts';
import type { TraceContext } from '../trace.ts';
import { addContext, headersFor, maxKept } from '../trace.ts';
import { murmur2 } from '../sink/partitioner.ts';
import { toBytes } from './binary.ts';
import type { Parcel, ParcelGroup } from './parcel.ts';

/** A parcel is closed when its text is about this long: far below what brokers take. */
const maxParcel = 200_000;

/** A partition that gets no groups hears of a new watermark this often at most, in milliseconds. */
const markerInterval = 1000;

/** What a partition was told last. */
interface Told {
  readonly watermark: number;
  readonly idle: boolean;
  readonly at: number;
}

interface Load {
  readonly groups: StoreValue[];
  /** Null mostly. */
  traces: TraceContext[] | null;
  records: number;
  size: number;
}

/** Sends what a node gathered, and watermarks, over the hop: to each partition its groups, and at most once a second a marker where there are none. */
export class Shipping {
  readonly #task: TaskContext;
  readonly #partitions: number;
  readonly #told: Told[];

  constructor(task: TaskContext, partitions: number) {
    this.#task = task;
    this.#partitions = partitions;
    // What a partition knew before this start is not known here; of a watermark before the first it need not be told.
    this.#told = Array.from({ length: partitions }, () => ({ watermark: -Infinity, idle: false, at: -Infinity }));
  }

  /** Sends an epoch. Gives the milliseconds until a marker is due; null for none. */
  send(groups: Iterable<ParcelGroup>, end: EpochEnd, out: Collector): number | null {
    const loads = new Map<number, Load>();
    for (const group of groups) this.#load(loads, group, end, out);
    let wait = Infinity;
    for (let to = 0; to < this.#partitions; to++) {
      const load = loads.get(to);
      if (load !== undefined) this.#close(to, load, end, out);
      else wait = Math.min(wait, this.#mark(to, end, out));
    }
    return wait === Infinity ? null : wait;
  }

  #load(loads: Map<number, Load>, { key, content, records, traces = none }: ParcelGroup, end: EpochEnd, out: Collector): void {
    // Where a producer of Kafka's Java client would put a record with this key.
    const to = (murmur2(toBytes(key)) & 0x7fffffff) % this.#partitions;
    const size = sizeOf(content);
    let load = loads.get(to);
    if (load === undefined) loads.set(to, (load = { groups: [], traces: null, records: 0, size: 0 }));
    else if (load.size + size > maxParcel) {
      // The new watermark comes with the last parcel only: it says that nothing older follows.
      this.#post(to, load, this.#told[to] as Told, end, out);
      loads.set(to, (load = { groups: [], traces: null, records: 0, size: 0 }));
    }
    for (const context of traces) addContext((load.traces ??= []), context, maxKept);
    load.groups.push(content);
    load.records += records;
    load.size += size;
  }

  #close(to: number, load: Load, end: EpochEnd, out: Collector): void {
    this.#post(to, load, end, end, out);
    this.#told[to] = { watermark: end.watermark, idle: end.idle, at: end.now };
  }

  /** Milliseconds until a marker is due. */
  #mark(to: number, end: EpochEnd, out: Collector): number {
    const told = this.#told[to] as Told;
    if (told.watermark === end.watermark && told.idle === end.idle) return Infinity;
    const passed = end.now - told.at;
    // A clock that was set back must not hold markers back.
    if (passed >= 0 && passed < markerInterval) return markerInterval - passed;
    this.#close(to, { groups: [], traces: null, records: 0, size: 0 }, end, out);
    return Infinity;
  }

  #post(to: number, { groups, records, traces }: Load, stand: { readonly watermark: number; readonly idle: boolean }, end: EpochEnd, out: Collector): void {
    const { task, tasks } = this.#task;
    const { watermark, idle } = stand;
    const parcel: Parcel = { to, task, of: tasks, epoch: end.epoch, watermark: watermark === -Infinity ? null : watermark, idle, records, groups };
    out.copy(this.#record(parcel, end, traces), 0);
  }

  #record(value: Parcel, { watermark }: EpochEnd, traces: readonly TraceContext[] | null): StreamRecord {
    const time = Math.max(0, watermark);
    return { key: null, bytes: null, value, headers: traces === null ? [] : headersFor(traces), timestamp: time, offset: 0, origin: { topic: '', partition: this.#task.task, codec: 'json' }, changed: true, time, stamp: watermark };
  }
}

const none: readonly TraceContext[] = [];

/** About how long a value is as JSON. */
function sizeOf(value: StoreValue): number {
  if (typeof value === 'string') return value.length + 3;
  if (typeof value !== 'object' || value === null) return 12;
  let size = 2;
  if (Array.isArray(value)) for (const item of value as readonly StoreValue[]) size += sizeOf(item);
  else for (const [name, field] of Object.entries(value)) size += name.length + 4 + sizeOf(field);
  return size;
}
