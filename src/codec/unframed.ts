import type { PlainCodec } from '../../actors/codec.ts';
import type { PayloadReader, PayloadWriter } from './format.ts';

/** Reads payloads of one schema, with nothing around them. */
export function unframedReader(id: string, reader: PayloadReader, exotic: boolean): PlainCodec {
  return {
    id,
    exotic,
    decode: (bytes) => reader.read(bytes),
    encode() {
      throw new Error('this codec reads');
    }
  };
}

/** Writes payloads of one schema, with nothing around them. */
export function unframedWriter(id: string, writer: PayloadWriter): PlainCodec {
  return {
    id,
    decode() {
      throw new Error('this codec writes');
    },
    encode: (value) => writer.write(value)
  };
}
