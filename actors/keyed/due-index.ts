import type { Store } from '../store.ts';
import { binaryToTime, timeToBinary } from './binary.ts';

/** Keys by a time at which there is something to do for them, in the node's store: what is due is a range from the front. */
export class DueIndex {
  readonly #store: Store;
  readonly #tag: string;

  /** `tag`: the letter in front of its entries. */
  constructor(store: Store, tag = 'i') {
    this.#store = store;
    this.#tag = tag;
  }

  put(time: number, key: string): void {
    this.#store.put(this.#tag + timeToBinary(time) + key, 1);
  }

  delete(time: number, key: string): void {
    this.#store.delete(this.#tag + timeToBinary(time) + key);
  }

  /** Entries up to a time, that one included. The one just read may be deleted, others may be put behind it. */
  *upTo(time: number): Iterable<{ readonly time: number; readonly key: string }> {
    if (time === -Infinity) return;
    for (const [place] of this.#store.range(this.#tag, this.#tag + timeToBinary(time + 1))) yield { time: binaryToTime(place, 1), key: place.slice(9) };
  }

  /** The first time up to another; Infinity for none. */
  first(upTo: number): number {
    for (const { time } of this.upTo(upTo)) return time;
    return Infinity;
  }
}
