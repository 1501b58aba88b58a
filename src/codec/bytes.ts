/** Bytes inside of a decoded value. JSON writes them as base64, as Protobuf's JSON mapping does. */
export class Bytes extends Uint8Array {
  /** A view of the same memory. */
  static view(bytes: Uint8Array): Bytes {
    return new Bytes(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
  }

  toJSON(): string {
    return Buffer.from(this.buffer, this.byteOffset, this.byteLength).toString('base64');
  }
}

// Expressions tell the type of a value by its constructor, and know that of bytes.
Object.defineProperty(Bytes.prototype, 'constructor', { value: Uint8Array });
