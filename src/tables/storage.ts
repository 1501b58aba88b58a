import { join } from 'node:path';
import type { StoreValue } from '../../actors/store.ts';
import { isWhole } from './data-file.ts';
import type { TableFolder } from './folder.ts';
import { Generation } from './generation.ts';
import { DamagedRow } from './row.ts';

/** The states of a table on disk: the one that is looked up in, and one that is being made. */
export class TableStorage {
  readonly #folder: TableFolder;
  /** What rows may be used again for; null where they may not. */
  readonly #holds: string | null;
  #current: Generation | null = null;
  #next: Generation | null = null;
  #damaged = false;
  /** Generations that are going away. */
  readonly #leaving = new Set<Promise<void>>();

  constructor(folder: TableFolder, holds: string | null) {
    this.#folder = folder;
    this.#holds = holds;
    // What a run left that was killed would be added to.
    if (holds === null) folder.reuse(null);
  }

  /** What is looked up in; null before the first one. */
  get current(): Generation | null {
    return this.#current;
  }

  /** What is being made; null for nothing. */
  get next(): Generation | null {
    return this.#next;
  }

  /** Whether what is looked up in turned out to be damaged: it has to be made anew. */
  get isDamaged(): boolean {
    return this.#damaged || this.#current?.broken === true;
  }

  /** Goes on with what an earlier run left; null where there is nothing that could be used. */
  resume(): Generation | null {
    const dir = this.#folder.reuse(this.#holds);
    if (dir === null || !isWhole(join(dir, 'data.mdb'))) return null;
    try {
      this.#next = new Generation(dir);
      return this.#next;
    } catch {
      // Whatever it is, it is read anew.
      return null;
    }
  }

  /** Begins a new, empty one; what was being made goes. */
  begin(): Generation {
    this.discard();
    this.#next = new Generation(this.#folder.next(this.#holds));
    return this.#next;
  }

  /** What was made is what is looked up in from now on, all at once. */
  publish(): void {
    if (this.#next === null) return;
    const old = this.#current;
    this.#current = this.#next;
    this.#next = null;
    this.#damaged = false;
    if (old !== null) this.#remove(old);
  }

  /** What was being made goes. */
  discard(): void {
    const next = this.#next;
    this.#next = null;
    if (next !== null) this.#remove(next);
  }

  /** Throws `DamagedRow`. */
  get(key: string): StoreValue | undefined {
    if (this.#current === null) throw new Error('the table was not read yet');
    try {
      return this.#current.get(key);
    } catch (error) {
      if (error instanceof DamagedRow) this.#damaged = true;
      throw error;
    }
  }

  async close(): Promise<void> {
    const open = [this.#current, this.#next].filter((each) => each !== null);
    this.#next = null;
    await Promise.all([...this.#leaving, ...open.map((each) => each.close())]);
    if (this.isDamaged) this.#folder.forget();
    else this.#folder.closed();
  }

  #remove(generation: Generation): void {
    const gone = generation.remove().catch(() => undefined).finally(() => this.#leaving.delete(gone));
    this.#leaving.add(gone);
  }
}
