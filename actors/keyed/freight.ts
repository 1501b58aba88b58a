import { isObject } from '../fields.ts';
import type { Header, Origin, StreamRecord } from '../record.ts';
import { withKey } from '../record.ts';
import type { StoreValue } from '../store.ts';
import { toBinary, toBytes } from './binary.ts';
import { storableKey } from './storable.ts';

/*
 * Whole records in parcels and in stores, in a form that JSON has.
 */

/** A record and what it is judged by. */
export interface Arrival {
  /** What it is grouped by, a binary string; null where it has no key, or the key expression gives null. */
  readonly key: string | null;
  readonly record: StreamRecord;
  /** The larger of its stamp and the watermark of the node that first saw it: what it is late by. */
  readonly watermark: number;
}

/** A record in a parcel. `watermark` null: none yet. */
export type Freight = readonly [key: string | null, watermark: number | null, record: PackedRecord];

/** A record in a store or a parcel. What is not there is as it usually is. */
export interface PackedRecord {
  /** Event time, in milliseconds since 1970. */
  readonly t: number;
  /** Timestamp, where it is another than the event time. */
  readonly s?: number;
  /** Key as a binary string, where there is one and it is not what the record is grouped by; null for none. */
  readonly k?: string | null;
  /** Key as its source's codec reads it, where that has one. */
  readonly d?: StoreValue;
  /** Value; absent for a tombstone. */
  readonly v?: StoreValue;
  /** Value as a binary string, where it is bytes. */
  readonly b?: string;
  /** Headers, values as binary strings. */
  readonly h?: readonly (readonly [string, string | null])[];
  /** Where it was read: topic, partition, offset. */
  readonly o: readonly [string, number, number];
}

/** A record as it lies in stores and parcels, beside the key that it is grouped by. */
export function packRecord({ record, key }: Pick<Arrival, 'key' | 'record'>): PackedRecord {
  const { time, timestamp, headers, origin, offset, value, bytes, changed, decodedKey } = record;
  const own = record.key === null ? null : toBinary(record.key);
  return {
    t: time,
    ...(timestamp === time ? {} : { s: timestamp }),
    ...(own === key ? {} : { k: own }),
    ...(decodedKey === undefined ? {} : { d: storableKey(decodedKey) }),
    ...(value instanceof Uint8Array ? { b: toBinary(value) } : bytes === null && !changed ? {} : { v: value as StoreValue }),
    ...(headers.length === 0 ? {} : { h: headers.map(([name, data]) => [name, data === null ? null : toBinary(data)] as const) }),
    o: [origin.topic, origin.partition, offset]
  };
}

/** Packed or unpacked, it is the same to those behind; but its original bytes are gone. `stamp` is what it is late by from now on. */
export function unpackRecord(key: string | null, packed: PackedRecord, stamp: number): StreamRecord {
  const { t, s = t, k = key, d, v, b, h, o } = packed;
  const tombstone = v === undefined && b === undefined;
  const origin: Origin = { topic: o[0], partition: o[1], codec: unpacked };
  return withKey(d, {
    key: k === null ? null : toBytes(k),
    bytes: null,
    value: b !== undefined ? toBytes(b) : (v ?? null),
    headers: h === undefined ? noHeaders : h.map(([name, data]) => [name, data === null ? null : toBytes(data)] as Header),
    timestamp: s,
    offset: o[2],
    origin,
    changed: !tombstone,
    time: t,
    stamp
  });
}

const noHeaders: readonly Header[] = [];

/** No codec has this name: whoever writes the record encodes it anew. */
const unpacked = '';

/** An arrival as it crosses a hop. */
export function packArrival(arrival: Arrival): Freight {
  const { key, watermark } = arrival;
  return [key, watermark === -Infinity ? null : watermark, packRecord(arrival)];
}

/** And behind it. */
export function unpackArrival([key, watermark, packed]: Freight): Arrival {
  const stamp = watermark ?? -Infinity;
  return { key, watermark: stamp, record: unpackRecord(key, packed, stamp) };
}

/** Whether a group of a parcel is a record. */
export function isFreight(group: unknown): group is Freight {
  return Array.isArray(group) && group.length === 3 && isObject(group[2]);
}
