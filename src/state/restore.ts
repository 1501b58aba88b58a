import { BulkLoad } from './bulk-load.ts';
import { entryOfJson } from './entry-codec.ts';
import type { Progress } from './meta.ts';
import type { RunEntry } from './run-file.ts';
import type { TaskDisk } from './task-disk.ts';

/** An entry as a changelog has it. */
export interface ChangelogEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
}

/** Entries of a merge that are one transaction: some ten milliseconds. */
const stepEntries = 8192;

/** A store's runs on their way into its tree. */
interface Merge {
  readonly store: string;
  readonly load: BulkLoad;
  readonly entries: Iterator<RunEntry>;
  /** Up to here the tree has keys already; behind it they are appended. */
  readonly last: string | null;
}

/** A task's stores being restored. A store that is empty is loaded in bulk, one that has entries takes the difference directly. */
export class Restore {
  readonly #disk: TaskDisk;
  readonly #now: () => number;
  readonly #loads = new Map<string, BulkLoad>();
  /** Of what is in memory too; on disk they follow with each run. */
  readonly #positions: Record<string, number>;
  #merge: Merge | null = null;

  /** From now on nothing is applied. */
  constructor(disk: TaskDisk, now: () => number) {
    this.#disk = disk;
    this.#now = now;
    this.#positions = { ...disk.progress.positions };
    for (const store of disk.stores) {
      const runs = disk.progress.runs?.[store] ?? 0;
      if (runs > 0 || disk.isEmpty(store)) this.#loads.set(store, new BulkLoad(disk.folder.path, store, runs, !disk.folder.isUnflushed));
    }
    this.#write({});
  }

  position(store: string): number | null {
    return this.#positions[store] ?? null;
  }

  add(store: string, entries: readonly ChangelogEntry[], position: number): void {
    // What comes after the merge began goes into the tree after it.
    while (this.#merge?.store === store) this.step();
    const load = this.#loads.get(store);
    this.#positions[store] = position;
    if (load === undefined) {
      const changes = entries.map(({ key, value }) => ({ store, entry: entryOfJson(key, value) }));
      this.#disk.write(changes, this.#progress({ positions: { ...this.#disk.progress.positions, [store]: position } }));
      return;
    }
    for (const { key, value } of entries) load.add(entryOfJson(key, value));
    if (load.isFull) this.#spill(store, load);
  }

  /** A part of what is left to do; false when nothing is left. */
  step(): boolean {
    this.#merge ??= this.#nextMerge();
    if (this.#merge === null) return false;
    const { store, load, entries, last } = this.#merge;
    const part: RunEntry[] = [];
    while (part.length < stepEntries) {
      const next = entries.next();
      if (next.done === true) break;
      part.push(next.value);
    }
    this.#disk.load(store, part, last);
    if (part.length === stepEntries) return true;
    // The tree has it all: what is on disk says so before the files go.
    const { [store]: _, ...runs } = this.#disk.progress.runs ?? {};
    this.#write({ runs, positions: { ...this.#disk.progress.positions, [store]: this.#positions[store] ?? 0 } });
    load.clear();
    this.#loads.delete(store);
    this.#merge = null;
    return true;
  }

  /** What is gathered is kept for the one who goes on. */
  close(): void {
    for (const [store, load] of this.#loads) if (load.isGathering && this.#merge?.load !== load) this.#spill(store, load);
  }

  #nextMerge(): Merge | null {
    for (const [store, load] of this.#loads) {
      if (load.runs === 0 && !load.isGathering) continue;
      return { store, load, entries: load.merge(), last: this.#disk.lastKey(store) };
    }
    return null;
  }

  #spill(store: string, load: BulkLoad): void {
    this.#disk.checkSpace(load.bytes);
    load.spill();
    const { runs, positions } = this.#disk.progress;
    this.#write({ runs: { ...runs, [store]: load.runs }, positions: { ...positions, [store]: this.#positions[store] ?? 0 } });
  }

  #write(change: Partial<Progress>): void {
    this.#disk.write([], this.#progress(change));
  }

  /** State that is new counts from now; what is there already stays as old as it was, until all is restored. */
  #progress(change: Partial<Progress>): Progress {
    const { progress } = this.#disk;
    return { ...progress, applied: null, prepared: null, writtenAt: progress.writtenAt ?? this.#now(), ...change };
  }
}
