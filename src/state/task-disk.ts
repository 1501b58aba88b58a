import type { StateIdentity, StoreSize } from '../../actors/store.ts';
import { diskKey } from './entry-codec.ts';
import { Environment } from './environment.ts';
import type { FreeBytes, Table } from './environment.ts';
import { Failure } from '../../actors/failure.ts';
import { isDamage, lmdbFailure } from './lmdb-errors.ts';
import { checkIdentity, mergeIdentity } from './identity.ts';
import { noProgress, putIdentity, putProgress, readIdentity, readProgress } from './meta.ts';
import type { Progress } from './meta.ts';
import { changeBytes, decodeChunk, encodeChunks } from './prepared-codec.ts';
import type { PreparedChange } from './prepared-codec.ts';
import type { RunEntry } from './run-file.ts';
import type { TaskFolder } from './task-folder.ts';

/** The databases that are not stores. */
export const metaName = '_meta';
/** The changes of a prepared epoch, in chunks. */
export const preparedName = '_prepared';

/** What code passes. */
export interface DiskSettings {
  readonly freeBytes: FreeBytes;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Of the machine; '' where it does not say. */
  readonly bootId: string;
}

/** For keys that come in order; the types want a version in its place. */
const appended = { append: true } as unknown as number;

/** The first and the last of all keys on disk. */
const lowest = Buffer.of(0);
const highest = Buffer.alloc(1978, 0xff);

/** What an entry costs on disk beside its bytes, about. */
const entryOverhead = 64;

/** What LMDB says of a database. */
interface TableStats {
  readonly entryCount: number;
  readonly pageSize: number;
  readonly treeBranchPageCount: number;
  readonly treeLeafPageCount: number;
  readonly overflowPages: number;
}

/** What a task has on disk: its stores, its progress, a prepared epoch. Every method that writes is one transaction. */
export class TaskDisk {
  readonly folder: TaskFolder;
  readonly #identity: StateIdentity;
  readonly #settings: DiskSettings;
  readonly #tables = new Map<string, Table>();
  #environment: Environment;
  #meta: Table;
  #chunks: Table;
  #chunkCount: number;
  #progress: Progress;
  /** Whether `opens` counts this one still. */
  #isCounted = true;

