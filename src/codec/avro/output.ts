import { maxDepth } from './limits.ts';
import { found, Refusal } from './refusal.ts';
import { utf8Write } from './utf8.ts';

const initial = 4 * 1024;
/** A buffer that grew beyond this is not kept. */
const kept = 1024 * 1024;

/** Where a writer is: a buffer that grows, used again for the next value. */
export class Output {
  bytes: Buffer = Buffer.allocUnsafeSlow(initial);
  position = 0;
  depth = 0;

  start(): void {
    this.position = 0;
    this.depth = 0;
    if (this.bytes.length > kept) this.bytes = Buffer.allocUnsafeSlow(initial);
  }

  /** A copy of what was written. */
  finish(): Buffer {
    const result = Buffer.allocUnsafe(this.position);
    this.bytes.copy(result, 0, 0, this.position);
    return result;
  }

  enter(): void {
    if (++this.depth > maxDepth) throw new Refusal('unencodable', `values nested at most ${maxDepth} levels deep`, 'more');
  }

  /** Makes room for so many bytes; where they begin. The caller moves on. */
  room(length: number): number {
    const end = this.position + length;
    if (end > this.bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(end, 2 * this.bytes.length));
      this.bytes.copy(larger, 0, 0, this.position);
      this.bytes = larger;
    }
    return this.position;
  }

  boolean(value: boolean): void {
    const at = this.room(1);
    this.bytes[at] = value ? 1 : 0;
    this.position = at + 1;
  }

  /** An integer: a safe one as a number, or one of 64 bits as a big integer; the caller has checked it. */
  long(value: number | bigint): void {
    let at = this.room(10);
    const bytes = this.bytes;
    if (typeof value === 'number' && value >= -0x40000000 && value < 0x40000000) {
      let zigzag = (value << 1) ^ (value >> 31);
      while (zigzag > 0x7f) {
        bytes[at++] = (zigzag & 0x7f) | 0x80;
        zigzag >>>= 7;
      }
      bytes[at++] = zigzag;
    } else if (typeof value === 'number' && value > -0x8000000000000 && value < 0x8000000000000) {
      // Less than 2^51: its zigzag is exact.
      let zigzag = value < 0 ? -2 * value - 1 : 2 * value;
      while (zigzag > 0x7f) {
        bytes[at++] = (zigzag % 0x80) | 0x80;
        zigzag = Math.floor(zigzag / 0x80);
      }
      bytes[at++] = zigzag;
    } else {
      const wide = BigInt(value);
      let zigzag = BigInt.asUintN(64, (wide << 1n) ^ (wide >> 63n));
      while (zigzag > 0x7fn) {
        bytes[at++] = Number(zigzag & 0x7fn) | 0x80;
        zigzag >>= 7n;
      }
      bytes[at++] = Number(zigzag);
    }
    this.position = at;
  }

  float(value: number): void {
    const at = this.room(4);
    this.bytes.writeFloatLE(value, at);
    this.position = at + 4;
  }

  double(value: number): void {
    const at = this.room(8);
    this.bytes.writeDoubleLE(value, at);
    this.position = at + 8;
  }

  string(value: string): void {
    if (value.length < 64 && this.#ascii(value)) return;
    if (!value.isWellFormed()) throw new Refusal('unencodable', 'text that UTF-8 has', `half a surrogate pair in ${found(value)}`);
    const length = Buffer.byteLength(value);
    this.long(length);
    const at = this.room(length);
    utf8Write(this.bytes, value, at, length);
    this.position = at + length;
  }

  /** Short ASCII text with its length before it; false, and nothing written, where it is not ASCII. */
  #ascii(value: string): boolean {
    const length = value.length;
    let at = this.room(length + 1);
    const bytes = this.bytes;
    bytes[at++] = length << 1;
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i);
      if (code > 0x7f) return false;
      bytes[at++] = code;
    }
    this.position = at;
    return true;
  }

  /** Bytes as they are. */
  raw(value: Uint8Array): void {
    const at = this.room(value.length);
    this.bytes.set(value, at);
    this.position = at + value.length;
  }
}
