import { Failure } from '../../actors/failure.ts';
import { filterKey, matches, parseFilterKey } from './filter.ts';
import type { LetterFilter } from './filter.ts';
import type { Letter } from './letter.ts';

/** Largest metadata that brokers take beside an offset by default (`offset.metadata.max.bytes`). */
const maxBytes = 4096;

/**
 * What of a partition was driven again: all below an offset, and for each filter that was used all that meets it below another one. Letters never change and a filter gives the
 * same of a letter always, so this says of every letter whether it was, in a few bytes: it is the offset that is committed, and the metadata beside it.
 */
export class Redriven {
  #base: number;
  readonly #filters = new Map<string, { readonly filter: LetterFilter; below: number }>();

  private constructor(base: number) {
    this.#base = base;
  }

  /** As it was committed; nothing where nothing was. Throws `foreign_commit` where another program committed. */
  static from(committed: { readonly offset: number; readonly metadata: string } | null, group: string): Redriven {
    const redriven = new Redriven(committed?.offset ?? 0);
    if (committed === null) return redriven;
    for (const [key, below] of entriesOf(committed.metadata, group)) {
      const filter = parseFilterKey(key);
      if (filter !== null) redriven.#filters.set(key, { filter, below });
    }
    return redriven;
  }

  get base(): number {
    return this.#base;
  }

  /** Where to read on for a filter: all before is done. */
  from(filter: LetterFilter): number {
    return Math.max(this.#base, this.#filters.get(filterKey(filter))?.below ?? 0);
  }

  has(letter: Pick<Letter, 'offset' | 'code' | 'node' | 'time' | 'tries'>): boolean {
    if (letter.offset < this.#base) return true;
    for (const { filter, below } of this.#filters.values()) if (letter.offset < below && matches(letter, filter)) return true;
    return false;
  }

  /** All that meets the filter below this offset is done. */
  note(filter: LetterFilter, below: number): void {
    const key = filterKey(filter);
    if (key === '') this.#base = Math.max(this.#base, below);
    else this.#filters.set(key, { filter, below: Math.max(below, this.#filters.get(key)?.below ?? 0) });
    for (const [known, { below: until }] of this.#filters) if (until <= this.#base) this.#filters.delete(known);
  }

  /** What is committed beside `base`. Throws where too many filters were used for what brokers take. */
  get metadata(): string {
    const text = JSON.stringify({ 'millrace-redrive': 1, f: [...this.#filters].map(([key, { below }]) => [key, below]) });
    if (Buffer.byteLength(text) <= maxBytes) return text;
    throw new Failure('config_invalid', `${this.#filters.size} different filters were used since all was driven again; what is noted of them would be over the ${maxBytes} bytes that brokers take. Use fewer, or none: then all of it is driven again that was not.`);
  }
}

function entriesOf(metadata: string, group: string): (readonly [string, number])[] {
  const foreign = new Failure('foreign_commit', `Another program committed offsets in group ${group}, in which it is noted what was driven again.`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(metadata);
  } catch {
    throw foreign;
  }
  const { 'millrace-redrive': mark, f } = (parsed ?? {}) as Record<string, unknown>;
  if (mark !== 1 || !Array.isArray(f)) throw foreign;
  return f.filter((entry): entry is [string, number] => Array.isArray(entry) && typeof entry[0] === 'string' && typeof entry[1] === 'number');
}
