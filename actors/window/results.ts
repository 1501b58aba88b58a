import type { StreamRecord } from '../record.ts';
import type { StoreValue } from '../store.ts';
import type { TraceContext } from '../trace.ts';
import { headersFor } from '../trace.ts';
import type { Algebra, Partial } from './algebra.ts';
import { toBytes } from '../keyed/binary.ts';
import type { GroupKey } from '../keyed/group-key.ts';
import type { Bounds } from './kind.ts';
import { eventTime, recordTimestamp } from './times.ts';

/** What results are made with. */
export interface ResultSettings {
  readonly name: string;
  readonly task: number;
  readonly key: GroupKey;
  readonly algebra: Algebra;
}

/** Makes records of results. */
export class Results {
  readonly #settings: ResultSettings;
  readonly #origin: StreamRecord['origin'];

  constructor(settings: ResultSettings) {
    this.#settings = settings;
    this.#origin = { topic: settings.name, partition: settings.task, codec: 'json' };
  }

  /** A result, or what came too late to be part of one. `stamp`: no later result is older than this. `contexts`: of traces that go on with it. */
  record(key: string, window: Bounds | null, partial: Partial, stamp: number, contexts: readonly TraceContext[] = []): StreamRecord {
    const value: Record<string, StoreValue> = { key: this.#settings.key.show(key), ...this.#settings.algebra.result(partial) };
    if (window !== null) value['window'] = { start: window.start, end: window.end };
    const record = this.#make(recordKey(key, window?.start ?? null), value, { time: eventTime(partial[0]), timestamp: recordTimestamp(partial[0]), stamp });
    return contexts.length === 0 ? record : { ...record, headers: headersFor(contexts) };
  }

  /** Takes a result back: a tombstone for its key. */
  tombstone(key: string, { start, timestamp, stamp }: { readonly start: number; readonly timestamp: number; readonly stamp: number }): StreamRecord {
    return { ...this.#make(recordKey(key, start), null, { time: Math.max(start, 0), timestamp, stamp }), changed: false };
  }

  #make(key: Uint8Array, value: unknown, { time, timestamp, stamp }: Pick<StreamRecord, 'time' | 'timestamp' | 'stamp'>): StreamRecord {
    return { key, bytes: null, value, headers: [], timestamp, offset: 0, origin: this.#origin, changed: true, time, stamp };
  }
}

function recordKey(key: string, start: number | null): Uint8Array {
  return toBytes(start === null ? key : `${key}-${start}`);
}
