/** A row of a file or a query, with what it is to be stored as. */
export interface FoundRow {
  /** Where it is, for messages: a line of the file. */
  readonly line: number;
  readonly value: Readonly<Record<string, unknown>>;
  /** JSON text, as a binary string. */
  readonly json: string;
}

/** A file that is not as it should be. */
export class BadFile extends Error {
  readonly line: number | null;

  constructor(line: number | null, message: string) {
    super(message);
    this.line = line;
  }
}

/** Makes rows of the bytes of a file, piece by piece. Throws `BadFile`. */
export interface FileParser {
  push(chunk: Buffer): FoundRow[];
  /** The file is at its end. */
  end(): FoundRow[] | Promise<FoundRow[]>;
}

/** Longest row, in bytes. */
export const longestRow = 16 * 1024 * 1024;

/** UTF-8's byte order mark. */
export const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/** True for an object as JSON has it: no array, no null. */
export function isRow(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What a value is, for messages. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'string' ? 'a text' : `a ${typeof value}`;
}
