import type { Collector, EpochEnd, InputTime, PassedOn, TransformLogic } from '../component.ts';
import { asFailure } from '../failure.ts';
import type { Arriving } from '../keyed/arriving.ts';
import type { Arrival } from '../keyed/freight.ts';
import type { KeyedTask } from '../keyed/stateful.ts';
import type { Batch } from '../message.ts';
import type { StreamRecord } from '../record.ts';
import type { Store } from '../store.ts';
import { HeldRecords, heldArrivals } from './held-records.ts';
import type { TableJoinSettings } from './table-join-node.ts';
import { joined, rowsOf, tableJoinInput } from './table-join-node.ts';
import type { TableRow } from './table-row.ts';
import type { TableRows } from './table-rows.ts';

/** So many records that were held are sent per checkpoint at most: the others follow at the next one, which comes at once. */
const maxReleased = 10_000;

const never: InputTime = { watermark: -Infinity, idle: false };

/**
 * Joins each record with the row that there was at its event time: once all updates up to then are here, as far as the table's watermark tells, and once no
 * record before it will come. What comes when that is so already is joined at once, with what history has.
 */
export class TimedTableJoin implements TransformLogic {
  readonly #settings: TableJoinSettings;
  readonly #input: Arriving;
  readonly #rows: TableRows;
  readonly #held: HeldRecords;
  /** As of the last barrier. */
  #stream = never;
  #table = never;
  #passedOn: number;

  constructor(settings: TableJoinSettings, task: KeyedTask) {
    this.#settings = settings;
    this.#input = tableJoinInput(settings, task);
    this.#rows = rowsOf(task);
    this.#held = new HeldRecords(task.store, settings.json);
    this.#passedOn = task.watermark;
  }

  get pending(): number {
    return this.#held.fresh;
  }

  process(batch: Batch, out: Collector): void {
    this.#input.each(batch, out, (arrival) => {
      const { key, record } = arrival;
      if (key === null && this.#settings.inner) out.filtered(record);
      // A side that is idle may have just stopped being it: that is for the barrier to say.
      else if (record.time <= lastDue(this.#stream.watermark, this.#table.watermark)) this.#answer(arrival, out);
      else this.#hold(arrival, out);
    });
  }

  checkpoint({ inputs, table }: EpochEnd, out: Collector): PassedOn {
    this.#stream = this.#input.advance(inputs[0] ?? never);
    this.#table = table ?? never;
    const due = lastDue(this.#stream.idle ? Infinity : this.#stream.watermark, this.#table.idle ? Infinity : this.#table.watermark);
    const more = this.#held.release(due, maxReleased, ({ key, record }) => {
      const result = joined(record, this.#rowAt(key, record), this.#settings);
      if (result !== null) out.copy(result, 0);
    });
    const first = this.#held.first();
    this.#passedOn = Math.max(this.#passedOn, Math.min(this.#stream.watermark, first));
    return { own: this.#passedOn, watermark: this.#passedOn, idle: this.#stream.idle && first === Infinity, again: more ? 0 : null };
  }

  #answer({ key, record }: Arrival, out: Collector): void {
    const result = joined(record, this.#rowAt(key, record), this.#settings);
    if (result === null) out.filtered(record);
    else out.forward(result);
  }

  #hold(arrival: Arrival, out: Collector): void {
    try {
      this.#held.add(arrival);
    } catch (error) {
      out.failed(arrival.record, asFailure(error, 'unencodable'));
      return;
    }
    out.absorbed(arrival.record);
  }

  #rowAt(key: string | null, { time }: StreamRecord): TableRow | undefined {
    return key === null ? undefined : this.#rows.asOf(key, time);
  }
}

/** The last time at which everything is known: the stream may still bring records of the very time of its watermark, and the table an update of that of its own. */
function lastDue(stream: number, table: number): number {
  return Math.min(stream, table - 1);
}

/** The records that wait, as they came. */
export function heldContents(store: Store): StreamRecord[] {
  return Array.from(heldArrivals(store), ({ record }) => record);
}
