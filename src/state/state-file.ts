import { closeSync, fsyncSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { Failure } from '../../actors/failure.ts';
import type { StoreKey, StoreValue } from '../../actors/store.ts';
import type { RememberedTask } from '../../actors/remembered.ts';
import type { Holds } from './meta.ts';

/*
 * A store in a file of JSON lines. The first says what it is and which positions it reflects; then one line an entry, task by task; the last has counts
 * and the SHA-256 of all lines before it, so that a file that was cut or edited is not taken for a whole one.
 */

/** The format of such files. Others are not read. */
const format = 1;

/** A task whose store is in a file: the epoch that the entries are whole in, and where that was committed. */
export interface ExportedTask extends RememberedTask {
  readonly task: string;
}

/** What a file says of itself. */
export interface StateHeader {
  readonly topology: string;
  readonly group: string;
  readonly node: string;
  /** What the store holds. */
  readonly holds: Holds;
  /** ISO 8601. */
  readonly exported: string;
  readonly tasks: readonly ExportedTask[];
}

/** A file that was read to its end and is whole. */
export interface StateFile {
  readonly path: string;
  readonly header: StateHeader;
  /** Entries of each task, in the order of `header.tasks`. */
  readonly entries: readonly number[];
  /** Where in the file the entries of each task begin. */
  readonly starts: readonly number[];
  /** Bytes of the largest key and value together. */
  readonly largest: number;
  /** SHA-256 of the lines; one file has one. */
  readonly id: string;
}

/** Where lines go. */
export type WriteText = (text: string) => void;

/** Characters that are written at once. */
const chunk = 1 << 18;

/** Writes a file's lines; gives the entries of each task. */
export function writeState(header: StateHeader, entriesOf: (task: number) => Iterable<readonly [StoreKey, StoreValue]>, write: WriteText): number[] {
  const hash = createHash('sha256');
  let waiting = '';
  const flush = (): void => {
    hash.update(waiting);
    write(waiting);
    waiting = '';
  };
  waiting = `${JSON.stringify({ millrace: 'state', format, ...header })}\n`;
  const entries = header.tasks.map((_, task) => {
    let count = 0;
    for (const [key, value] of entriesOf(task)) {
      waiting += `${JSON.stringify({ task, key, value })}\n`;
      count++;
      if (waiting.length > chunk) flush();
    }
    return count;
  });
  flush();
  write(`${JSON.stringify({ entries, sha256: hash.digest('hex') })}\n`);
  return entries;
}

/** Lets `work` write a file, which takes its name only when all of it is on disk. */
export function writeWhole<T>(path: string, work: (write: WriteText) => T): T {
  const half = `${path}.new`;
  const descriptor = openSync(half, 'w');
  let isWhole = false;
  try {
    const result = work((text) => {
      const bytes = Buffer.from(text);
      for (let written = 0; written < bytes.length;) written += writeSync(descriptor, bytes, written);
    });
    fsyncSync(descriptor);
    isWhole = true;
    return result;
  } finally {
    closeSync(descriptor);
    if (isWhole) renameSync(half, path);
    else rmSync(half, { force: true });
  }
}

/** Reads a file to its end. Throws `import_refused` where it is none, or not whole, or was changed. */
export function checkStateFile(path: string): StateFile {
  const hash = createHash('sha256');
  let header: StateHeader | null = null;
  let footer: Footer | null = null;
  let entries: number[] = [];
  const starts: number[] = [];
  let largest = 0;
  let last = 0;
  let offset = 0;
  for (const line of linesOf(path, 0)) {
    if (footer !== null) throw refused(path, 'there are lines behind its last one');
    if (header === null) {
      header = headerOf(line, path);
      entries = header.tasks.map(() => 0);
    } else {
      const found = entryOf(line, entries.length, last);
      footer = found === null ? footerOf(line, path) : null;
      if (found !== null) {
        last = found.task;
        starts[last] ??= offset;
        entries[last] = (entries[last] as number) + 1;
        largest = Math.max(largest, found.key.length + Buffer.byteLength(JSON.stringify(found.value)));
      }
    }
    if (footer === null) hash.update(line).update('\n');
    offset += line.length + 1;
  }
  if (header === null) throw refused(path, 'it is empty');
  if (footer === null) throw refused(path, `it ends after ${sum(entries)} entries without its last line: it was cut`);
  const id = hash.digest('hex');
  if (footer.sha256 !== id || JSON.stringify(footer.entries) !== JSON.stringify(entries)) throw refused(path, 'its checksum does not fit: it was changed after the export, or damaged');
  return { path, header, entries, starts, largest, id };
}

/** Entries of one task of a file that was checked: bytes of keys, and JSON text. */
export function* entriesIn({ path, starts }: StateFile, task: number): Generator<{ readonly key: Uint8Array; readonly value: Uint8Array }> {
  const start = starts[task];
  if (start === undefined) return;
  for (const line of linesOf(path, start)) {
    const entry = entryOf(line, Infinity, 0);
    if (entry?.task !== task) return;
    yield { key: Buffer.from(entry.key, 'latin1'), value: Buffer.from(JSON.stringify(entry.value)) };
  }
}

interface Entry {
  readonly task: number;
  readonly key: StoreKey;
  readonly value: StoreValue;
}

interface Footer {
  readonly entries: readonly number[];
  readonly sha256: string;
}

function headerOf(line: Buffer, path: string): StateHeader {
  const found = parse(line) as Partial<StateHeader> & { readonly millrace?: unknown; readonly format?: unknown };
  if (found.millrace !== 'state') throw refused(path, 'its first line is not that of an export');
  if (found.format !== format) throw refused(path, `it has format ${String(found.format)}, and this version of Millrace reads ${format}`);
  const { topology, group, node, holds, exported, tasks } = found;
  if (typeof topology !== 'string' || typeof group !== 'string' || typeof node !== 'string' || typeof holds !== 'object' || typeof exported !== 'string' || !Array.isArray(tasks)) throw refused(path, 'its first line lacks fields');
  return { topology, group, node, holds, exported, tasks };
}

/** Null where the line is none. */
function entryOf(line: Buffer, tasks: number, last: number): Entry | null {
  const { task, key, value } = parse(line) as Partial<Entry>;
  if (typeof task !== 'number' || task < last || task >= tasks || typeof key !== 'string' || value === undefined) return null;
  return { task, key, value };
}

function footerOf(line: Buffer, path: string): Footer {
  const { entries, sha256 } = parse(line) as Partial<Footer>;
  if (!Array.isArray(entries) || typeof sha256 !== 'string') throw refused(path, `a line of it is no entry: ${line.toString('utf8', 0, 60)}`);
  return { entries: entries as number[], sha256 };
}

function parse(line: Buffer): object {
  try {
    const found: unknown = JSON.parse(line.toString());
    return typeof found === 'object' && found !== null ? found : {};
  } catch {
    return {};
  }
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

function refused(path: string, why: string): Failure {
  return new Failure('import_refused', `${path} cannot be taken in: ${why}.`);
}

/** Lines without their ends, from a place in the file on. */
function* linesOf(path: string, from: number): Generator<Buffer> {
  const descriptor = openSync(path, 'r');
  try {
    const block = Buffer.allocUnsafe(1 << 16);
    let rest: Buffer = Buffer.alloc(0);
    let place = from;
    for (let size = readSync(descriptor, block, 0, block.length, place); size > 0; size = readSync(descriptor, block, 0, block.length, place)) {
      place += size;
      const bytes = Buffer.concat([rest, block.subarray(0, size)]);
      let start = 0;
      for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
        yield bytes.subarray(start, end);
        start = end + 1;
      }
      rest = bytes.subarray(start);
    }
    if (rest.length > 0) yield rest;
  } finally {
    closeSync(descriptor);
  }
}
