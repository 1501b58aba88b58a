import { BinaryReader } from '@bufbuild/protobuf/wire';
import { Failure } from '../../../actors/failure.ts';

/**
 * The package's reader of the wire format, up to `limit`. The package checks that values end within the bytes; whoever reads a message checks that its
 * last value ended within the message (`finish`). Its errors become failures in `failureOf`.
 */
export class Cursor extends BinaryReader {
  readonly source: Uint8Array;
  /** Where the message that is read ends. */
  limit: number;
  /** Where in the value we are, for messages. */
  readonly path: (string | number)[] = [];
  /** Bytes that may still be copied to read as one what came in several parts. */
  joinable: number;

  constructor(source: Uint8Array, joinable?: number) {
    super(source);
    this.source = source;
    this.limit = source.length;
    this.joinable = joinable ?? 4 * source.length;
  }

  /** A field's number and wire type, as one number: `tag` of the package makes a list of them for each field. */
  fieldTag(): number {
    const tag = this.#short();
    if (tag < 8) throw new Failure('undecodable', 'expected the number of a field, found 0');
    return tag;
  }

  /** The end of what has its length before it. */
  end(): number {
    const end = this.#short() + this.pos;
    if (end > this.limit) throw ended();
    return end;
  }

  /** To be called at the end of a message, or of a packed list. */
  finish(): void {
    if (this.pos !== this.limit) throw ended();
  }

  /** Goes past a field that the schema does not have. */
  skipField(tag: number, depth: number): void {
    if ((tag & 7) === 4 || (tag & 7) > 5) throw new Failure('undecodable', `expected a field, found wire type ${tag & 7}`);
    this.skip(tag & 7, tag >>> 3, depth);
  }

  /** Goes past a group whose first tag was read; gives where its content ends. */
  skipGroup(number: number, depth: number): number {
    if (depth <= 0) throw tooDeep();
    for (;;) {
      const before = this.pos;
      const tag = this.fieldTag();
      if ((tag & 7) === 4) {
        if (tag >>> 3 === number) return before;
        throw new Failure('undecodable', `expected the end of group ${number}, found that of ${tag >>> 3}`);
      }
      this.skipField(tag, depth - 1);
    }
  }

  /** A varint that must not have more than 32 bits; the package's own drops what is above them. */
  #short(): number {
    const start = this.pos;
    const value = this.uint32();
    if (this.pos - start >= 5 && (this.pos - start > 5 || (this.source[this.pos - 1] as number) > 0x0f)) throw ended();
    return value;
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

/** What the reader threw, as a failure; anything else that is not the package's as it is. */
export function failureOf(error: unknown): unknown {
  if (error instanceof RangeError) return /^premature EOF$|outside the bounds/.test(error.message) ? ended() : new Failure('undecodable', 'expected a message that fits into memory', { cause: error });
  if (error instanceof TypeError && 'code' in error && error.code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return new Failure('undecodable', 'expected text as UTF-8, found bytes that are not UTF-8');
  if (!(error instanceof Error) || error.constructor !== Error) return error;
  if (error.message === 'invalid varint') return new Failure('undecodable', 'expected an integer of at most ten bytes, found a longer one');
  if (error.message === 'maximum recursion depth reached') return tooDeep();
  return new Failure('undecodable', `expected a message, found bytes that are none: ${error.message.slice(0, 60)}`);
}
