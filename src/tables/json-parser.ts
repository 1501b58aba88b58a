import type { PlainCodec } from '../../actors/codec.ts';
import { BadFile, byteOrderMark, longestRow } from './file-rows.ts';
import type { FileParser, FoundRow } from './file-rows.ts';
import { jsonRow } from './json-row.ts';

const quote = 0x22;
const backslash = 0x5c;
const newline = 0x0a;
const comma = 0x2c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** What may come next outside of a row. */
const expected = {
  array: 'an array of objects',
  rowOrEnd: 'an object or the end of the array',
  row: 'an object',
  commaOrEnd: 'a comma or the end of the array',
  nothing: 'nothing behind the array'
} as const;

/** An array of objects, of which never more than one is looked at: parsed at once, a large file would keep the thread for long. */
export class JsonParser implements FileParser {
  readonly #codec: PlainCodec;
  #state: keyof typeof expected = 'array';
  #line = 1;
  /** Of the row that is being read: its bytes in earlier chunks, the line on which it begins, and how deep in it this is; 0 outside of rows. */
  #parts: Buffer[] = [];
  #rowLine = 1;
  #depth = 0;
  #inString = false;
  #escaped = false;
  #begun = false;

  constructor(codec: PlainCodec) {
    this.#codec = codec;
  }

  push(chunk: Buffer): FoundRow[] {
    const rows: FoundRow[] = [];
    let from = 0;
    let at = 0;
    if (!this.#begun && chunk.subarray(0, 3).equals(byteOrderMark)) at = 3;
    this.#begun = true;
    for (; at < chunk.length; at++) {
      const byte = chunk[at] as number;
      if (byte === newline) this.#line += 1;
      if (this.#depth === 0) {
        this.#outside(byte);
        from = at;
      } else if (this.#inside(byte)) {
        rows.push(this.#row(chunk.subarray(from, at + 1)));
      }
    }
    if (this.#depth > 0) this.#keep(chunk.subarray(from));
    return rows;
  }

  end(): FoundRow[] {
    if (this.#depth > 0) throw new BadFile(this.#rowLine, 'expected the end of an object, found the end of the file');
    if (this.#state !== 'nothing') throw new BadFile(this.#line, `expected ${expected[this.#state]}, found the end of the file`);
    return [];
  }

  #outside(byte: number): void {
    if (byte === 0x20 || byte === newline || byte === 0x0d || byte === 0x09) return;
    const state = this.#state;
    if (state === 'array' && byte === openBracket) this.#state = 'rowOrEnd';
    else if ((state === 'row' || state === 'rowOrEnd') && byte === openBrace) {
      this.#depth = 1;
      this.#rowLine = this.#line;
    } else if (state === 'commaOrEnd' && byte === comma) this.#state = 'row';
    else if ((state === 'commaOrEnd' || state === 'rowOrEnd') && byte === closeBracket) this.#state = 'nothing';
    else throw new BadFile(this.#line, `expected ${expected[state]}, found ${byte < 0x7f ? JSON.stringify(String.fromCharCode(byte)) : 'something else'}`);
  }

  /** True where the row ends. */
  #inside(byte: number): boolean {
    if (this.#escaped) this.#escaped = false;
    else if (this.#inString) {
      if (byte === backslash) this.#escaped = true;
      else if (byte === quote) this.#inString = false;
    } else if (byte === quote) this.#inString = true;
    else if (byte === openBrace || byte === openBracket) this.#depth += 1;
    else if (byte === closeBrace || byte === closeBracket) this.#depth -= 1;
    return this.#depth === 0;
  }

  #row(last: Buffer): FoundRow {
    const text = this.#parts.length === 0 ? last : Buffer.concat([...this.#parts, last]);
    this.#parts = [];
    this.#state = 'commaOrEnd';
    return jsonRow(this.#codec, text, this.#rowLine);
  }

  #keep(part: Buffer): void {
    this.#parts.push(part);
    if (this.#parts.reduce((sum, { length }) => sum + length, 0) > longestRow) throw new BadFile(this.#rowLine, `expected objects of at most ${longestRow} bytes`);
  }
}
