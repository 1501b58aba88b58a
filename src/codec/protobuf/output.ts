import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { Failure } from '../../../actors/failure.ts';

/** Messages beyond this are refused: no broker takes them, and what holds itself ends here. */
const maxBytes = 128 * 1024 * 1024;
/** The package keeps room for three bytes for each character of a text; longer ones than this are encoded beforehand. */
const longText = 64 * 1024;

/** Private fields of the package's writer. */
interface Written {
  readonly buffer: Uint8Array;
  pos: number;
}

/** The package's writer of the wire format, with a bound. It is used for one message after another as long as none of them failed. */
export class Output extends BinaryWriter {
  /** Where in the value we are, for messages. */
  readonly path: (string | number)[] = [];
  #room = maxBytes;

  /** Counts bytes that are about to be written, at least. Throws a `Failure` `unencodable` where all of them would be too many. */
  take(bytes: number): void {
    this.#room -= bytes;
    if (this.#room < 0) throw new Failure('unencodable', `expected a message of at most ${maxBytes} bytes, found more`);
  }

  override raw(chunk: Uint8Array): this {
    this.take(chunk.length);
    return super.raw(chunk);
  }

  override string(value: string): this {
    if (!value.isWellFormed()) throw new Failure('unencodable', 'expected text that Unicode has, found half of a surrogate pair');
    if (value.length > longText) return this.bytes(Buffer.from(value));
    this.take(value.length);
    return super.string(value);
  }

  /**
   * What was written, as bytes of their own; the next message begins anew. The package's own gives each message memory outside of the heap, which costs as much as
   * all the rest (1.2 µs instead of 0.8 for the record of bench/codecs); here it comes out of Node's pool. For that its private fields are looked at, so the version is pinned.
   */
  override finish(): Uint8Array<ArrayBuffer> {
    const written = this as unknown as Written;
    const bytes = Buffer.from(written.buffer.subarray(0, written.pos));
    written.pos = 0;
    this.#room = maxBytes;
    return bytes;
  }
}
