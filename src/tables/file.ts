import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { Failure } from '../../actors/failure.ts';
import type { FileTable, TableClock } from '../../actors/table/table.ts';
import { Builder, DuplicateKey } from './builder.ts';
import { CsvParser } from './csv-parser.ts';
import { BadFile } from './file-rows.ts';
import type { FileParser, FoundRow } from './file-rows.ts';
import { JsonParser } from './json-parser.ts';
import { NdjsonParser } from './ndjson-parser.ts';
import { diskKey, keyOfValue, showKey } from './row.ts';
import type { Reason, Source, SourceListener } from './source.ts';
import type { TableStorage } from './storage.ts';

/** What a table of a file is read with. */
export interface FileSettings {
  readonly logic: FileTable;
  readonly clock: TableClock;
  readonly storage: TableStorage;
  readonly listener: SourceListener;
}

/** Bytes that are parsed and put away in one go: some five milliseconds. */
const chunkBytes = 64 * 1024;

/** Milliseconds after a change in which a second one may have the same time. */
const timeGrain = 2000;

/** Contents that were looked at. */
interface Judged {
  /** Time, size and identity of the file. */
  readonly mark: string;
  readonly hash: string;
  /** Why they are not used; null where they are. */
  readonly failure: Failure | null;
}

/** Keeps a table as a file is. Contents are read twice, for their hash and for their rows: where they change meanwhile, somebody is writing. */
export class FileSource implements Source {
  readonly interval: number;
  readonly #settings: FileSettings;
  #judged: Judged | null = null;

  constructor(settings: FileSettings) {
    this.#settings = settings;
    this.interval = settings.logic.refresh;
  }

  async look(_: Reason, signal: AbortSignal): Promise<void> {
    const { logic: { path } } = this.#settings;
    let file: FileHandle;
    try {
      file = await open(path);
    } catch (error) {
      throw unreadable(path, error);
    }
    try {
      await this.#judge(file, signal);
    } catch (error) {
      if (error instanceof Failure) throw error;
      throw unreadable(path, error);
    } finally {
      await file.close();
    }
  }

  async #judge(file: FileHandle, signal: AbortSignal): Promise<void> {
    const { storage, clock } = this.#settings;
    const begun = clock.now();
    const { ino, size, mtimeNs, mtimeMs } = await file.stat({ bigint: true });
    const mark = `${ino} ${size} ${mtimeNs}`;
    const judged = this.#judged;
    const isKnown = judged !== null && !storage.isDamaged && (judged.mark === mark || judged.hash === (await hashOf(file, signal)));
    // Of a file that was changed just now the time may stay the same at the next change: its contents are looked at again.
    const settled = Math.abs(begun - Number(mtimeMs)) > timeGrain ? mark : '';
    if (isKnown) {
      this.#judged = { ...judged, mark: settled };
      if (judged.failure !== null) throw judged.failure;
      return;
    }
    const hash = await hashOf(file, signal);
    const failure = await this.#read(file, hash, signal);
    this.#judged = { mark: settled, hash, failure };
    if (failure !== null) throw failure;
  }

  /** Makes a new generation of the contents; gives why they cannot be used. */
  async #read(file: FileHandle, hash: string, signal: AbortSignal): Promise<Failure | null> {
    const { logic: { path }, storage, listener } = this.#settings;
    try {
      const again = await this.#load(file, signal);
      if (again !== hash) throw new Failure('table_unavailable', `${path}: expected a file that does not change while it is read. To change it, write another one and rename it.`);
      storage.publish();
      listener.loaded();
      return null;
    } catch (error) {
      storage.discard();
      if (error instanceof BadFile) return new Failure('table_unavailable', `${path}${error.line === null ? '' : ` line ${error.line}`}: ${error.message}.`);
      throw error;
    }
  }

  /** Gives the hash of what was read. */
  async #load(file: FileHandle, signal: AbortSignal): Promise<string> {
    const { logic, storage } = this.#settings;
    const generation = storage.begin();
    const parser = parserOf(logic);
    const builder = new Builder(generation, true);
    const hash = createHash('sha256');
    const take = async (rows: readonly FoundRow[]): Promise<void> => {
      for (const row of rows) this.#add(builder, row);
      if (builder.isFull) await builder.spill();
    };
    for await (const chunk of chunksOf(file, signal)) {
      hash.update(chunk);
      await take(parser.push(chunk));
    }
    await take(await parser.end());
    await builder.finish(new Map(), signal).catch(asBadFile);
    return hash.digest('hex');
  }

  #add(builder: Builder, { line, value, json }: FoundRow): void {
    const { key: path } = this.#settings.logic;
    const key = keyOfValue(path.reduce<unknown>((from, name) => (typeof from === 'object' && from !== null && Object.hasOwn(from, name) ? (from as Record<string, unknown>)[name] : undefined), value));
    if (key === null) throw new BadFile(line, `expected a row with a key in ${path.join('.')}, found one without`);
    if (!builder.add({ key: diskKey(key), json })) throw new BadFile(line, `expected each key once, found ${showKey(key)} again`);
  }
}

function parserOf({ format, codec }: FileTable): FileParser {
  if (format === 'csv') return new CsvParser();
  return format === 'json' ? new JsonParser(codec) : new NdjsonParser(codec);
}

/** The contents from their beginning, with turns of others between. */
async function* chunksOf(file: FileHandle, signal: AbortSignal, size = chunkBytes): AsyncGenerator<Buffer> {
  let position = 0;
  for (;;) {
    signal.throwIfAborted();
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(size), 0, size, position);
    if (bytesRead === 0) break;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
  if (position === 0) throw new BadFile(null, 'expected rows, found an empty file');
}

async function hashOf(file: FileHandle, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of chunksOf(file, signal, 1024 * 1024)) hash.update(chunk);
  return hash.digest('hex');
}

/** A key that an earlier part of the file has already. */
function asBadFile(error: unknown): never {
  throw error instanceof DuplicateKey ? new BadFile(null, `expected each key once, found ${showKey(error.key)} twice`) : error;
}

function unreadable(path: string, error: unknown): Failure {
  const { code, message } = error as NodeJS.ErrnoException;
  if (error instanceof BadFile) return new Failure('table_unavailable', `${path}: ${error.message}.`);
  const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'expected a file, found a folder' : message;
  return new Failure('table_unavailable', `${path}: ${why}.`, { cause: error });
}
