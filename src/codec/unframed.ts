import type { Codec, PlainCodec } from '../../actors/codec.ts';
import type { PayloadReader, PayloadWriter } from './format.ts';

/** Reads payloads of one schema, with nothing around them; `writer` writes such, for tests. */
export function unframedReader(id: string, reader: PayloadReader, writer: () => PayloadWriter): PlainCodec {
  return {
    id,
    exotic: true,
    decode: (bytes) => reader.read(bytes),
    encode() {
      throw new Error('this codec reads');
    },
    counterpart: (): Codec => unframedWriter(id, writer(), () => reader)
  };
}

/** Writes payloads of one schema, with nothing around them; `reader` reads such, for tests. */
export function unframedWriter(id: string, writer: PayloadWriter, reader: () => PayloadReader): PlainCodec {
  return {
    id,
    decode() {
      throw new Error('this codec writes');
    },
    encode: (value) => writer.write(value),
    counterpart: (): Codec => unframedReader(id, reader(), () => writer)
  };
}
