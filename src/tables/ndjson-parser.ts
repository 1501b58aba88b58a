import type { PlainCodec } from '../../actors/codec.ts';
import { BadFile, byteOrderMark, longestRow } from './file-rows.ts';
import type { FileParser, FoundRow } from './file-rows.ts';
import { jsonRow } from './json-row.ts';

const newline = 0x0a;

/** An object per line. */
export class NdjsonParser implements FileParser {
  readonly #codec: PlainCodec;
  #rest: Buffer = Buffer.alloc(0);
  #line = 0;

  constructor(codec: PlainCodec) {
    this.#codec = codec;
  }

  push(chunk: Buffer): FoundRow[] {
    const rows: FoundRow[] = [];
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let from = 0;
    for (let to = bytes.indexOf(newline, this.#rest.length); to >= 0; to = bytes.indexOf(newline, from)) {
      this.#take(bytes.subarray(from, to), rows);
      from = to + 1;
    }
    this.#rest = bytes.subarray(from);
    if (this.#rest.length > longestRow) throw new BadFile(this.#line + 1, `expected lines of at most ${longestRow} bytes`);
    return rows;
  }

  end(): FoundRow[] {
    const rows: FoundRow[] = [];
    this.#take(this.#rest, rows);
    return rows;
  }

  #take(line: Buffer, rows: FoundRow[]): void {
    this.#line += 1;
    const text = this.#line === 1 && line.subarray(0, 3).equals(byteOrderMark) ? line.subarray(3) : line;
    if (!isBlank(text)) rows.push(jsonRow(this.#codec, text, this.#line));
  }
}

function isBlank(text: Buffer): boolean {
  return text.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}
