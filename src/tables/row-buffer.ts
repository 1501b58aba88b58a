import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Generation, WriteMode } from './generation.ts';
import type { Row } from './row.ts';

/** Rows of one transaction: about five milliseconds. */
const sliceRows = 2000;

/** Keys that are sorted in one go: about five milliseconds. */
const sortedAtOnce = 12_500;

/** Bounds of a buffer, in rows and in bytes of keys and values. */
const most = { rows: 50_000, bytes: 16 * 1024 * 1024 };

/**
 * Rows on their way to disk. LMDB copies a page for each row that is put into a large tree at random; sorted, many rows share it: a million users under
 * random keys came in at twice the speed so.
 */
export class RowBuffer {
  readonly #mode: WriteMode;
  #rows = new Map<string, string | null>();
  #bytes = 0;

  constructor(mode: WriteMode) {
    this.#mode = mode;
  }

  /** False where `add` is the mode and the key is here already. A later row takes the place of an earlier one. */
  add({ key, json }: Row): boolean {
    if (this.#mode === 'add' && this.#rows.has(key)) return false;
    this.#rows.set(key, json);
    this.#bytes += key.length + (json?.length ?? 0);
    return true;
  }

  get isEmpty(): boolean {
    return this.#rows.size === 0;
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
      generation.write(slice, nothing, this.#mode);
      slice = [];
      await nextTurn();
    }
    signal.throwIfAborted();
    if (slice.length > 0 || notes.size > 0) generation.write(slice, notes, this.#mode);
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
