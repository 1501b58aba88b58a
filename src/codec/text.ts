import { isUtf8 } from 'node:buffer';
import type { PlainCodec } from '../../actors/codec.ts';
import { Failure } from '../../actors/failure.ts';

/** Strict UTF-8: what is not is refused, not replaced, so that nothing is lost on the way through. */
export const textCodec: PlainCodec = {
  id: 'text',
  decode(bytes) {
    if (!isUtf8(bytes)) throw new Failure('undecodable', 'expected text as UTF-8, found bytes that are not UTF-8');
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  },
  encode(value) {
    if (typeof value === 'number' || typeof value === 'boolean') return Buffer.from(String(value), 'utf8');
    if (typeof value !== 'string') throw new Failure('unencodable', `expected text, found ${value === null ? 'null' : typeof value}`);
    // A lone half of a surrogate pair has no UTF-8 form and would be replaced.
    if (!value.isWellFormed()) throw new Failure('unencodable', 'expected text that Unicode has, found half of a surrogate pair');
    return Buffer.from(value, 'utf8');
  }
};
