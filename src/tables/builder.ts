import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { mergeRuns, readRun, writeRun } from '../state/run-file.ts';
import type { RunEntry } from '../state/run-file.ts';
import type { Generation } from './generation.ts';
import { sliceRows } from './row-buffer.ts';
import type { Row } from './row.ts';

/** Rows, and bytes of keys and values, that are gathered in memory before they become a run: sorting them takes some five milliseconds, writing them ten. */
const most = { rows: 12_500, bytes: 4 * 1024 * 1024 };

/** A key that is there twice, in a source where each should be there once. */
export class DuplicateKey extends Error {
  readonly key: string;

  constructor(key: string) {
    super('duplicate key');
    this.key = key;
  }
}

/**
 * Fills an empty generation. LMDB copies a page for each row that is put into a large tree at random, and leaves pages a third empty; so rows are sorted into runs in
 * files of their own, which are merged into the tree from left to right.
 */
export class Builder {
  readonly #generation: Generation;
  readonly #unique: boolean;
  #rows = new Map<string, string | null>();
  #bytes = 0;
  #runs = 0;

  /** `unique`: each key may be there once; else its last row counts. */
  constructor(generation: Generation, unique: boolean) {
    this.#generation = generation;
    this.#unique = unique;
  }

  /** False where the key is here already and should not be. In runs that are written it is found only by `finish`. */
  add({ key, json }: Row): boolean {
    if (this.#unique && this.#rows.has(key)) return false;
    this.#rows.set(key, json);
    this.#bytes += key.length + (json?.length ?? 0);
    this.#generation.gathered += 1;
    return true;
  }

  get isFull(): boolean {
    return this.#rows.size >= most.rows || this.#bytes >= most.bytes;
  }

  /** What is in memory becomes a run. */
  async spill(): Promise<void> {
    const rows = this.#rows;
    this.#rows = new Map();
    this.#bytes = 0;
    const keys = [...rows.keys()].sort();
    await nextTurn();
    writeRun(this.#file(this.#runs++), entries(keys, rows), false);
    await nextTurn();
  }

  /** Writes all of it, in slices between which others have their turn; the notes come with the last. Throws `DuplicateKey`. */
  async finish(notes: ReadonlyMap<string, unknown>, signal: AbortSignal): Promise<void> {
    const generation = this.#generation;
    try {
      let slice: Row[] = [];
      const runs = Array.from({ length: this.#runs }, (_, run) => readRun(this.#file(run)));
      for (const [key, value] of mergeRuns([...runs, entries([...this.#rows.keys()].sort(), this.#rows)], (twice) => { this.#refuse(twice); })) {
        if (value === null) continue;
        slice.push({ key, json: value.toString('latin1') });
        if (slice.length < sliceRows) continue;
        signal.throwIfAborted();
        generation.write(slice, nothing, 'append');
        slice = [];
        await nextTurn();
      }
      generation.write(slice, notes, 'append');
      generation.gathered = 0;
      for (let run = 0; run < this.#runs; run++) rmSync(this.#file(run), { force: true });
    } catch (error) {
      // Half filled it cannot be filled again.
      generation.broken = true;
      throw error;
    }
  }

  #refuse(key: string): void {
    if (this.#unique) throw new DuplicateKey(key);
  }

  #file(run: number): string {
    return join(this.#generation.dir, `${run}.run`);
  }
}

const nothing: ReadonlyMap<string, unknown> = new Map();

function* entries(keys: readonly string[], rows: ReadonlyMap<string, string | null>): Generator<RunEntry> {
  for (const key of keys) {
    const json = rows.get(key) as string | null;
    yield [key, json === null ? null : Buffer.from(json, 'latin1')];
  }
}