  /** Throws `state_corrupt` where what is there is damaged or not this task's, `state_incompatible`, `state_disk_full`. */
  constructor(folder: TaskFolder, identity: StateIdentity, settings: DiskSettings) {
    this.folder = folder;
    this.#identity = identity;
    this.#settings = settings;
    this.#environment = this.#openEnvironment();
    try {
      [this.#meta, this.#chunks] = this.#openTables();
      this.#progress = readProgress(this.#meta);
      this.#chunkCount = [...this.#chunks.getKeys()].length;
    } catch (error) {
      this.#environment.close();
      throw error;
    }
  }

  get progress(): Progress {
    return this.#progress;
  }

  table(store: string): Table {
    const table = this.#tables.get(store);
    if (table === undefined) throw new Error(`the task has no store ${store}`);
    return table;
  }

  get stores(): Iterable<string> {
    return this.#identity.stores.keys();
  }

  isEmpty(store: string): boolean {
    return this.lastKey(store) === null;
  }

  /** The last key on disk; null where the store is empty. */
  lastKey(store: string): string | null {
    const table = this.table(store);
    for (const key of table.getKeys({ reverse: true, start: highest, limit: 1 })) return key.toString('latin1');
    // Backwards LMDB stops above the lowest key that there can be.
    return table.doesExist(lowest) ? lowest.toString('latin1') : null;
  }

  /** Throws `state_disk_full` where so many bytes cannot be written. */
  checkSpace(bytes: number): void {
    this.#environment.checkSpace(bytes);
  }

  /** Entries in the order of their keys on disk, by those; behind `last` there is nothing yet. */
  load(store: string, entries: readonly RunEntry[], last: string | null): void {
    const table = this.table(store);
    let bytes = 0;
    for (const [key, value] of entries) bytes += key.length + (value?.length ?? 0) + entryOverhead;
    this.#guard(() => {
      this.#environment.write(bytes, () => {
        for (const [key, value] of entries) {
          const isNew = last === null || key > last;
          const place = Buffer.from(key, 'latin1');
          if (value === null) {
            if (!isNew) void table.remove(place);
          } else if (isNew) {
            void table.put(place, value, appended);
          } else {
            void table.put(place, value);
          }
        }
      });
    });
    this.#count();
  }

  /** Changes of stores, and how far they bring the state. */
  write(changes: readonly PreparedChange[], progress: Progress): void {
    this.#write(sizeOf(changes), progress, () => { this.#putChanges(changes); });
  }

  /** What an earlier epoch changed, and what waits to be applied. */
  prepare(late: readonly PreparedChange[], changes: readonly PreparedChange[], progress: Progress): void {
    this.#write(sizeOf(late) + sizeOf(changes), progress, () => {
      this.#putChanges(late);
      this.#putChunks(changes);
    });
  }

  applyPrepared(progress: Progress): void {
    const changes = this.#guard(() => [...this.#chunks.getRange()].flatMap(({ value }) => decodeChunk(value)));
    // A store that the plan does not name any more keeps what belongs to it.
    for (const { store } of changes) if (!this.#tables.has(store)) this.#openTable(store);
    this.write(changes, progress);
  }

  get size(): { readonly entries: number; readonly bytes: number } {
    let entries = 0;
    for (const name of this.#identity.stores.keys()) entries += (this.table(name).getStats() as TableStats).entryCount;
    return { entries, bytes: this.#environment.bytes };
  }

  get sizes(): readonly StoreSize[] {
    return [...this.#identity.stores.keys()].map((store) => {
      const { entryCount, pageSize, treeBranchPageCount, treeLeafPageCount, overflowPages } = this.table(store).getStats() as TableStats;
      return { store, entries: entryCount, bytes: (treeBranchPageCount + treeLeafPageCount + overflowPages) * pageSize };
    });
  }

  /** Begins empty. LMDB can crash when a database is cleared, so the files go. Returns where they are now, with `aside`. */
  recreate(aside: boolean): string | null {
    this.#environment.close();
    const path = aside ? this.folder.putAside(this.#settings.now()) : null;
    if (!aside) this.folder.remove();
    this.folder.make();
    this.#tables.clear();
    this.#environment = this.#openEnvironment();
    [this.#meta, this.#chunks] = this.#openTables();
    this.#chunkCount = 0;
    this.#progress = noProgress;
    return path;
  }

  /** Flushes what is written so far, outside of this thread, so that `close` has little to flush. */
  async flushAhead(): Promise<void> {
    if (this.folder.isUnflushed) await this.folder.flushAhead();
  }

  /** `clean`: everything is written. */
  close(clean: boolean): void {
    if (clean) this.#count();
    this.#environment.close();
    this.#flush();
  }

  /** With `durability: process` nothing is flushed: the page cache survives a kill, and after another start of the machine the state is not used. */
  #openEnvironment(): Environment {
    const { freeBytes, bootId } = this.#settings;
    const { durability, stores } = this.#identity;
    const flush = durability === 'power' ? 'all' : bootId === '' ? 'data' : 'none';
    if (flush === 'none') this.folder.markUnflushed(bootId);
    else this.#flush();
    return new Environment(this.folder.path, { flush, databases: stores.size, freeBytes });
  }

  #flush(): void {
    try {
      if (this.folder.isUnflushed) this.folder.flush();
    } catch {
      // The mark stays, and is right.
    }
  }

  #openTables(): [meta: Table, chunks: Table] {
    const names = this.#environment.names();
    const meta = this.#environment.table(metaName);
    const found = readIdentity(meta);
    if (found !== null) checkIdentity(found, this.#identity);
    else if (names.some((name) => name !== metaName && name !== preparedName)) throw new Failure('state_corrupt', `The databases ${names.join(', ')} are not those of a task.`);
    const identity = mergeIdentity(found, this.#identity);
    if (JSON.stringify(identity) !== JSON.stringify(found)) {
      this.#environment.write(0, () => { putIdentity(meta, identity); });
      this.folder.writeStores(identity);
    }
    for (const name of this.#identity.stores.keys()) this.#openTable(name);
    return [meta, this.#environment.table(preparedName)];
  }

  #openTable(store: string): void {
    this.#tables.set(store, this.#environment.table(store));
  }

  #write(bytes: number, progress: Progress, change: () => void): void {
    this.#guard(() => {
      this.#environment.write(bytes, () => {
        change();
        putProgress(this.#meta, progress);
      });
    });
    this.#progress = progress;
    this.#count();
  }

  /** Damage that is found is remembered: the next one to open it puts it aside. */
  #guard<T>(access: () => T): T {
    try {
      return access();
    } catch (error) {
      const failure = lmdbFailure(error, this.folder.path);
      if (isDamage(failure)) this.folder.markCorrupt(failure.message);
      throw failure;
    }
  }

  /** Something came of opening it. */
  #count(): void {
    if (this.#isCounted) this.folder.opens = 0;
    this.#isCounted = false;
  }

  #putChanges(changes: readonly PreparedChange[]): void {
    for (const { store, entry: { key, value } } of changes) {
      const table = this.table(store);
      if (value === null) void table.remove(diskKey(key));
      else void table.put(diskKey(key), value);
    }
  }

  /** In place of those of the epoch before. */
  #putChunks(changes: readonly PreparedChange[]): void {
    let count = 0;
    for (const chunk of encodeChunks(changes)) void this.#chunks.put(chunkKey(count++), chunk);
    for (let index = count; index < this.#chunkCount; index++) void this.#chunks.remove(chunkKey(index));
    this.#chunkCount = count;
  }
}

function chunkKey(index: number): Buffer {
  const key = Buffer.allocUnsafe(4);
  key.writeUInt32BE(index);
  return key;
}

function sizeOf(changes: readonly PreparedChange[]): number {
  let bytes = 0;
  for (const change of changes) bytes += changeBytes(change) + entryOverhead;
  return bytes;
}
