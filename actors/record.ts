/** A header's name and raw value. Kafka allows repeated names, so headers are a list, in order. */
export type Header = readonly [name: string, value: Uint8Array | null];

/** Where a batch of records was read, shared by all of them. */
export interface Origin {
  readonly topic: string;
  readonly partition: number;
  /** Identity of the codec that decoded the values: bytes may be reused only by a sink with the same one. */
  readonly codec: string;
  /** True where values may hold what JSON has not, big integers and bytes. */
  readonly exotic?: boolean;
  /** The record as it was read, where a script gave it another key, headers or timestamp, or none of its bytes: what a dead letter holds. */
  readonly original?: StreamRecord;
}

/**
 * One datum on its way through a topology. Records are never changed in place: a node that changes one
 * makes a copy with `changeRecord`, because other nodes may hold the same object.
 */
export interface StreamRecord {
  readonly key: Uint8Array | null;
  /** The key as the source's codec of keys reads it; absent where it has none, or where the key is another by now: then it is UTF-8. */
  readonly decodedKey?: unknown;
  /** The value's bytes as read; null for a tombstone. Still the original's after a change. */
  readonly bytes: Uint8Array | null;
  /** The decoded value; null for a tombstone (and for a JSON `null`: `bytes` tells them apart). */
  readonly value: unknown;
  readonly headers: readonly Header[];
  /** Milliseconds since 1970, as the broker has it; -1 where it has none. */
  readonly timestamp: number;
  readonly offset: number;
  readonly origin: Origin;
  /** True once `value` is no longer what `bytes` decode to. */
  readonly changed: boolean;
  /** Event time in milliseconds since 1970, as the source's `event_time` gives it; else the timestamp. */
  readonly time: number;
  /** Watermark of its source partition before this record: what it is late by is decided by this, however fast other partitions are read. -Infinity for none. */
  readonly stamp: number;
}

/** True for a record that deletes its key: no value at all. */
export function isTombstone(record: StreamRecord): boolean {
  return record.bytes === null && !record.changed;
}

/** A record as it was read. */
export function asRead(record: StreamRecord): StreamRecord {
  return record.origin.original ?? record;
}

/** A copy of a record with another value, to be encoded again by the sink. */
export function changeRecord(record: StreamRecord, value: unknown): StreamRecord {
  return withKey(record.decodedKey, {
    key: record.key,
    bytes: record.bytes,
    value,
    headers: record.headers,
    timestamp: record.timestamp,
    offset: record.offset,
    origin: record.origin,
    changed: true,
    time: record.time,
    stamp: record.stamp
  });
}

/** A record in the making, with what its key was decoded to; records without it have no such property. */
export function withKey(decodedKey: unknown, record: { -readonly [K in keyof StreamRecord]: StreamRecord[K] }): StreamRecord {
  if (decodedKey !== undefined) record.decodedKey = decodedKey;
  return record;
}
