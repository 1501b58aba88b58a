import type { Collector, EpochEnd, PassedOn, TransformLogic } from '../component.ts';
import { Arriving, lowest, upstreamPlaces } from '../keyed/arriving.ts';
import type { UpstreamPlace } from '../keyed/arriving.ts';
import type { Arrival } from '../keyed/freight.ts';
import { unpackRecord } from '../keyed/freight.ts';
import type { KeyedTask } from '../keyed/stateful.ts';
import type { Batch } from '../message.ts';
import type { StreamRecord } from '../record.ts';
import { changeRecord } from '../record.ts';
import type { Store } from '../store.ts';
import type { Row } from './interval-store.ts';
import { Sequence, SideRows } from './interval-store.ts';
import { admissionOf, storableValue } from './interval-settings.ts';
import type { IntervalSettings, IntervalSide, Side } from './interval-settings.ts';
import { Pairs, traceHeaders } from './pairs.ts';

/** So many records are over per checkpoint at most: the others follow at the next one, which comes at once. */
const maxExpired = 10_000;

/** What a store of a join holds: each record that waits for partners, as the result that it would give without one. */
export function waiting(settings: IntervalSettings, store: Store): StreamRecord[] {
  const pairs = new Pairs(settings.name, 0, settings.names, settings.sides[0].key);
  const sequence = new Sequence(store);
  const of = (side: Side): StreamRecord[] =>
    [...new SideRows(store, side, sequence).all()].map(([key, row]) => {
      const record = unpackRecord(key, row, -Infinity);
      return side === 0 ? pairs.result(key, record, null, -Infinity) : pairs.result(key, null, record, -Infinity);
    });
  return [...of(0), ...of(1)];
}

/** One side where its records are worked on. */
interface Half {
  readonly side: Side;
  readonly options: IntervalSide;
  readonly arriving: Arriving;
  readonly rows: SideRows;
}

/** A join of two streams in one task. Pairs leave as soon as both records are there, records without a partner at the barrier. */
export class IntervalNode implements TransformLogic {
  readonly #settings: IntervalSettings;
  readonly #halves: readonly [Half, Half];
  readonly #sequence: Sequence;
  readonly #pairs: Pairs;
  /** How far behind the watermark results still to come may be. */
  readonly #hold: number;
  #own: number;
  #passedOn: number;

  constructor(settings: IntervalSettings, task: KeyedTask) {
    const { sides: [left, right], grace, reach } = settings;
    this.#settings = settings;
    this.#sequence = new Sequence(task.store);
    this.#halves = [this.#half(task, 0), this.#half(task, 1)];
    this.#pairs = new Pairs(settings.name, task.task, settings.names, left.key);
    // Of a pair the record that waited is in time for the other one; one without a partner may itself be as old as can be.
    this.#hold = left.kept || right.kept ? reach : Math.max(left.ahead, right.ahead) + grace;
    this.#own = task.watermark;
    this.#passedOn = this.#promise(Math.min(...this.#halves.map(({ options, rows }) => rows.oldest(this.#past(options)))));
  }

