import type { PlainCodec } from '../../actors/codec.ts';
import { Failure } from '../../actors/failure.ts';
import { textCodec } from './text.ts';

/** Bytes as they are; in expressions `value` is of type bytes. */
export const rawCodec: PlainCodec = {
  id: 'raw',
  decode(bytes) {
    return bytes;
  },
  encode(value) {
    if (value instanceof Uint8Array) return value;
    if (typeof value === 'string') return textCodec.encode(value);
    throw new Failure('unencodable', `expected bytes or text, found ${value === null ? 'null' : typeof value}`);
  }
};
