import type { PlainCodec } from '../codec.ts';
import type { Collector, EpochEnd, PassedOn, TransformLogic } from '../component.ts';
import type { Admission, UpstreamPlace } from '../keyed/arriving.ts';
import { Arriving, upstreamPlaces } from '../keyed/arriving.ts';
import type { GroupKey } from '../keyed/group-key.ts';
import type { KeyedTask } from '../keyed/stateful.ts';
import type { Batch } from '../message.ts';
import type { StreamRecord } from '../record.ts';
import { isTombstone } from '../record.ts';
import { checkRoom, withRow } from './with-row.ts';
import type { TableRow } from './table-row.ts';
import { rowHeaders } from './table-row.ts';
import { TableRows } from './table-rows.ts';

/** What a join with a table was built with. */
export interface TableJoinSettings {
  readonly key: GroupKey;
  /** The field that takes the row. */
  readonly path: readonly string[];
  /** True where records without a row are dropped. */
  readonly inner: boolean;
  /** True where it goes by the event time of records. */
  readonly timed: boolean;
  readonly json: PlainCodec;
}

/** Which records are looked up for. One without a value joins nothing, as in Kafka Streams; one without a key has no row. */
export function tableJoinAdmission({ key, path, timed }: TableJoinSettings): Admission {
  return {
    key,
    timed,
    nullKeys: true,
    unwanted: isTombstone,
    check: (record) => { checkRoom(record, path); },
    late: () => false
  };
}

/** The input of a join with a table. */
export function tableJoinInput(settings: TableJoinSettings, { store, shipped, watermark }: KeyedTask): Arriving {
  return new Arriving(tableJoinAdmission(settings), { shipped: shipped[0] === true, store, place: upstreamPlaces[0] as UpstreamPlace, watermark });
}

/** The rows that a join looks up in. */
export function rowsOf({ table }: KeyedTask): TableRows {
  if (table === null) throw new Error('a join with a table has one');
  return new TableRows(table);
}

/** What becomes of a record and its row; null for nothing. */
export function joined(record: StreamRecord, row: TableRow | undefined, { path, inner }: TableJoinSettings): StreamRecord | null {
  if (row === undefined) return inner ? null : withRow(record, path, null);
  return { ...withRow(record, path, row.value), headers: [...record.headers, ...rowHeaders(row)] };
}

/** Joins each record with the row that there is when it comes. */
export class TableJoin implements TransformLogic {
  readonly #settings: TableJoinSettings;
  readonly #input: Arriving;
  readonly #rows: TableRows;
  #watermark: number;

  constructor(settings: TableJoinSettings, task: KeyedTask) {
    this.#settings = settings;
    this.#input = tableJoinInput(settings, task);
    this.#rows = rowsOf(task);
    this.#watermark = task.watermark;
  }

  process(batch: Batch, out: Collector): void {
    this.#input.each(batch, out, ({ key, record }) => {
      const result = joined(record, key === null ? undefined : this.#rows.get(key), this.#settings);
      if (result === null) out.filtered(record);
      else out.forward(result);
    });
  }

  checkpoint({ inputs }: EpochEnd): PassedOn {
    const { watermark, idle } = this.#input.advance(inputs[0] ?? { watermark: -Infinity, idle: false });
    this.#watermark = Math.max(this.#watermark, watermark);
    return { own: this.#watermark, watermark: this.#watermark, idle, again: null };
  }
}
