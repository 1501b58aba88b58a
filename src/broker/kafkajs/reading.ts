/** Reads a big-endian signed 64-bit number; throws on one that a JavaScript number cannot hold. */
export function readInt64(buffer: Buffer, at: number): number {
  const value = buffer.readInt32BE(at) * 0x1_0000_0000 + buffer.readUInt32BE(at + 4);
  if (!Number.isSafeInteger(value)) throw new RangeError(`The number at byte ${at} is beyond 2^53`);
  return value;
}

/** Walks over the fields of a response. Buffers it gives are slices, not copies. */
export class Cursor {
  readonly buffer: Buffer;
  at: number;

  constructor(buffer: Buffer, at = 0) {
    this.buffer = buffer;
    this.at = at;
  }

  int8(): number {
    return this.buffer.readInt8(this.at++);
  }

  int16(): number {
    this.at += 2;
    return this.buffer.readInt16BE(this.at - 2);
  }

  int32(): number {
    this.at += 4;
    return this.buffer.readInt32BE(this.at - 4);
  }

  int64(): number {
    this.at += 8;
    return readInt64(this.buffer, this.at - 8);
  }

  string(): string {
    const length = this.int16();
    this.at += length;
    return this.buffer.toString('utf8', this.at - length, this.at);
  }

  slice(length: number): Buffer {
    if (length < 0 || this.at + length > this.buffer.length) throw new RangeError('A length goes past the end of its buffer');
    this.at += length;
    return this.buffer.subarray(this.at - length, this.at);
  }

  /** An unsigned varint of at most 28 bits: counts and lengths (KIP-482). */
  uvarint(): number {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.buffer[this.at++]!;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError('An unsigned varint is too long');
  }

  /** A zig-zag varint or varlong (Protocol Buffers' encoding, as KIP-98 took it over). */
  varint(): number {
    const { buffer } = this;
    let byte = buffer[this.at++]!;
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1);
    let value = byte & 0x7f;
    let shift = 7;
    do {
      if (this.at >= buffer.length) throw new RangeError('A varint goes past the end of its buffer');
      byte = buffer[this.at++]!;
      // Beyond 28 bits the sum takes over from bit operations, which end at 32.
      value = shift < 28 ? value | ((byte & 0x7f) << shift) : value + (byte & 0x7f) * 2 ** shift;
      shift += 7;
    } while (byte >= 0x80);
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** Bytes with their length before them as a varint, -1 for none. */
  bytes(): Buffer | null {
    const length = this.varint();
    return length < 0 ? null : this.slice(length);
  }
}
