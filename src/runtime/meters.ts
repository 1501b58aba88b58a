import { Histogram } from '../../actors/histogram.ts';
import type { EdgeStatus, Measured, StoreStatus } from '../../actors/status.ts';
import type { TaskState } from '../../actors/store.ts';
import type { Plan } from '../topology/model.ts';
import { nameInFile } from './node-name.ts';

/** What lies in a mailbox between two nodes of a task. Times are a clock's `elapsed`. */
export class EdgeMeter {
  records = 0;
  /** Milliseconds that records have waited, added up over all of them: the queue's length, summed over time (Little's law). */
  waited = 0;
  #since = 0;

  sent(records: number, now: number): void {
    this.settle(now);
    this.records += records;
  }

  taken(records: number, now: number): void {
    this.settle(now);
    this.records -= records;
  }

  settle(now: number): void {
    if (this.records > 0) this.waited += this.records * (now - this.#since);
    this.#since = now;
  }
}

/** The meters of one task; its nodes move them, per batch. */
export interface TaskMeters {
  /** Of a node's work on batches. */
  processing(node: number): Histogram;
  edge(from: number, to: number): EdgeMeter;
  /** The task is over: what lay in its mailboxes is gone. */
  end(): void;
}

/** An edge of the topology, with the meters of the tasks that run. */
interface Edge {
  readonly from: string;
  readonly to: string;
  /** Milliseconds, of tasks that have ended. */
  waited: number;
  readonly open: Set<EdgeMeter>;
}

/** Milliseconds for which sizes of stores are not looked at again: LMDB goes through its free pages for them. */
const sizesKept = 5000;

/** What is measured of a topology's nodes: moved per batch and epoch, read by whoever asks. */
export class Meters {
  readonly #plan: Plan;
  readonly #elapsed: () => number;
  readonly #processing: readonly Histogram[];
  readonly #latency = new Map<number, Histogram>();
  readonly #edges = new Map<string, Edge>();
  readonly #states = new Set<TaskState>();
  #sizes: { readonly at: number; readonly stores: readonly StoreStatus[] } = { at: -Infinity, stores: [] };

  constructor(plan: Plan, elapsed: () => number) {
    this.#plan = plan;
    this.#elapsed = elapsed;
    this.#processing = plan.nodes.map(() => new Histogram());
    for (const { id, kind } of plan.nodes) if (kind === 'sink') this.#latency.set(id, new Histogram());
  }

  /** Those of a task that starts; its state is looked at until it ends. */
  task(state: TaskState | null): TaskMeters {
    const own = new Map<string, { readonly edge: Edge; readonly meter: EdgeMeter }>();
    if (state !== null) this.#watch(state, true);
    return {
      processing: (node) => this.#processing[node] as Histogram,
      edge: (from, to) => {
        const key = `${from}:${to}`;
        const known = own.get(key);
        if (known !== undefined) return known.meter;
        const edge = this.#edge(from, to);
        const meter = new EdgeMeter();
        edge.open.add(meter);
        own.set(key, { edge, meter });
        return meter;
      },
      end: () => {
        if (state !== null) this.#watch(state, false);
        for (const { edge, meter } of own.values()) {
          meter.settle(this.#elapsed());
          edge.waited += meter.waited;
          edge.open.delete(meter);
        }
        own.clear();
      }
    };
  }

  /** What a sink wrote was committed now: `timestamps` are those of some of its records, in milliseconds since 1970, -1 for none. */
  committed(sink: number, timestamps: readonly number[], now: number): void {
    const histogram = this.#latency.get(sink);
    for (const timestamp of timestamps) if (timestamp >= 0) histogram?.note(Math.max(0, now - timestamp) / 1000);
  }

  status(): Omit<Measured, 'watermarks'> {
    return {
      processing: this.#plan.nodes.map(({ id, name }) => ({ node: name, batches: (this.#processing[id] as Histogram).status })),
      latency: [...this.#latency].map(([id, histogram]) => ({ sink: this.#name(id), records: histogram.status })),
      edges: [...this.#edges.values()].map((edge) => this.#edgeStatus(edge)),
      stores: this.#stores()
    };
  }

  #watch(state: TaskState, open: boolean): void {
    if (open) this.#states.add(state);
    else this.#states.delete(state);
    this.#sizes = { at: -Infinity, stores: [] };
  }

  #edge(from: number, to: number): Edge {
    const key = `${from}:${to}`;
    const edge = this.#edges.get(key) ?? { from: this.#name(from), to: this.#name(to), waited: 0, open: new Set() };
    this.#edges.set(key, edge);
    return edge;
  }

  #edgeStatus({ from, to, waited, open }: Edge): EdgeStatus {
    let records = 0;
    let milliseconds = waited;
    for (const meter of open) {
      meter.settle(this.#elapsed());
      records += meter.records;
      milliseconds += meter.waited;
    }
    return { from, to, records, waited: milliseconds / 1000 };
  }

  #stores(): readonly StoreStatus[] {
    const at = this.#elapsed();
    if (at - this.#sizes.at >= sizesKept) this.#sizes = { at, stores: this.#lookAtStores() };
    return this.#sizes.stores;
  }

  #lookAtStores(): StoreStatus[] {
    const stores = new Map<string, { entries: number; bytes: number }>();
    for (const state of this.#states) {
      for (const { store, entries, bytes } of state.sizes) {
        const sum = stores.get(store) ?? { entries: 0, bytes: 0 };
        stores.set(store, { entries: sum.entries + entries, bytes: sum.bytes + bytes });
      }
    }
    return [...stores].map(([store, sum]) => ({ store: nameInFile(store), ...sum }));
  }

  #name(id: number): string {
    return this.#plan.nodes[id]?.name ?? String(id);
  }
}
