import type { Collector } from '../component.ts';
import { asFailure, Failure } from '../failure.ts';
import type { Batch } from '../message.ts';
import type { StreamRecord } from '../record.ts';
import { isTombstone } from '../record.ts';
import { holdsContext, sampledFlag } from '../trace.ts';
import type { TraceContext } from '../trace.ts';
import type { Algebra } from './algebra.ts';
import type { GroupKey } from '../keyed/group-key.ts';
import type { GatheredGroup, Gathering, WindowKind } from './kind.ts';
import type { TracedGroups } from './traced-groups.ts';

/** What windows are made of. */
export interface WindowSettings {
  /** The node's name. */
  readonly name: string;
  readonly key: GroupKey;
  readonly kind: WindowKind;
  readonly algebra: Algebra;
  readonly emit: 'update' | 'final' | 'complete';
}

/** Groups of a traced batch whose records say nothing of traces themselves: so many of them are remembered. */
const maxTraced = 16;

/** The first half: judges which records are late, and adds the others to the partial results of the epoch. */
export class Intake {
  readonly #settings: WindowSettings;
  readonly #gathering: Gathering;
  /** As of the last barrier. Records bring that of their source with them, so that this one counts after an idle time only. */
  #watermark: number;
  readonly #traced: TracedGroups;
  /** Of the batch at work; null mostly. */
  #trace: TraceContext | null = null;
  #tracedLeft = 0;

  constructor(settings: WindowSettings, watermark: number, traced: TracedGroups) {
    this.#settings = settings;
    this.#traced = traced;
    this.#gathering = settings.kind.gather(settings.algebra);
    this.#watermark = watermark;
  }

  get pending(): number {
    return this.#gathering.size;
  }

  process({ records, now, trace = null }: Batch, out: Collector): void {
    this.#trace = trace;
    this.#tracedLeft = maxTraced;
    for (const record of records) {
      if (isTombstone(record)) out.filtered(record);
      else this.#take(record, now, out);
    }
  }

  /** The epoch is over: hands over its partial results. */
  end(watermark: number): Iterable<GatheredGroup> {
    this.#watermark = Math.max(this.#watermark, watermark);
    return this.#gathering.drain();
  }

  #take(record: StreamRecord, now: number, out: Collector): void {
    const { key, kind, algebra } = this.#settings;
    const watermark = Math.max(record.stamp, this.#watermark);
    let group: string;
    try {
      checkTime(record.time);
      if (kind.late(record.time, watermark)) {
        out.late(record, watermark);
        return;
      }
      group = key.of(record, now);
      algebra.read(record, now);
    } catch (error) {
      out.failed(record, asFailure(error, 'expression_failed'));
      return;
    }
    this.#gathering.add(group, record, watermark);
    if (this.#trace !== null) this.#note(group, record, this.#trace);
    out.absorbed(record);
  }

  #note(group: string, record: StreamRecord, trace: TraceContext): void {
    if (!isTraced(record) && --this.#tracedLeft < 0) return;
    this.#traced.note(group, record.time, trace);
  }
}

function isTraced({ headers }: StreamRecord): boolean {
  return headers.some(([name, value]) => holdsContext(name) && sampledFlag(value) === true);
}

function checkTime(time: number): void {
  if (time >= 0 && time <= Number.MAX_SAFE_INTEGER) return;
  throw new Failure('event_time_missing', `window: expected an event time since 1970, found ${time}`);
}
