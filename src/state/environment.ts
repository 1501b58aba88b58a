import { statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { open } from 'lmdb';
import type { Database, RootDatabase, Transaction } from 'lmdb';
import { Failure } from '../../actors/failure.ts';
import { lmdbFailure } from './lmdb-errors.ts';

/** A named database: bytes under bytes; `lastSize`: of the value that was read last. */
export type Table = Database<Buffer, Buffer> & { readonly lastSize: number };

/** Free bytes that are left alone whatever is written: LMDB may crash where a disk is full to the last byte. */
const reserve = 16 * 1024 * 1024;

/** EIO. */
const inputOutputError = 5;

/** Named databases an environment may have, beside those it opens at first. */
const spareDatabases = 64;

/**
 * Address space that is set aside for an environment; it grows beyond where it must. Growing keeps the old mapping, and every page that was read through
 * both counts twice in the resident size.
 */
const mapSize = 64 * 1024 ** 3;

/** Bytes that may still be written into a folder. */
export type FreeBytes = (dir: string) => number;

/** What the file system says. */
export function freeBytesOf(dir: string): number {
  const { bavail, bsize } = statfsSync(dir);
  return bavail * bsize;
}

/**
 * What is flushed before a transaction returns. `data`: all but the meta page: a loss of power may cost the last transaction, never the order or the
 * whole. `none`: a kill of the process costs nothing, a loss of power anything: the data file must not be used after it.
 */
export type Flush = 'all' | 'data' | 'none';

/** How an environment is opened. */
export interface EnvironmentOptions {
  readonly flush?: Flush;
  readonly readOnly?: boolean;
  readonly databases?: number;
  readonly freeBytes?: FreeBytes;
}

/**
 * One LMDB environment: `data.mdb` in a folder of its own, with named databases; the root database has nothing but their names.
 *
 * `overlappingSync` is off, so that a transaction is as far as it will be when `write` returns. After a transaction that failed the environment is not
 * used again: LMDB refuses to begin another one then, and lmdb-js does not look.
 */
export class Environment {
  readonly dir: string;
  readonly #root: RootDatabase<Buffer, Buffer>;
  readonly #freeBytes: FreeBytes;
  #broken: Error | null = null;
  #open = true;

  constructor(dir: string, { flush = 'all', readOnly = false, databases = 0, freeBytes = freeBytesOf }: EnvironmentOptions = {}) {
    this.dir = dir;
    this.#freeBytes = freeBytes;
    if (!readOnly) this.checkSpace(0);
    try {
      this.#root = open<Buffer, Buffer>({
        path: dir,
        noSubdir: false,
        maxDbs: databases + spareDatabases,
        encoding: 'binary',
        keyEncoding: 'binary',
        overlappingSync: false,
        noMetaSync: flush === 'data',
        noSync: flush === 'none',
        mapSize,
        readOnly
      });
    } catch (error) {
      throw lmdbFailure(error, dir);
    }
  }

  /** Opens a named database, making it where it is missing; in an environment that is only read it has to be there. */
  table(name: string): Table {
    this.#check();
    try {
      return this.#root.openDB<Buffer, Buffer>({ name, encoding: 'binary', keyEncoding: 'binary' }) as Table;
    } catch (error) {
      throw this.#break(error);
    }
  }

  /** Names of the databases that there are. */
  names(): string[] {
    return [...this.#root.getKeys()].map((key) => Buffer.from(key).toString().replace(/\0$/, ''));
  }

  /** A view of all databases that are open, as they are at this moment; `done` ends it. */
  snapshot(): Transaction {
    this.#check();
    return this.#root.useReadTransaction();
  }

  /** Entries of a database; 0 where it is missing. */
  entries(name: string): number {
    return this.names().includes(name) ? (this.table(name).getStats() as { readonly entryCount: number }).entryCount : 0;
  }

  /** Takes a database away, if it is there. */
  drop(name: string): void {
    if (!this.names().includes(name)) return;
    const table = this.table(name);
    try {
      table.dropSync();
    } catch (error) {
      throw this.#break(error);
    }
  }

  /** One transaction; it is committed when this returns. `bytes`: about how much is written. Throws `state_disk_full`. */
  write(bytes: number, change: () => void): void {
    this.#check();
    this.checkSpace(bytes);
    try {
      this.#root.transactionSync(change);
    } catch (error) {
      throw this.#break(error);
    }
  }

  get bytes(): number {
    return statSync(join(this.dir, 'data.mdb')).size;
  }

  /** Safe to call twice. Nothing is pending here: only asynchronous writes would be. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    void this.#root.close();
  }

  #check(): void {
    if (this.#broken !== null) throw this.#broken;
    if (!this.#open) throw new Error(`the environment ${this.dir} is closed`);
  }

  /** Throws `state_disk_full` where so much cannot be written. */
  checkSpace(bytes: number): void {
    const free = this.#freeBytes(this.dir);
    const needed = Math.max(reserve, 4 * bytes);
    if (free < needed) {
      throw new Failure('state_disk_full', `Writing state to ${this.dir} wants ${mebibytes(needed)} free on the disk, there are ${mebibytes(free)}.`);
    }
  }

  #break(error: unknown): Error {
    // A write that a full disk cut short LMDB calls an input/output error.
    const isFull = (error as { code?: unknown } | null)?.code === inputOutputError && freeBytesOf(this.dir) < reserve;
    this.#broken = lmdbFailure(isFull ? Object.assign(error as Error, { code: 'ENOSPC' }) : error, this.dir);
    return this.#broken;
  }
}

function mebibytes(bytes: number): string {
  return `${Math.floor(bytes / 1_048_576)} MiB`;
}
