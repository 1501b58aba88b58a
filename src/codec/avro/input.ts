import { isUtf8 } from 'node:buffer';
import { Bytes } from '../bytes.ts';
import { maxDepth, maxEmptyItems } from './limits.ts';
import { Refusal } from './refusal.ts';
import { utf8Slice } from './utf8.ts';

const none = Buffer.alloc(0);
/** Shared: a million of their own, which as many bytes can ask for, would take 150 MB. */
const noBytes = new Bytes(0);

/** Where a reader is in a payload. Every step is checked against its end. */
export class Input {
  bytes: Buffer = none;
  position = 0;
  depth = 0;
  #emptyItems = 0;

  start(bytes: Uint8Array): void {
    this.bytes = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.position = 0;
    this.depth = 0;
    this.#emptyItems = 0;
  }

  /** Lets go of the payload. */
  release(): void {
    this.bytes = none;
  }

  finish(): void {
    if (this.position === this.bytes.length) return;
    throw new Refusal('undecodable', `the end after ${this.position} bytes`, `${this.bytes.length - this.position} more`);
  }

  enter(): void {
    if (++this.depth > maxDepth) throw new Refusal('undecodable', `values nested at most ${maxDepth} levels deep`, 'more');
  }

  truncated(expected: string): Refusal {
    this.position = this.bytes.length;
    return new Refusal('undecodable', expected, `the end after ${this.bytes.length} bytes`);
  }

  /** Moves over `length` bytes; where they begin. */
  take(length: number, what: string): number {
    const start = this.position;
    const end = start + length;
    if (end > this.bytes.length) throw new Refusal('undecodable', `${length} bytes of ${what}`, `${this.bytes.length - start} before the end`);
    this.position = end;
    return start;
  }

  boolean(): boolean {
    const byte = this.bytes[this.take(1, 'a boolean')] as number;
    if (byte > 1) throw new Refusal('undecodable', '0 or 1 for a boolean', String(byte));
    return byte === 1;
  }

  /** An integer of 32 bits. */
  int(): number {
    const value = this.long();
    if (value !== ((value as number) | 0)) throw new Refusal('undecodable', 'an int', `${value}, beyond 32 bits`);
    return value;
  }

  /** An integer of 64 bits: a number up to 2^53 - 1, else a big integer. */
  long(): number | bigint {
    const bytes = this.bytes;
    let byte = bytes[this.position++];
    if (byte === undefined) throw this.truncated('a number');
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1);
    let low = byte & 0x7f;
    for (let shift = 7; shift < 28; shift += 7) {
      byte = bytes[this.position++];
      if (byte === undefined) throw this.truncated('the rest of a number');
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (low >>> 1) ^ -(low & 1);
    }
    return this.#longer(low);
  }

  /** What follows the first 28 bits: up to 28 more, and up to 8. */
  #longer(low: number): number | bigint {
    const bytes = this.bytes;
    let middle = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = bytes[this.position++];
      if (byte === undefined) throw this.truncated('the rest of a number');
      middle |= (byte & 0x7f) << shift;
      if (byte < 0x80) return fromHalves(low, middle, 0);
    }
    const ninth = bytes[this.position++];
    if (ninth === undefined) throw this.truncated('the rest of a number');
    if (ninth < 0x80) return fromHalves(low, middle, ninth);
    const tenth = bytes[this.position++];
    if (tenth === undefined) throw this.truncated('the rest of a number');
    if (tenth > 1) throw new Refusal('undecodable', 'a number of at most 64 bits', 'a longer one');
    return fromHalves(low, middle, (ninth & 0x7f) | (tenth << 7));
  }

  /** An integer that counts or chooses: one beyond 2^53 is beyond everything. */
  small(): number {
    const value = this.long();
    return typeof value === 'number' ? value : value < 0n ? -Infinity : Infinity;
  }

  float(): number {
    return this.bytes.readFloatLE(this.take(4, 'a float'));
  }

  double(): number {
    return this.bytes.readDoubleLE(this.take(8, 'a double'));
  }

  /** The length before bytes or a string. */
  length(what: string): number {
    const length = this.small();
    if (length < 0) throw new Refusal('undecodable', `the length of ${what}`, String(length));
    return length;
  }

  string(): string {
    const length = this.length('a string');
    const start = this.take(length, 'a string');
    return length === 0 ? '' : text(this.bytes, start, this.position);
  }

  /** A copy: what is decoded outlives the buffer it came in. */
  fixed(size: number): Bytes {
    if (size === 0) return noBytes;
    const start = this.take(size, 'bytes');
    const copy = new Bytes(size);
    copy.set(this.bytes.subarray(start, this.position));
    return copy;
  }

  /** The next block of an array or map: how many items it has, 0 at the end. `empty` where they may take no bytes. */
  block(empty: boolean): number {
    let count = this.small();
    if (count === 0) return 0;
    if (count < 0) {
      count = -count;
      const size = this.small();
      if (size < 0) throw new Refusal('undecodable', 'the size of a block', String(size));
    }
    if (empty) {
      this.#emptyItems += count;
      if (this.#emptyItems > maxEmptyItems) throw new Refusal('undecodable', `at most ${maxEmptyItems} items that take no bytes`, 'more');
    } else if (count > this.bytes.length - this.position) {
      throw new Refusal('undecodable', `at most ${this.bytes.length - this.position} items in the bytes that are left`, String(count));
    }
    return count;
  }
}

/** Zigzag of 28, 28 and 8 bits, as a number where it has it exactly. */
function fromHalves(low: number, middle: number, high: number): number | bigint {
  if (high === 0 && middle < 0x1000000) {
    // Less than 2^52.
    const zigzag = middle * 0x10000000 + low;
    return low & 1 ? -(zigzag + 1) / 2 : zigzag / 2;
  }
  const zigzag = (BigInt(high) << 56n) | (BigInt(middle) << 28n) | BigInt(low);
  const value = zigzag & 1n ? -((zigzag + 1n) >> 1n) : zigzag >> 1n;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** UTF-8, strictly. */
function text(bytes: Buffer, start: number, end: number): string {
  const result = utf8Slice(bytes, start, end);
  // What is not UTF-8 is replaced by this character, which may also be meant.
  if (result.includes('\ufffd') && !isUtf8(bytes.subarray(start, end))) throw new Refusal('undecodable', 'a string in UTF-8', 'bytes that are not UTF-8');
  return result;
}
