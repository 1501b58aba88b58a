import { Failure } from '../../../actors/failure.ts';

/** Messages beyond this are refused: no broker takes them, and what holds itself ends here. */
const maxBytes = 128 * 1024 * 1024;
/** What is kept between messages. */
const keptBytes = 64 * 1024;

interface Writes {
  utf8Write(text: string, offset: number, length: number): number;
}

/**
 * Writes the wire format (https://protobuf.dev/programming-guides/encoding) from the end to the beginning: so a length is known when it is to be
 * written, and nothing is measured beforehand. One is used for all messages; its methods throw a `Failure` `unencodable`.
 */
export class Output {
  #bytes: Buffer & Writes;
  #begin: number;
  /** Where in the value we are, for messages. */
  readonly path: (string | number)[] = [];

  constructor() {
    this.#bytes = Buffer.alloc(1024) as Buffer & Writes;
    this.#begin = this.#bytes.length;
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#bytes.length - this.#begin;
  }

  /** Forgets what was written beyond the first `length` bytes. */
  rewind(length: number): void {
    this.#begin = this.#bytes.length - length;
  }

  /** What was written, as bytes of their own; the next message begins anew. */
  finish(): Uint8Array {
    const result = Buffer.from(this.#bytes.subarray(this.#begin));
    this.reset();
    return result;
  }

  reset(): void {
    this.path.length = 0;
    if (this.#bytes.length > keptBytes) this.#replace(Buffer.alloc(1024));
    this.#begin = this.#bytes.length;
  }

  /** An unsigned integer of 32 bits. */
  varint32(value: number): void {
    if (value < 0x80) {
      this.#room(1);
      this.#bytes[--this.#begin] = value;
      return;
    }
    const size = value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : value < 0x1000_0000 ? 4 : 5;
    this.#room(size);
    let at = (this.#begin -= size);
    for (let rest = value; ; rest >>>= 7) {
      if (rest < 0x80) {
        this.#bytes[at] = rest;
        return;
      }
      this.#bytes[at++] = (rest & 0x7f) | 0x80;
    }
  }

  /** An integer of 64 bits by its halves; a negative one has ten bytes. */
  varint64(low: number, high: number): void {
    if (high === 0) {
      this.varint32(low >>> 0);
      return;
    }
    this.#room(10);
    let [l, h] = [low >>> 0, high >>> 0];
    let size = 1;
    for (let [a, b] = [l, h]; b > 0 || a > 0x7f; size++) {
      a = ((a >>> 7) | (b << 25)) >>> 0;
      b >>>= 7;
    }
    let at = (this.#begin -= size);
    for (; size > 1; size--) {
      this.#bytes[at++] = (l & 0x7f) | 0x80;
      l = ((l >>> 7) | (h << 25)) >>> 0;
      h >>>= 7;
    }
    this.#bytes[at] = l;
  }

  fixed32(value: number): void {
    this.#room(4);
    this.#bytes.writeInt32LE(value | 0, (this.#begin -= 4));
  }

  fixed64(low: number, high: number): void {
    this.fixed32(high);
    this.fixed32(low);
  }

  float(value: number): void {
    this.#room(4);
    this.#bytes.writeFloatLE(value, (this.#begin -= 4));
  }

  double(value: number): void {
    this.#room(8);
    this.#bytes.writeDoubleLE(value, (this.#begin -= 8));
  }

  /** A text with its length. */
  string(value: string): void {
    const { length } = value;
    if (length <= 32 && this.#ascii(value)) {
      this.varint32(length);
      return;
    }
    const size = Buffer.byteLength(value);
    if (size !== length && !value.isWellFormed()) throw new Failure('unencodable', 'expected text that Unicode has, found half of a surrogate pair');
    this.#room(size);
    this.#begin -= size;
    this.#bytes.utf8Write(value, this.#begin, size);
    this.varint32(size);
  }

  /** Bytes with their length. */
  bytes(value: Uint8Array): void {
    this.raw(value);
    this.varint32(value.length);
  }

  /** Bytes as they are. */
  raw(value: Uint8Array): void {
    this.#room(value.length);
    this.#bytes.set(value, (this.#begin -= value.length));
  }

  /** Writes a short text where all of it is ASCII; for those a loop is faster than a call out of JavaScript. */
  #ascii(value: string): boolean {
    this.#room(value.length);
    let at = this.#begin;
    for (let i = value.length - 1; i >= 0; i--) {
      const code = value.charCodeAt(i);
      if (code > 0x7f) return false;
      this.#bytes[--at] = code;
    }
    this.#begin = at;
    return true;
  }

  #room(size: number): void {
    if (this.#begin < size) this.#grow(size);
  }

  #grow(size: number): void {
    const used = this.length;
    if (used + size > maxBytes) throw new Failure('unencodable', `expected a message of at most ${maxBytes} bytes, found more`);
    const grown = Buffer.alloc(Math.max(2 * this.#bytes.length, 2 * (used + size)));
    this.#bytes.copy(grown, grown.length - used, this.#begin);
    this.#replace(grown);
    this.#begin = grown.length - used;
  }

  #replace(bytes: Buffer): void {
    this.#bytes = bytes as Buffer & Writes;
  }
}
