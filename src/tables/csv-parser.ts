import { setImmediate as nextTurn } from 'node:timers/promises';
import { CsvError, parse } from 'csv-parse';
import type { Parser } from 'csv-parse';
import { BadFile, longestRow } from './file-rows.ts';
import type { FileParser, FoundRow } from './file-rows.ts';
import { jsonBytes } from './row.ts';

/** CSV as RFC 4180 has it, with a header row; the values are texts. */
export class CsvParser implements FileParser {
  readonly #parser: Parser;
  readonly #utf8 = new TextDecoder('utf-8', { fatal: true });
  #error: Error | null = null;
  #names: readonly string[] | null = null;
  #line = 1;
  /** On which records end that were not taken yet. */
  #lines: number[] = [];

  constructor() {
    this.#parser = parse({ bom: true, skip_empty_lines: true, max_record_size: longestRow, on_record: (fields: string[], { lines }) => this.#note(fields, lines) });
    this.#parser.on('error', (error) => { this.#error ??= error; });
  }

  push(chunk: Buffer): FoundRow[] {
    this.#check(chunk);
    this.#parser.write(chunk);
    return this.#take();
  }

  async end(): Promise<FoundRow[]> {
    this.#check();
    this.#parser.end();
    // The package comes to the last record in a later turn.
    await nextTurn();
    const rows = this.#take();
    if (this.#names === null) throw new BadFile(null, 'expected a header row, found nothing');
    return rows;
  }

  #take(): FoundRow[] {
    const error = this.#parser.errored ?? this.#error;
    if (error !== null) throw badFile(error);
    const rows: FoundRow[] = [];
    const lines = this.#lines;
    this.#lines = [];
    for (const line of lines) {
      const fields = this.#parser.read() as string[];
      this.#line = line;
      if (this.#names === null) this.#names = header(fields);
      else rows.push(rowOf(this.#names, fields, line));
    }
    return rows;
  }

  #note(fields: string[], line: number): string[] {
    this.#lines.push(line);
    return fields;
  }

  /** Without it the package puts replacement characters in the place of what is no UTF-8. */
  #check(chunk?: Buffer): void {
    try {
      if (chunk === undefined) this.#utf8.decode();
      else this.#utf8.decode(chunk, { stream: true });
    } catch {
      throw new BadFile(null, `expected UTF-8, found other bytes behind line ${this.#line}`);
    }
  }
}

function header(names: readonly string[]): readonly string[] {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new BadFile(1, `expected a header row with a name for each column, found ${JSON.stringify(twice)} twice`);
  if (names.includes('') || names.includes('__proto__')) throw new BadFile(1, `expected a header row with a name for each column, found ${JSON.stringify(names.includes('') ? '' : '__proto__')}`);
  return names;
}

function rowOf(names: readonly string[], fields: readonly string[], line: number): FoundRow {
  const value: Record<string, string> = {};
  for (let i = 0; i < names.length; i++) value[names[i] as string] = fields[i] as string;
  return { line, value, json: jsonBytes(value) };
}

/** The package's messages quote the row, which does not belong in a log. */
const messages: Readonly<Record<string, string>> = {
  CSV_RECORD_INCONSISTENT_FIELDS_LENGTH: 'expected as many fields as the header row has',
  CSV_RECORD_INCONSISTENT_COLUMNS: 'expected as many fields as the header row has',
  CSV_QUOTE_NOT_CLOSED: 'expected the end of a quoted field, found the end of the file',
  CSV_INVALID_CLOSING_QUOTE: 'expected a comma or the end of the line behind a quoted field',
  INVALID_OPENING_QUOTE: 'expected a quote only at the beginning of a field',
  CSV_MAX_RECORD_SIZE: `expected rows of at most ${longestRow} bytes`
};

function badFile(error: Error): BadFile {
  if (!(error instanceof CsvError)) return new BadFile(null, error.message);
  const line = (error as { lines?: unknown }).lines;
  return new BadFile(typeof line === 'number' ? line : null, messages[error.code] ?? `expected CSV: ${error.code}`);
}
