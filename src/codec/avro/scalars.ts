const wholePattern = /^-?\d{1,19}$/;
const base64Pattern = /^[A-Za-z0-9+/]*={0,2}$/;
const minLong = -(2n ** 63n);
const maxLong = 2n ** 63n - 1n;
const minBigSafe = BigInt(Number.MIN_SAFE_INTEGER);
const maxBigSafe = BigInt(Number.MAX_SAFE_INTEGER);

/** An int from a number, a big integer or its digits; null where it is none. */
export function toInt(value: unknown): number | null {
  if (typeof value === 'number') return value === (value | 0) ? value : null;
  const long = toLong(value);
  return typeof long === 'number' && long === (long | 0) ? long : null;
}

/** A long from a safe integer, a big integer or its digits; null where it is none: a number beyond 2^53 - 1 may be rounded already. */
export function toLong(value: unknown): number | bigint | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : null;
  const wide = typeof value === 'bigint' ? value : typeof value === 'string' && wholePattern.test(value) ? BigInt(value) : null;
  if (wide === null || wide < minLong || wide > maxLong) return null;
  return wide >= minBigSafe && wide <= maxBigSafe ? Number(wide) : wide;
}

/** A number that a float has, rounded to its 24 bits; null where it would become infinite, or is none. */
export function toFloat(value: unknown): number | null {
  const number = typeof value === 'bigint' && BigInt(Number(value)) === value ? Number(value) : value;
  if (typeof number !== 'number') return null;
  return Number.isFinite(number) && !Number.isFinite(Math.fround(number)) ? null : number;
}

/** Bytes, as they are or from base64; null where the value is neither. */
export function toBytes(value: unknown): Uint8Array | null {
  if (value instanceof Uint8Array) return value;
  if (typeof value !== 'string' || value.length % 4 !== 0 || !base64Pattern.test(value)) return null;
  return Buffer.from(value, 'base64');
}
