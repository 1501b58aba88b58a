import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { diskKey } from './entry-codec.ts';
import type { EncodedEntry } from './entry-codec.ts';
import { mergeRuns, readRun, writeRun } from './run-file.ts';
import type { RunEntry } from './run-file.ts';

/** Entries, and bytes, that are gathered in memory before they become a run; sorting and writing them keeps the daemon's thread for 40 ms. */
const runEntries = 32 * 1024;
const runBytes = 8 * 1024 * 1024;

/**
 * Loads a store that is empty, or as good as. A changelog has its keys in no order, and putting them into a large tree one by one copies a page for each.
 * So they are gathered, sorted into runs in files of their own, and the runs are merged into the tree from left to right.
 */
export class BulkLoad {
  readonly #dir: string;
  readonly #name: string;
  readonly #gathered = new Map<string, Buffer | null>();
  readonly #flush: boolean;
  #bytes = 0;
  #runs: number;

  /** `runs`: how many there are already, from before a restart. `flush`: each is flushed before it counts. */
  constructor(dir: string, store: string, runs: number, flush: boolean) {
    this.#dir = dir;
    this.#flush = flush;
    this.#name = encodeURIComponent(store);
    this.#runs = runs;
  }

  get runs(): number {
    return this.#runs;
  }

  get isFull(): boolean {
    return this.#gathered.size >= runEntries || this.#bytes >= runBytes;
  }

  get isGathering(): boolean {
    return this.#gathered.size > 0;
  }

  /** Bytes that are in memory alone. */
  get bytes(): number {
    return this.#bytes;
  }

  add({ key, value }: EncodedEntry): void {
    this.#gathered.set(diskKey(key).toString('latin1'), value);
    this.#bytes += key.length + (value?.length ?? 0);
  }

  /** What is gathered becomes a run on disk. Whoever counts the runs does so only after it. */
  spill(): void {
    writeRun(this.#file(this.#runs), this.#sorted(), this.#flush);
    this.#runs++;
    this.#gathered.clear();
    this.#bytes = 0;
  }

  /** Everything, in the order of the tree. */
  merge(): Generator<RunEntry> {
    const files = Array.from({ length: this.#runs }, (_, run) => readRun(this.#file(run)));
    return mergeRuns([...files, this.#sorted()]);
  }

  /** The files go. */
  clear(): void {
    for (let run = 0; run < this.#runs; run++) rmSync(this.#file(run), { force: true });
  }

  #sorted(): RunEntry[] {
    // Sorted as strings: fast, and as their bytes.
    return [...this.#gathered.keys()].sort().map((key) => [key, this.#gathered.get(key) as Buffer | null]);
  }

  #file(run: number): string {
    return join(this.#dir, `restore-${this.#name}-${run}.run`);
  }
}
