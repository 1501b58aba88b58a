import { asFailure, Failure } from '../../actors/failure.ts';
import { toBinary } from '../../actors/keyed/binary.ts';
import { deleted, dropped } from '../../actors/codec.ts';
import type { FetchedRecord } from '../../actors/port.ts';
import type { Origin, StreamRecord } from '../../actors/record.ts';
import type { TopicTable } from '../../actors/table/table.ts';
import { diskKey, jsonBytes } from './row.ts';
import type { Row } from './row.ts';

/**
 * What records of a topic come to as rows. The last record of a key counts, also where it cannot be used: then there is no row. So a table depends on nothing but
 * those, and compaction changes nothing.
 */
export class TopicRows {
  readonly #logic: TopicTable;
  #skipped = 0;
  #firstSkipped: Failure | null = null;
  #origin: Origin | null = null;

  constructor(logic: TopicTable) {
    this.#logic = logic;
  }

  /** Why the first record could not be used since `takeSkipped`; null where all could. */
  get firstSkipped(): Failure | null {
    return this.#firstSkipped;
  }

  /** How many records could not be used since the last call. */
  takeSkipped(): { readonly count: number; readonly first: Failure | null } {
    const taken = { count: this.#skipped, first: this.#firstSkipped };
    this.#skipped = 0;
    this.#firstSkipped = null;
    return taken;
  }

  /** What must be had before this record can be read; null where it is here. */
  before({ value, headers }: FetchedRecord): Promise<void> | null {
    return value === null ? null : (this.#logic.codec.beforeDecode?.(value, headers) ?? null);
  }

  /** The row to be put or deleted; null for none. */
  of(topic: string, partition: number, record: FetchedRecord, now: number): Row | null {
    const { key } = this.#logic;
    let place: string | null = null;
    try {
      if (!key.regroups) place = record.key === null ? null : diskKey(toBinary(record.key));
      if (!key.regroups && place === null) throw new Failure('row_unusable', 'expected a key, the record has none');
      if (record.value === null) return place === null ? null : { key: place, json: null };
      const value = this.#logic.codec.decode(record.value, record.headers);
      if (value === dropped) return null;
      if (value === deleted) return place === null ? null : { key: place, json: null };
      place ??= this.#placeOf(this.#record(topic, partition, record, value), now);
      return { key: place, json: this.#json(record.value, value) };
    } catch (error) {
      this.#skip(topic, partition, record.offset, asFailure(error, 'row_unusable'));
      return place === null ? null : { key: place, json: null };
    }
  }

  #placeOf(record: StreamRecord, now: number): string {
    const key = this.#logic.key.find(record, now);
    if (key === null) throw new Failure('row_unusable', `expected a key, ${this.#logic.key.source ?? 'key'} gives null`);
    return diskKey(key);
  }

  /** JSON text as a binary string: as it came, where it came so. */
  #json(bytes: Uint8Array, value: unknown): string {
    if (this.#logic.codec.id === 'json') return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
    return jsonBytes(value);
  }

  #record(topic: string, partition: number, { key, value: bytes, headers, timestamp, offset }: FetchedRecord, value: unknown): StreamRecord {
    if (this.#origin?.partition !== partition) this.#origin = { topic, partition, codec: this.#logic.codec.id };
    return { key, bytes, value, headers, timestamp, offset, origin: this.#origin, changed: false, time: timestamp, stamp: -Infinity };
  }

  #skip(topic: string, partition: number, offset: number, { code, message }: Failure): void {
    this.#skipped += 1;
    this.#firstSkipped ??= new Failure(code, `"${topic}" partition ${partition} offset ${offset}: ${message}`);
  }
}
