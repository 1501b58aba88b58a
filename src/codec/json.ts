import { isUtf8 } from 'node:buffer';
import type { PlainCodec } from '../../actors/codec.ts';
import type { Validator } from '../../actors/component.ts';
import { Failure } from '../../actors/failure.ts';

/** Nesting beyond this is refused: functions that walk a value recursively must never meet one that ends their stack. */
export const maxJsonDepth = 500;

/** What integers become when JSON is read: `number` is `JSON.parse`'s own, rounded beyond 2^53; the others are exact. */
export type JsonLong = 'number' | 'auto' | 'bigint' | 'string';

/** What a JSON codec does beyond RFC 8259. */
export interface JsonOptions {
  readonly long?: JsonLong;
}

/** JSON text as UTF-8 (RFC 8259). With a validator, values must meet it. */
export function jsonCodec(validator: Validator | null = null, { long = 'number' }: JsonOptions = {}): PlainCodec {
  const write = jsonWriter();
  const check = (value: unknown): void => {
    const violation = validator === null ? null : validator(value);
    if (violation !== null) throw new Failure('schema_violation', violation);
  };
  return {
    id: 'json',
    exotic: long === 'auto' || long === 'bigint',
    decode(bytes) {
      const value = readJson(bytes, long);
      check(value);
      return value;
    },
    encode(value) {
      check(value);
      return write(value);
    }
  };
}

/** The value of a JSON text. Throws a `Failure` `undecodable`. */
export function readJson(bytes: Uint8Array, long: JsonLong): unknown {
  if (bytes.length === 0) throw new Failure('undecodable', 'expected JSON, found no bytes at all');
  if (!isUtf8(bytes)) throw new Failure('undecodable', 'expected JSON as UTF-8, found bytes that are not UTF-8');
  // Fewer bytes than this cannot open and close so many levels, so that small records skip the scan.
  if (bytes.length > 2 * maxJsonDepth && tooDeep(bytes)) {
    throw new Failure('undecodable', `expected JSON nested at most ${maxJsonDepth} levels deep, found more`);
  }
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  try {
    return parse(text, long);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure('undecodable', `expected JSON in ${bytes.length} bytes: ${withoutData(error)}`);
  }
}

/** Longest integer that is read exactly: reading digits takes time that grows with the square of their number. */
const maxDigits = 1000;

const integer = /^-?\d+$/;

/** A reviver that is told the text of each number (ECMAScript proposal JSON.parse source text access; V8 since 11.4). */
type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;

function parse(text: string, long: JsonLong): unknown {
  // Numbers of fewer digits are exact as they are; a reviver takes several times as long.
  if (long === 'number' || (long === 'auto' && !hasLongNumber(text))) return JSON.parse(text) as unknown;
  const revive: Reviver = (_, value, { source }) => (typeof value === 'number' && source !== undefined && integer.test(source) ? exact(value, source, long) : value);
  return JSON.parse(text, revive as (key: string, value: unknown) => unknown) as unknown;
}

/** Digits in a row that a number may not hold exactly. */
const manyDigits = 16;

/** Whether so many digits follow each other somewhere: each such row has one at a multiple of their number. */
function hasLongNumber(text: string): boolean {
  for (let at = manyDigits - 1; at < text.length; at += manyDigits) {
    if (!isDigit(text, at)) continue;
    let [from, to] = [at, at];
    while (isDigit(text, from - 1)) from -= 1;
    while (isDigit(text, to + 1)) to += 1;
    if (to - from + 1 >= manyDigits) return true;
  }
  return false;
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0x30 && code <= 0x39;
}

function exact(value: number, source: string, long: JsonLong): unknown {
  if (long === 'string') return source;
  if (long === 'auto' && Number.isSafeInteger(value)) return value;
  if (source.length > maxDigits) throw new Failure('undecodable', `expected integers of at most ${maxDigits} digits, found one of ${source.length}`);
  return BigInt(source);
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

/** Values after the last one with a big integer for which the way that takes such is kept. */
const remembered = 1000;

/** Buffer's own toJSON, and an array of bytes without one. */
const bytesMarks = ['"type":"Buffer"', '{"0":'];

/**
 * Writes values as JSON: big integers as their digits, bytes inside as base64. What JSON does not have as a whole is refused. Throws a `Failure` `unencodable`.
 * Big integers take a replacer, which is slower; where one was met the next values take it at once, instead of failing first.
 */
export function jsonWriter(): (value: unknown) => Uint8Array {
  let withReplacer = 0;
  return (value) => {
    if (value instanceof Uint8Array) {
      throw new Failure('unencodable', 'expected a value that JSON has, found bytes; use codec raw, or .base64() in a map');
    }
    let text: string | undefined;
    try {
      if (withReplacer > 0) {
        withReplacer -= 1;
        text = replaced(value, () => { withReplacer = remembered; });
      } else text = JSON.stringify(value);
    } catch (error) {
      // A big integer (TypeError), a circular value (TypeError) or one too deep for the stack (RangeError).
      if (!(error instanceof TypeError)) throw new Failure('unencodable', 'expected a value that JSON has, found one nested too deeply', { cause: error });
      withReplacer = remembered;
      text = afterFailure(value);
    }
    if (text === undefined) throw new Failure('unencodable', `expected a value that JSON has, found ${typeof value}`);
    const found = text;
    return Buffer.from(bytesMarks.some((mark) => found.includes(mark)) ? (replaced(value, () => undefined) ?? found) : found, 'utf8');
  };
}

function afterFailure(value: unknown): string | undefined {
  try {
    return replaced(value, () => undefined);
  } catch (error) {
    throw new Failure('unencodable', 'expected a value that JSON has, found one that contains itself', { cause: error });
  }
}

/** JSON.rawJSON is not in TypeScript's library yet. */
const { rawJSON } = JSON as unknown as { readonly rawJSON: (text: string) => unknown };

function replaced(value: unknown, onBigInt: () => void): string | undefined {
  return JSON.stringify(value, function (this: Readonly<Record<string, unknown>>, key: string, field: unknown): unknown {
    if (typeof field === 'bigint') {
      onBigInt();
      return rawJSON(String(field));
    }
    // What toJSON made of bytes is no longer bytes: the holder still has them.
    const own = this[key];
    return own instanceof Uint8Array ? Buffer.from(own.buffer, own.byteOffset, own.byteLength).toString('base64') : field;
  });
}
