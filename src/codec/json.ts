import { isUtf8 } from 'node:buffer';
import type { PlainCodec } from '../../actors/codec.ts';
import type { Validator } from '../../actors/component.ts';
import { Failure } from '../../actors/failure.ts';

/** Nesting beyond this is refused: functions that walk a value recursively must never meet one that ends their stack. */
export const maxJsonDepth = 500;

/** JSON text as UTF-8 (RFC 8259). With a validator, decoded values must meet it. */
export function jsonCodec(validator: Validator | null = null): PlainCodec {
  return {
    id: 'json',
    decode(bytes) {
      const value = parseJson(bytes);
      const violation = validator === null ? null : validator(value);
      if (violation !== null) throw new Failure('schema_violation', violation);
      return value;
    },
    encode: encodeJson
  };
}

function parseJson(bytes: Uint8Array): unknown {
  if (bytes.length === 0) throw new Failure('undecodable', 'expected JSON, found no bytes at all');
  if (!isUtf8(bytes)) throw new Failure('undecodable', 'expected JSON as UTF-8, found bytes that are not UTF-8');
  // Fewer bytes than this cannot open and close so many levels, so that small records skip the scan.
  if (bytes.length > 2 * maxJsonDepth && tooDeep(bytes)) {
    throw new Failure('undecodable', `expected JSON nested at most ${maxJsonDepth} levels deep, found more`);
  }
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new Failure('undecodable', `expected JSON in ${bytes.length} bytes: ${withoutData(error)}`);
  }
}

/** V8 quotes the text around a syntax error; data does not belong in messages, so only what comes before the quote is kept. */
function withoutData(error: unknown): string {
  const message = error instanceof Error ? error.message : 'not valid';
  return message.replace(/,? ?(\.\.\.)?".*$/s, '').slice(0, 120);
}

/** One pass over the bytes: brackets outside of strings. Works on UTF-8, where no other character contains these bytes. */
function tooDeep(bytes: Uint8Array): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (inString) {
      if (byte === 0x5c) i++;
      else if (byte === 0x22) inString = false;
    } else if (byte === 0x22) inString = true;
    else if (byte === 0x5b || byte === 0x7b) {
      if (++depth > maxJsonDepth) return true;
    } else if (byte === 0x5d || byte === 0x7d) depth--;
  }
  return false;
}

function encodeJson(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) {
    throw new Failure('unencodable', 'expected a value that JSON has, found bytes; use codec raw, or .base64() in a map');
  }
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    // A big integer (TypeError), a circular value (TypeError) or one too deep for the stack (RangeError).
    if (error instanceof TypeError) return encodeWithBigInts(value);
    throw new Failure('unencodable', 'expected a value that JSON has, found one nested too deeply', { cause: error });
  }
  if (text === undefined) throw new Failure('unencodable', `expected a value that JSON has, found ${typeof value}`);
  return Buffer.from(text, 'utf8');
}

function encodeWithBigInts(value: unknown): Uint8Array {
  try {
    return Buffer.from(JSON.stringify(value, (_key, field: unknown) => (typeof field === 'bigint' ? safeNumber(field) : field)), 'utf8');
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure('unencodable', 'expected a value that JSON has, found one that contains itself', { cause: error });
  }
}

function safeNumber(value: bigint): number {
  const result = Number(value);
  if (Number.isSafeInteger(result)) return result;
  throw new Failure('unencodable', 'expected integers up to 2^53, found a larger one');
}
