import type { PlainCodec } from '../../actors/codec.ts';
import { BadFile, isRow, kindOf } from './file-rows.ts';
import type { FoundRow } from './file-rows.ts';

/** The row in a piece of JSON text. Throws `BadFile`. */
export function jsonRow(codec: PlainCodec, text: Buffer, line: number): FoundRow {
  const value = decode(codec, text, line);
  if (!isRow(value)) throw new BadFile(line, `expected an object, found ${kindOf(value)}`);
  return { line, value, json: text.toString('latin1') };
}

function decode(codec: PlainCodec, text: Buffer, line: number): unknown {
  try {
    return codec.decode(text);
  } catch (error) {
    throw new BadFile(line, error instanceof Error ? error.message : String(error));
  }
}
