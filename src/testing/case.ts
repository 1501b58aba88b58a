import type { Codec } from '../../actors/codec.ts';
import type { ExpectText, OutputText } from './format.ts';

/** Where something stands in a file, 1-based. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A record that comes in. */
export interface PutRecord {
  readonly topic: string;
  /** Null: by the key. */
  readonly partition: number | null;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  /** Instead of `value`: what is still to be written with the counterpart of a source's codec. */
  readonly written: { readonly codec: Codec; readonly value: unknown } | null;
  readonly headers: readonly (readonly [name: string, value: Uint8Array | null])[];
  /** Null: the time on the clock. */
  readonly timestamp: number | null;
}

/** A record that is expected; what is undefined may be anything. */
export type ExpectedRecord = Omit<OutputText, 'timestamp'> & { readonly timestamp?: number };

/** What is expected of one output. */
export interface ExpectedOutput {
  /** As the author calls it. */
  readonly name: string;
  readonly topics: readonly string[];
  readonly records: readonly ExpectedRecord[];
  readonly places: readonly Place[];
  readonly place: Place;
}

/** What is expected at one step. */
export interface Expectation {
  readonly some: boolean;
  /** Of each key only the last record counts. */
  readonly latest: boolean;
  readonly failed: string | null;
  readonly outputs: readonly ExpectedOutput[];
  readonly state: Readonly<NonNullable<ExpectText['state']>>;
  readonly counts: Readonly<NonNullable<ExpectText['node_counts']>>;
}

/** What `restart` may say. */
export type Restart = 'stop' | 'kill' | 'lost';

/** One step of a case. */
export type Step = { readonly place: Place } & (
  | { readonly kind: 'records'; readonly records: readonly PutRecord[] }
  | { readonly kind: 'advance'; readonly milliseconds: number }
  | { readonly kind: 'restart'; readonly how: Restart }
  | { readonly kind: 'expect'; readonly expect: Expectation }
);

/** A case, checked, all names resolved. */
export interface Case {
  readonly name: string;
  readonly place: Place;
  readonly partitions: number;
  /** The clock's time at the beginning. */
  readonly now: number;
  readonly steps: readonly Step[];
}
