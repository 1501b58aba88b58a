import { existsSync, mkdirSync, rmSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { open } from 'lmdb';
import type { Database, RootDatabase } from 'lmdb';
import { Failure } from '../../actors/failure.ts';
import type { StoreValue } from '../../actors/store.ts';
import { RowCache } from './row-cache.ts';
import { decodeRow, diskKey, encodeRow } from './row.ts';
import type { Row } from './row.ts';

type Bytes = Database<Buffer, Buffer> & { readonly lastSize: number };

/** Address space that is set aside: it grows beyond where it must, and then pages of both mappings count as resident. */
const mapSize = 64 * 1024 ** 3;

/** Free bytes that are left alone whatever is written: LMDB may crash where a disk is full to the last byte. */
const reserve = 16 * 1024 * 1024;

/** What a row takes beside its key and value, about. */
const rowOverhead = 32;

/** How rows are written: `put` over what is there; `append` behind all that is there, in the order of their keys. */
export type WriteMode = 'put' | 'append';

/** The types of the package do not know of it. */
const appended = { append: true } as unknown as number;

/**
 * One state of a table, in an LMDB environment of its own: `rows`, and `notes` about where they came from. It is never flushed: rows can be read anew, and
 * are, where the machine started again.
 */
export class Generation {
  readonly dir: string;
  readonly #root: RootDatabase<Buffer, Buffer>;
  readonly #rows: Bytes;
  readonly #notes: Database<Buffer, Buffer>;
  /** Sum of the checksums of the rows that were written: two generations that were only added to and have the same are the same. */
  sum = 0;
  /** Rows that are on their way into it. */
  gathered = 0;
  /** True once a write failed: LMDB begins no other one then. */
  broken = false;
  #open = true;
  /** By keys as they are on disk; what is written is taken out. */
  readonly #cache = new RowCache();

  constructor(dir: string) {
    this.dir = dir;
    mkdirSync(dir, { recursive: true });
    assertSpace(dir, 0);
    this.#root = open<Buffer, Buffer>({ path: dir, noSubdir: false, maxDbs: 2, encoding: 'binary', keyEncoding: 'binary', overlappingSync: false, noSync: true, mapSize });
    this.#rows = this.#database('rows') as Bytes;
    this.#notes = this.#database('notes');
  }

  /** The row under a key. Throws `DamagedRow`. */
  get(key: string): StoreValue | undefined {
    const place = diskKey(key);
    const cached = this.#cache.get(place);
    if (cached !== undefined) return JSON.parse(cached) as StoreValue;
    const found = this.#rows.getBinaryFast(Buffer.from(place, 'latin1'));
    if (found === undefined) return undefined;
    // The buffer is LMDB's own and longer than the value, until the next read; a large value comes as a view of its memory, whatever the types say.
    const isBuffer: boolean = Buffer.isBuffer(found);
    const json = decodeRow(isBuffer ? found : Buffer.from(found.buffer, found.byteOffset, found.byteLength), this.#rows.lastSize);
    this.#cache.put(place, json);
    return JSON.parse(json) as StoreValue;
  }

  /** What was noted under a name; undefined for nothing. */
  note(name: string): unknown {
    const found = this.#notes.get(Buffer.from(name));
    return found === undefined ? undefined : JSON.parse(found.toString());
  }

  /** Rows and notes in one transaction, which is committed when this returns. Throws `state_disk_full`. */
  write(rows: readonly Row[], notes: ReadonlyMap<string, unknown>, mode: WriteMode = 'put'): void {
    assertSpace(this.dir, rows.reduce((sum, { key, json }) => sum + key.length + (json?.length ?? 0) + rowOverhead, 0));
    try {
      this.#root.transactionSync(() => {
        for (const row of rows) this.#put(row, mode);
        if (mode === 'append') this.gathered -= rows.length;
        for (const [name, value] of notes) this.#notes.putSync(Buffer.from(name), Buffer.from(JSON.stringify(value)));
      });
    } catch (error) {
      this.broken = true;
      throw error;
    }
  }

  get rows(): number {
    return this.#open ? (this.#rows.getStats() as { readonly entryCount: number }).entryCount + this.gathered : 0;
  }

  /** On disk. */
  get bytes(): number {
    return statSync(join(this.dir, 'data.mdb'), { throwIfNoEntry: false })?.size ?? 0;
  }

  /** Safe to call twice. */
  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await this.#root.close();
  }

  /** Closes it and takes it off the disk. */
  async remove(): Promise<void> {
    await this.close();
    if (existsSync(this.dir)) rmSync(this.dir, { recursive: true, force: true });
  }

  #put({ key, json }: Row, mode: WriteMode): void {
    this.#cache.delete(key);
    const place = Buffer.from(key, 'latin1');
    if (json === null) {
      this.#rows.removeSync(place);
      return;
    }
    const { bytes, checksum } = encodeRow(json);
    this.sum += checksum;
    if (mode === 'put') this.#rows.putSync(place, bytes);
    else this.#rows.putSync(place, bytes, appended);
  }

  #database(name: string): Database<Buffer, Buffer> {
    return this.#root.openDB<Buffer, Buffer>({ name, encoding: 'binary', keyEncoding: 'binary' });
  }
}

function assertSpace(dir: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(dir);
  const needed = Math.max(reserve, 4 * bytes);
  if (bavail * bsize >= needed) return;
  throw new Failure('state_disk_full', `Writing a table to ${dir} wants ${Math.floor(needed / 1_048_576)} MiB free on the disk, there are ${Math.floor((bavail * bsize) / 1_048_576)} MiB.`);
}
