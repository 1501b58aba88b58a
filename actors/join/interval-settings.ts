import type { PlainCodec } from '../codec.ts';
import { Failure } from '../failure.ts';
import type { Admission } from '../keyed/arriving.ts';
import type { GroupKey } from '../keyed/group-key.ts';
import { storable } from '../keyed/storable.ts';
import type { StreamRecord } from '../record.ts';
import { isTombstone } from '../record.ts';
import type { StoreValue } from '../store.ts';
import type { PairNames } from './pairs.ts';

/** A side of a join: 0 is left, 1 is right. */
export type Side = 0 | 1;

/** One side of a join of two streams. All times are milliseconds of event time. */
export interface IntervalSide {
  readonly key: GroupKey;
  /** How much older than a record of this side its partner may be, and how much younger. */
  readonly back: number;
  readonly ahead: number;
  /** Whether records without a partner come out. */
  readonly kept: boolean;
}

/** A join of two streams, as its options have it. */
export interface IntervalSettings {
  readonly name: string;
  readonly sides: readonly [IntervalSide, IntervalSide];
  readonly grace: number;
  /** A record that is older than what it is judged by by more than this is late for every partner it could have. */
  readonly reach: number;
  readonly names: PairNames;
  readonly json: PlainCodec;
}

/** What becomes of the records of one side when they are first seen. */
export function admissionOf({ sides, reach, json }: IntervalSettings, side: Side): Admission {
  return {
    key: sides[side].key,
    timed: true,
    nullKeys: true,
    unwanted: isTombstone,
    check: (record) => { storableValue(record, json); },
    late: ({ time }, watermark) => watermark > time + reach
  };
}

/** A record's value as results and the store have it: JSON, the same whether its partner comes before or after it. Throws a poison `Failure`. */
export function storableValue(record: StreamRecord, json: PlainCodec): StoreValue {
  if (!(record.value instanceof Uint8Array)) return storable(record, json);
  throw new Failure('unencodable', 'expected a value that JSON has, found bytes; read the topic with codec json or text, or make a text of it in a map');
}
