import { hashBits } from './hash.ts';

/*
 * HyperLogLog (Flajolet et al. 2007) over 53-bit hashes, with the estimator of Ertl, "New cardinality estimation algorithms for
 * HyperLogLog sketches" (2017, algorithm 6), which needs no correction tables and has no bias at small counts.
 */

const indexBits = 12;
/** Registers: the standard error is 1.04 / sqrt(4096) = 1.6 %. */
const registers = 2 ** indexBits;
/** Ranks are 1 to so many plus one. */
const rankBits = hashBits - indexBits;

/** Each register is one of these characters, so that a sketch is a text in JSON. */
const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** An empty sketch. */
export function emptySketch(): Uint8Array {
  return new Uint8Array(registers);
}

/** Adds a hash, in place. */
export function addHash(sketch: Uint8Array, hash: number): void {
  const index = hash % registers;
  const rest = Math.floor(hash / registers);
  // Leading zeros among the other bits, plus one.
  const rank = rest === 0 ? rankBits + 1 : rankBits - Math.floor(Math.log2(rest));
  if (rank > (sketch[index] as number)) sketch[index] = rank;
}

/** Takes another sketch in, in place: what both have seen. */
export function addSketch(sketch: Uint8Array, other: Uint8Array): void {
  for (let i = 0; i < registers; i++) sketch[i] = Math.max(sketch[i] as number, other[i] as number);
}

/** A sketch as text. */
export function sketchToText(sketch: Uint8Array): string {
  let text = '';
  for (const rank of sketch) text += digits.charAt(rank);
  return text;
}

/** A sketch from its text. */
export function textToSketch(text: string): Uint8Array {
  return Uint8Array.from(text, (digit) => digits.indexOf(digit));
}

/** How many distinct hashes a sketch has seen, as a whole number. */
export function estimate(sketch: Uint8Array): number {
  const counts = new Array<number>(rankBits + 2).fill(0);
  for (const rank of sketch) counts[rank] = (counts[rank] as number) + 1;
  let z = registers * tau(1 - (counts[rankBits + 1] as number) / registers);
  for (let rank = rankBits; rank >= 1; rank--) z = (z + (counts[rank] as number)) / 2;
  z += registers * sigma((counts[0] as number) / registers);
  return Math.round(registers ** 2 / (2 * Math.LN2 * z));
}

function sigma(x: number): number {
  if (x === 1) return Infinity;
  let [power, y, z] = [x, 1, x];
  for (let before = NaN; z !== before; ) {
    power *= power;
    before = z;
    z += power * y;
    y += y;
  }
  return z;
}

function tau(x: number): number {
  if (x === 0 || x === 1) return 0;
  let [root, y, z] = [x, 1, 1 - x];
  for (let before = NaN; z !== before; ) {
    root = Math.sqrt(root);
    before = z;
    y /= 2;
    z -= (1 - root) ** 2 * y;
  }
  return z / 3;
}
