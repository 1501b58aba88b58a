import type { StoreValue } from '../../store.ts';

/** Bits of a hash: as many as a number holds exactly. */
export const hashBits = 53;

/** The hash of a value that JSON has: of its canonical text, which is the same for the same value however its fields are ordered. */
export function hashOf(value: StoreValue): number {
  const text = canonical(value);
  const low = murmur3(text, 0x9747b28c);
  const high = murmur3(text, 0x3c6ef372);
  return (high >>> 11) * 2 ** 32 + low;
}

function canonical(value: StoreValue): string {
  if (Array.isArray(value)) return `[${(value as readonly StoreValue[]).map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`).join()}}`;
}

/** MurmurHash3 (Austin Appleby, 32 bits) with one block for each UTF-16 unit. */
function murmur3(text: string, seed: number): number {
  let h = seed;
  for (let i = 0; i < text.length; i++) {
    let k = Math.imul(text.charCodeAt(i), 0xcc9e2d51);
    k = (k << 15) | (k >>> 17);
    h ^= Math.imul(k, 0x1b873593);
    h = (h << 13) | (h >>> 19);
    h = (Math.imul(h, 5) + 0xe6546b64) | 0;
  }
  h ^= text.length;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
