import type { Store } from '../store.ts';
import type { TraceContext } from '../trace.ts';
import { addContext, maxKept } from '../trace.ts';
import type { Bounds } from './kind.ts';

/** Where a record of a traced batch lies in a group. */
interface Trace {
  readonly time: number;
  readonly context: TraceContext;
}

type Stored = readonly (readonly [time: number, traceparent: string, tracestate: string | null])[];

/** Groups that are remembered at most: the oldest are forgotten first. */
const maxGroups = 256;

const tag = 'c';
const beyond = 'd';

/**
 * Which groups hold records of traced batches, so that the first result that counts such a record goes on with its trace. Few do, and what was told once is forgotten. Where there is a store it
 * is in it until then: a window may wait for long, and for another machine.
 */
export class TracedGroups {
  readonly #store: Store | null;
  readonly #groups = new Map<string, Trace[]>();
  readonly #changed = new Set<string>();

  constructor(store: Store | null) {
    this.#store = store;
    if (store === null) return;
    for (const [place, traces] of store.range(tag, beyond)) {
      this.#groups.set(place.slice(1), (traces as unknown as Stored).map(([time, traceparent, tracestate]) => ({ time, context: { traceparent, tracestate } })));
    }
  }

  note(key: string, time: number, context: TraceContext): void {
    const known = this.#groups.get(key);
    if (known === undefined) this.#add(key, { time, context });
    else if (known.length < maxKept && known.every((trace) => trace.context.traceparent !== context.traceparent)) known.push({ time, context });
    else return;
    this.#changed.add(key);
  }

  /** The contexts of a window, or of all there is of a group, and when their first record was; null for none. They are forgotten by this. */
  take(key: string, window: Bounds | null): { readonly contexts: readonly TraceContext[]; readonly time: number } | null {
    if (this.#groups.size === 0) return null;
    const known = this.#groups.get(key);
    const taken = known?.filter(({ time }) => window === null || (time >= window.start && time <= window.end)) ?? [];
    const [first] = taken;
    if (known === undefined || first === undefined) return null;
    const left = known.filter((trace) => !taken.includes(trace));
    if (left.length === 0) this.#groups.delete(key);
    else this.#groups.set(key, left);
    this.#changed.add(key);
    const contexts: TraceContext[] = [];
    for (const { context } of taken) addContext(contexts, context, maxKept);
    return { contexts, time: first.time };
  }

  /** At a barrier: what waits is in the store. */
  save(): void {
    for (const key of this.#changed) {
      const traces = this.#groups.get(key);
      if (traces !== undefined) this.#store?.put(tag + key, traces.map(({ time, context }) => [time, context.traceparent, context.tracestate]));
      else if (this.#store?.get(tag + key) !== undefined) this.#store.delete(tag + key);
    }
    this.#changed.clear();
  }

  #add(key: string, trace: Trace): void {
    const [oldest] = this.#groups.size < maxGroups ? [] : this.#groups.keys();
    if (oldest !== undefined) {
      this.#groups.delete(oldest);
      this.#changed.add(oldest);
    }
    this.#groups.set(key, [trace]);
  }
}
