import type { Admission } from '../keyed/arriving.ts';
import { Failure } from '../failure.ts';
import type { GroupKey } from '../keyed/group-key.ts';
import type { StreamRecord } from '../record.ts';
import { isTombstone } from '../record.ts';
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
}

/** What becomes of the records of one side when they are first seen. */
export function admissionOf({ sides, reach }: IntervalSettings, side: Side): Admission {
  return {
    key: sides[side].key,
    timed: true,
    nullKeys: true,
    unwanted: isTombstone,
    check: refuseBytes,
    late: ({ time }, watermark) => watermark > time + reach
  };
}

/** Results are JSON, and so is what waits in the store. */
export function refuseBytes({ value }: StreamRecord): void {
  if (value instanceof Uint8Array) throw new Failure('unencodable', 'expected a value that JSON has, found bytes; read the topic with codec json or text, or make a text of it in a map');
}
