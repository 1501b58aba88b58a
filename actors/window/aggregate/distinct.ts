import type { StoreValue } from '../../store.ts';
import type { Aggregate } from './aggregate.ts';
import { checkAny } from './aggregate.ts';
import { hashOf } from './hash.ts';
import { addHash, addSketch, emptySketch, estimate, sketchToText, textToSketch } from './sketch.ts';

/** Up to so many distinct values are counted exactly (by hashes of 53 bits). */
const exact = 1000;

/** Hashes while they are few, then a sketch. Which of them depends on the set of values alone. */
type Seen = Set<number> | Uint8Array;

/** Number of distinct values: exact up to 1,000, beyond that by a sketch. */
export const distinctCount: Aggregate<Seen> = {
  check: checkAny,
  create: () => new Set<number>(),
  add(state, value) {
    const hash = hashOf(value);
    if (state instanceof Uint8Array) {
      addHash(state, hash);
      return state;
    }
    state.add(hash);
    return state.size > exact ? toSketch(state) : state;
  },
  pack: packSeen,
  merge(first, second) {
    if (typeof first !== 'string' && typeof second !== 'string') {
      const both = new Set([...(first as number[]), ...(second as number[])]);
      return packSeen(both.size > exact ? toSketch(both) : both);
    }
    const sketch = sketchOf(first);
    addSketch(sketch, sketchOf(second));
    return packSeen(sketch);
  },
  result: (state) => (typeof state === 'string' ? estimate(textToSketch(state)) : (state as number[]).length)
};

/** In order, so that the same values have the same form. */
function packSeen(state: Seen): StoreValue {
  return state instanceof Uint8Array ? sketchToText(state) : [...state].sort((a, b) => a - b);
}

function toSketch(hashes: Iterable<number>): Uint8Array {
  const sketch = emptySketch();
  for (const hash of hashes) addHash(sketch, hash);
  return sketch;
}

function sketchOf(packed: StoreValue): Uint8Array {
  return typeof packed === 'string' ? textToSketch(packed) : toSketch(packed as number[]);
}
