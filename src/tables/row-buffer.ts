import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Generation } from './generation.ts';
import type { Row } from './row.ts';

/** Rows of one transaction: about five milliseconds. */
export const sliceRows = 2000;

/** Keys that are sorted in one go: about five milliseconds. */
const sortedAtOnce = 12_500;

/** Bounds of a buffer, in rows and in bytes of keys and values. */
const most = { rows: 50_000, bytes: 16 * 1024 * 1024 };

/**
 * Changes of rows on their way to disk. LMDB copies a page for each row that is put into a large tree at random; sorted, several rows share it.
 */
export class RowBuffer {
  #rows = new Map<string, string | null>();
  #bytes = 0;

  /** A later row takes the place of an earlier one. */
  add({ key, json }: Row): void {
    this.#rows.set(key, json);
    this.#bytes += key.length + (json?.length ?? 0);
  }

  get isFull(): boolean {
    return this.#rows.size >= most.rows || this.#bytes >= most.bytes;
  }

  /** Writes all of it, in slices between which others have their turn; the notes come with the last. Few rows are one transaction. */
  async flush(generation: Generation, notes: ReadonlyMap<string, unknown>, signal: AbortSignal): Promise<void> {
    const rows = this.#rows;
    this.#rows = new Map();
    this.#bytes = 0;
    const pieces = await sortedPieces([...rows.keys()]);
    let slice: Row[] = [];
    for (const key of merged(pieces)) {
      slice.push({ key, json: rows.get(key) as string | null });
      if (slice.length < sliceRows) continue;
      signal.throwIfAborted();
      generation.write(slice, nothing);
      slice = [];
      await nextTurn();
    }
    signal.throwIfAborted();
    if (slice.length > 0 || notes.size > 0) generation.write(slice, notes);
  }
}

const nothing: ReadonlyMap<string, unknown> = new Map();

async function sortedPieces(keys: readonly string[]): Promise<string[][]> {
  const pieces: string[][] = [];
  for (let from = 0; from < keys.length; from += sortedAtOnce) {
    if (from > 0) await nextTurn();
    pieces.push(keys.slice(from, from + sortedAtOnce).sort());
  }
  return pieces;
}

/** All keys in the order of their bytes. */
function* merged(sorted: readonly string[][]): Generator<string> {
  const pieces = sorted.map((keys) => ({ keys, at: 0 }));
  for (;;) {
    let least: (typeof pieces)[number] | null = null;
    let key = '';
    for (const piece of pieces) {
      const head = piece.keys[piece.at];
      if (head !== undefined && (least === null || head < key)) [least, key] = [piece, head];
    }
    if (least === null) return;
    least.at += 1;
    yield key;
  }
}
