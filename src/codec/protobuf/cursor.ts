import { isUtf8 } from 'node:buffer';
import { Failure } from '../../../actors/failure.ts';

/** Buffer's own methods behind toString, without its checks. */
interface Slices {
  utf8Slice(start: number, end: number): string;
}

/**
 * Reads the wire format (https://protobuf.dev/programming-guides/encoding) from some bytes up to `limit`. Every method throws a `Failure`
 * `undecodable` where the bytes end too early or are not what they should be; none gives a value then.
 */
export class Cursor {
  readonly bytes: Buffer & Slices;
  position = 0;
  /** Where the message that is read ends. */
  limit: number;
  /** The halves of what `varint64` or `fixed64` read. */
  low = 0;
  high = 0;
  /** Where in the value we are, for messages. */
  readonly path: (string | number)[] = [];
  /** Bytes that may still be copied to read as one what came in several parts. */
  joinable: number;

  constructor(bytes: Uint8Array, joinable?: number) {
    this.bytes = (bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)) as Buffer & Slices;
    this.limit = bytes.byteLength;
    this.joinable = joinable ?? 4 * bytes.byteLength;
  }

  /** The low 32 bits of a varint, signed; it may have up to ten bytes. */
  varint32(): number {
    const { bytes, position } = this;
    if (position < this.limit) {
      const byte = bytes[position] as number;
      if (byte < 0x80) {
        this.position = position + 1;
        return byte;
      }
    }
    this.varint64();
    return this.low | 0;
  }

  /** A varint into `low` and `high`, both unsigned. */
  varint64(): void {
    const { bytes, limit } = this;
    let { position } = this;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (position >= limit) throw ended();
      const byte = bytes[position++] as number;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else if (shift < 63) high |= bits << (shift - 32);
      else high |= (bits & 1) << 31;
      if (byte < 0x80) {
        this.position = position;
        this.low = low >>> 0;
        this.high = high >>> 0;
        return;
      }
    }
    throw new Failure('undecodable', 'expected an integer of at most ten bytes, found a longer one');
  }

  /** A field's number and wire type. */
  tag(): number {
    const tag = this.#unsigned32();
    if (tag < 8) throw new Failure('undecodable', 'expected the number of a field, found 0');
    return tag;
  }

  /** The end of what has its length before it. */
  end(): number {
    const length = this.#unsigned32();
    const end = this.position + length;
    if (end > this.limit) throw ended();
    return end;
  }

  fixed32(): number {
    return this.bytes.readInt32LE(this.#take(4));
  }

  fixed64(): void {
    const at = this.#take(8);
    this.low = this.bytes.readUInt32LE(at);
    this.high = this.bytes.readUInt32LE(at + 4);
  }

  float(): number {
    return this.bytes.readFloatLE(this.#take(4));
  }

  double(): number {
    return this.bytes.readDoubleLE(this.#take(8));
  }

  /** Strict UTF-8: what is not is refused, also where proto2 would let it pass, because a text cannot hold it. */
  string(): string {
    const end = this.end();
    const start = this.position;
    this.position = end;
    const text = this.bytes.utf8Slice(start, end);
    if (text.includes('\ufffd') && !isUtf8(this.bytes.subarray(start, end))) throw new Failure('undecodable', 'expected text as UTF-8, found bytes that are not UTF-8');
    return text;
  }

  /** A view of the bytes up to `end`. */
  slice(end: number): Buffer {
    const start = this.position;
    this.position = end;
    return this.bytes.subarray(start, end);
  }

  /** Goes past a field that the schema does not have. */
  skip(tag: number, depth: number): void {
    switch (tag & 7) {
      case 0:
        this.varint64();
        return;
      case 1:
        this.#take(8);
        return;
      case 2:
        this.position = this.end();
        return;
      case 3:
        this.skipGroup(tag >>> 3, depth);
        return;
      case 5:
        this.#take(4);
        return;
      default:
        throw new Failure('undecodable', `expected a field, found wire type ${tag & 7}`);
    }
  }

  /** Goes past a group whose first tag was read; gives where its content ends. */
  skipGroup(number: number, depth: number): number {
    if (depth <= 0) throw tooDeep();
    for (;;) {
      const before = this.position;
      const tag = this.tag();
      if ((tag & 7) === 4) {
        if (tag >>> 3 === number) return before;
        throw new Failure('undecodable', `expected the end of group ${number}, found that of ${tag >>> 3}`);
      }
      this.skip(tag, depth - 1);
    }
  }

  #unsigned32(): number {
    const { bytes, position } = this;
    if (position < this.limit) {
      const byte = bytes[position] as number;
      if (byte < 0x80) {
        this.position = position + 1;
        return byte;
      }
    }
    this.varint64();
    if (this.high !== 0) throw ended();
    return this.low;
  }

  #take(size: number): number {
    const at = this.position;
    if (at + size > this.limit) throw ended();
    this.position = at + size;
    return at;
  }
}

/** Messages nested deeper than this are refused, as Google's own readers do: it ends no stack. */
export const maxDepth = 100;

/** The failure of messages nested deeper than that. */
export function tooDeep(): Failure {
  return new Failure('undecodable', `expected messages nested at most ${maxDepth} levels deep, found more`);
}

function ended(): Failure {
  return new Failure('undecodable', 'expected a whole message, found its end in the middle of a field');
}
