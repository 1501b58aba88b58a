import type { PlainCodec } from '../codec.ts';
import type { Collector, EpochEnd, PassedOn, TransformLogic } from '../component.ts';
import { asFailure } from '../failure.ts';
import type { Admission, UpstreamPlace } from '../keyed/arriving.ts';
import { Arriving, upstreamPlaces } from '../keyed/arriving.ts';
import { toBytes } from '../keyed/binary.ts';
import type { GroupKey } from '../keyed/group-key.ts';
import type { KeyedTask } from '../keyed/stateful.ts';
import { storable } from '../keyed/storable.ts';
import type { Batch } from '../message.ts';
import type { StreamRecord } from '../record.ts';
import { isTombstone } from '../record.ts';
import type { Store } from '../store.ts';
import type { TableKeeper } from './table-keeper.ts';
import { LatestRows, VersionedRows } from './table-keeper.ts';
import type { PackedRow } from './table-row.ts';
import { checkRowValue, packRow, traceHeaders } from './table-row.ts';
import { TableRows } from './table-rows.ts';

/** What a table node was built with; lengths in milliseconds of event time, null for none. */
export interface TableSettings {
  readonly name: string;
  readonly key: GroupKey;
  readonly history: number | null;
  readonly ttl: number | null;
  readonly json: PlainCodec;
}

/** So many rows and versions are forgotten per checkpoint at most: the others follow at the next one, which comes at once. */
const maxExpired = 10_000;

/** Which records a table takes in. */
export function tableAdmission({ key, history, ttl }: TableSettings): Admission {
  const timed = history !== null || ttl !== null;
  const tooOld = (time: number, watermark: number): boolean => (history !== null && time < watermark - history) || (ttl !== null && time + ttl <= watermark);
  return {
    key,
    timed,
    nullKeys: false,
    // One without a time fails, which is told later.
    unwanted: ({ time }, watermark) => timed && time >= 0 && tooOld(time, watermark),
    check: checkRowValue,
    late: () => false
  };
}

/** A table node in one task. */
export class TableNode implements TransformLogic {
  readonly #settings: TableSettings;
  readonly #input: Arriving;
  readonly #keeper: TableKeeper;
  #watermark: number;

  constructor(settings: TableSettings, { store, shipped, watermark }: KeyedTask) {
    this.#settings = settings;
    this.#input = new Arriving(tableAdmission(settings), { shipped: shipped[0] === true, store, place: upstreamPlaces[0] as UpstreamPlace, watermark });
    this.#keeper = settings.history === null ? new LatestRows(store) : new VersionedRows(store);
    this.#watermark = watermark;
  }

  process(batch: Batch, out: Collector): void {
    this.#input.each(batch, out, ({ key, record }) => {
      try {
        this.#keeper.put(key ?? '', this.#rowOf(record));
      } catch (error) {
        out.failed(record, asFailure(error, 'row_unusable'));
        return;
      }
      out.forward(record);
    });
  }

  checkpoint({ inputs, readers }: EpochEnd): PassedOn {
    const input = this.#input.advance(inputs[0] ?? { watermark: -Infinity, idle: false });
    this.#watermark = Math.max(this.#watermark, input.watermark);
    const floor = this.#floor(readers);
    this.#keeper.expire(this.#watermark, floor, maxExpired);
    const again = this.#keeper.overdue(this.#watermark, floor) ? 0 : null;
    return { own: this.#watermark, watermark: this.#watermark, idle: input.idle, again };
  }

  /** The earliest time that history reaches back to. Those that look up may be far behind, as when the table was read before the stream. */
  #floor(readers: EpochEnd['readers']): number {
    const { history } = this.#settings;
    if (history === null) return -Infinity;
    const asked = readers === null || readers.idle ? Infinity : readers.watermark;
    return Math.min(this.#watermark, asked) - history;
  }

  #rowOf(record: StreamRecord): PackedRow {
    const { ttl, json } = this.#settings;
    if (isTombstone(record)) return [record.time];
    return packRow(record, storable(record, json), ttl === null ? null : record.time + ttl);
  }
}

/** The rows there are, as records. */
export function tableContents({ name }: TableSettings, store: Store): StreamRecord[] {
  const origin = { topic: name, partition: 0, codec: 'json' };
  return Array.from(new TableRows(store).all(), ([key, row]) => ({
    key: toBytes(key),
    bytes: null,
    value: row.value,
    headers: traceHeaders(row),
    timestamp: row.time,
    offset: 0,
    origin,
    changed: true,
    time: row.time,
    stamp: -Infinity
  }));
}
