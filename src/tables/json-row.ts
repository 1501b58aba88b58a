import type { Codec } from '../../actors/component.ts';
import { BadFile, isRow, kindOf } from './file-rows.ts';
import type { FoundRow } from './file-rows.ts';

/** The row in a piece of JSON text. Throws `BadFile`. */
export function jsonRow(codec: Codec, text: Buffer, line: number): FoundRow {
  const value = decode(codec, text, line);
  if (!isRow(value)) throw new BadFile(line, `expected an object, found ${kindOf(value)}`);
  return { line, value, json: text.toString('latin1') };
}

function decode(codec: Codec, text: Buffer, line: number): unknown {
  try {
    return codec.decode(text);
  } catch (error) {
    throw new BadFile(line, error instanceof Error ? error.message : String(error));
  }
}
