import type { Header } from './record.ts';

/**
 * Bytes to value and back, for keys and for values. `decode` and `encode` throw a poison `Failure`; neither is called for tombstones.
 *
 * Values are plain: objects, arrays, strings, numbers, booleans, null; integers that a number has not exactly are big integers; bytes are a `Uint8Array`
 * that JSON writes as base64.
 */
export interface Codec {
  /** Two codecs with one id write the same bytes for the same value. */
  readonly id: string;
  /** What some bytes stand for; `deleted` where they say that their key is gone, `dropped` where they say nothing. */
  decode(bytes: Uint8Array, headers: readonly Header[]): unknown;
  encode(value: unknown, to: Destination): Uint8Array;
  /** True where a decoded value is not all that the bytes say: they are not written again for it, changed or not. */
  readonly unwraps?: boolean;
  /** True where decoded values may hold what JSON has not: big integers and bytes. */
  readonly exotic?: boolean;
  /** Gets what must be had before these bytes can be decoded, such as their schema; null where it is here. Rejects with a `Failure` that is not poison: what can never be had is told by `decode`. */
  beforeDecode?(bytes: Uint8Array, headers: readonly Header[]): Promise<void> | null;
  /** The same, before values can be encoded for a topic. */
  beforeEncode?(topic: string): Promise<void> | null;
  /** For tests: what writes what this reads, or reads what this writes, where it does not do both itself. Throws a `Failure` where there is no such thing. */
  counterpart?(): Codec;
  /** What the registry says against reading or writing a topic with this codec, in sentences; nothing is changed there. */
  check?(topic: string): Promise<readonly string[]>;
}

/** A codec that asks neither for headers nor for the topic. */
export interface PlainCodec extends Codec {
  decode(bytes: Uint8Array): unknown;
  encode(value: unknown): Uint8Array;
}

/** What `decode` gives for bytes that say: the key of this record is deleted. */
export const deleted: unique symbol = Symbol('deleted');

/** What `decode` gives for bytes that say nothing about their key: the record is filtered. */
export const dropped: unique symbol = Symbol('dropped');

/** Which part of a record a codec is for. */
export type Part = 'key' | 'value';

/** Where encoded bytes go. */
export interface Destination {
  readonly topic: string;
  /** A header that goes with the bytes; one of the same name is replaced. */
  header(name: string, value: Uint8Array): void;
}
