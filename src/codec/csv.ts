import { isUtf8 } from 'node:buffer';
import { CsvError, parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import type { PlainCodec } from '../../actors/codec.ts';
import { Failure } from '../../actors/failure.ts';
import { put } from './put.ts';

/** What a column holds. */
export type ColumnType = 'string' | 'number' | 'integer' | 'boolean';

/** How a line is made up. */
export interface CsvOptions {
  /** Names in order, or the type of each by name. */
  readonly columns: readonly string[] | Readonly<Record<string, ColumnType>>;
  /** One character. */
  readonly delimiter: string;
}

interface Column {
  readonly name: string;
  readonly type: ColumnType;
}

const number = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;
const integer = /^[+-]?\d{1,19}$/;

/** One line of comma-separated values (RFC 4180), with or without its line end. An empty field of another type than string is null, and null is written as an empty field. */
export function csvCodec({ columns: given, delimiter }: CsvOptions): PlainCodec {
  const columns: Column[] = Array.isArray(given) ? (given as readonly string[]).map((name) => ({ name, type: 'string' })) : Object.entries(given as Readonly<Record<string, ColumnType>>).map(([name, type]) => ({ name, type }));
  return {
    id: `csv:${JSON.stringify([columns.map(({ name, type }) => [name, type]), delimiter])}`,
    exotic: columns.some(({ type }) => type === 'integer'),
    decode: (bytes) => rowOf(fieldsOf(bytes, delimiter), columns),
    encode: (value) => Buffer.from(stringify([lineOf(value, columns)], { delimiter, eof: false }), 'utf8')
  };
}

function fieldsOf(bytes: Uint8Array, delimiter: string): readonly string[] {
  if (!isUtf8(bytes)) throw new Failure('undecodable', 'expected CSV as UTF-8, found bytes that are not UTF-8');
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  // An empty line is one empty field; the package takes it for no line at all.
  if (/^\r?\n?$/.test(text)) return [''];
  let lines: string[][];
  try {
    lines = parse(text, { delimiter, relax_column_count: true, record_delimiter: ['\r\n', '\n'] });
  } catch (error) {
    throw new Failure('undecodable', `expected a line of CSV: ${error instanceof CsvError ? error.code.toLowerCase().replaceAll('_', ' ') : 'it cannot be read'}`);
  }
  if (lines.length !== 1) throw new Failure('undecodable', `expected one line of CSV, found ${lines.length}`);
  return lines[0] as string[];
}

function rowOf(fields: readonly string[], columns: readonly Column[]): unknown {
  if (fields.length !== columns.length) throw new Failure('undecodable', `expected ${columns.length} fields, found ${fields.length}`);
  const row: Record<string, unknown> = {};
  for (const [index, { name, type }] of columns.entries()) put(row, name, typed(fields[index] as string, name, type));
  return row;
}

function typed(text: string, name: string, type: ColumnType): unknown {
  if (type === 'string') return text;
  const trimmed = text.trim();
  if (trimmed === '') return null;
  if (type === 'boolean' && /^(true|false)$/i.test(trimmed)) return trimmed.toLowerCase() === 'true';
  if (type === 'number' && number.test(trimmed)) return Number(trimmed);
  if (type === 'integer' && integer.test(trimmed)) return Number.isSafeInteger(Number(trimmed)) ? Number(trimmed) : BigInt(trimmed.replace(/^\+/, ''));
  throw new Failure('undecodable', `${name}: expected ${type === 'integer' ? 'an integer' : `a ${type}`}, found ${JSON.stringify(text.slice(0, 60))}`);
}

function lineOf(value: unknown, columns: readonly Column[]): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array) throw new Failure('unencodable', 'expected an object with a field for each column');
  return columns.map(({ name }) => fieldOf(Object.hasOwn(value, name) ? (value as Readonly<Record<string, unknown>>)[name] : null, name));
}

function fieldOf(value: unknown, name: string): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') throw new Failure('unencodable', `${name}: expected a text, a number or a boolean, found ${Array.isArray(value) ? 'an array' : typeof value}`);
  if (!value.isWellFormed()) throw new Failure('unencodable', `${name}: expected text that Unicode has, found half of a surrogate pair`);
  return value;
}