  process(batch: Batch, out: Collector, input: number): void {
    const half = this.#halves[input === 0 ? 0 : 1];
    half.arriving.each(batch, out, (arrival) => { this.#take(half, arrival, out); });
  }

  checkpoint(end: EpochEnd, out: Collector): PassedOn {
    const inputs = this.#halves.map(({ arriving }, input) => arriving.advance(end.inputs[input] ?? end));
    const { watermark, idle } = lowest(inputs, this.#own);
    this.#own = watermark;
    this.#sequence.save();
    const overdue = this.#expire(out);
    this.#passedOn = Math.max(this.#passedOn, this.#promise(overdue));
    return { own: this.#own, watermark: this.#passedOn, idle, again: overdue === Infinity ? null : 0 };
  }

  #half(task: KeyedTask, side: Side): Half {
    const { store, watermark } = task;
    const place = upstreamPlaces[side] as UpstreamPlace;
    return {
      side,
      options: this.#settings.sides[side],
      arriving: new Arriving(admissionOf(this.#settings, side), { shipped: task.shipped[side] === true, store, place, watermark }),
      rows: new SideRows(store, side, this.#sequence)
    };
  }

  #take(half: Half, { key, record: arrived, watermark }: Arrival, out: Collector): void {
    const { grace, reach } = this.#settings;
    const { ahead, kept } = half.options;
    const judged = Math.max(watermark, this.#own);
    if (judged > arrived.time + reach) {
      out.late(arrived, judged);
      return;
    }
    const record = this.#plain(arrived);
    // Behind its end those that are still to come are late for it.
    const waits = key !== null && this.#own <= record.time + ahead + grace;
    const partners = key === null ? 0 : this.#match(half, { key, record, watermark: judged }, waits, out);
    if (waits) {
      half.rows.put(key, this.#kept(half, record), judged, kept && partners === 0);
      out.absorbed(record);
    } else if (partners === 0) {
      if (kept) out.forward(this.#result(half.side, key, record, null));
      else out.filtered(record);
    }
  }

  /** Sends the pairs of a record with those that are there, and says how many. One that does not wait goes on as the first of them. */
  #match({ side, options }: Half, arrival: { readonly key: string; readonly record: StreamRecord; readonly watermark: number }, waits: boolean, out: Collector): number {
    const { key, record, watermark } = arrival;
    const { grace } = this.#settings;
    const other = this.#halves[side === 0 ? 1 : 0];
    // It is late for those that end before this.
    const from = Math.max(record.time - options.back, watermark - other.options.ahead - grace);
    const to = record.time + options.ahead;
    if (from > to) return 0;
    let partners = 0;
    for (const [place, stored] of other.rows.between(key, from, to)) {
      const row = stored as unknown as Row;
      if (row.w !== undefined && row.w > to + grace) continue;
      const result = this.#result(side, key, record, unpackRecord(key, row, watermark));
      if (waits || partners > 0) out.copy(result, 0);
      else out.forward(result);
      if (other.options.kept) other.rows.settle(place, key);
      partners += 1;
    }
    return partners;
  }

  /** Gives the time of the first record that is over and left there; Infinity for none. */
  #expire(out: Collector): number {
    let left = maxExpired;
    let overdue = Infinity;
    for (const { side, options, rows } of this.#halves) {
      const expiry = rows.expire(this.#past(options), left, (key, row) => {
        out.copy(this.#result(side, key, unpackRecord(key, row, this.#own), null), 0);
      });
      left -= expiry.count;
      overdue = Math.min(overdue, expiry.overdue);
    }
    return overdue;
  }

  /** Records up to this time are over. */
  #past({ ahead }: IntervalSide): number {
    return this.#own - ahead - this.#settings.grace - 1;
  }

  /** What readers may rely on: no result still to come is older. */
  #promise(overdue: number): number {
    return Math.min(this.#own - this.#hold, overdue);
  }

  /** `record` is of that side, `partner` of the other. */
  #result(side: Side, key: string | null, record: StreamRecord, partner: StreamRecord | null): StreamRecord {
    return side === 0 ? this.#pairs.result(key, record, partner, this.#passedOn) : this.#pairs.result(key, partner, record, this.#passedOn);
  }

  #plain(record: StreamRecord): StreamRecord {
    const value = storableValue(record, this.#settings.json);
    return value === record.value ? record : changeRecord(record, value);
  }

  /** What of a record is kept: of one that only gives its value and its trace to results, these. */
  #kept({ side, options }: Half, record: StreamRecord): StreamRecord {
    const { headers } = record;
    if (side === 0 || options.kept || headers.every(([name]) => traceHeaders.has(name))) return record;
    return { ...record, headers: headers.filter(([name]) => traceHeaders.has(name)) };
  }
}
