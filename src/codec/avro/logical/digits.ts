/** A decimal number: `unscaled` / 10^`scale`. */
export interface Digits {
  readonly unscaled: bigint;
  readonly scale: number;
}

/** Digits that are taken before and after the point: what is beyond is nobody's amount, and costs. */
export const maxDigits = 10_000;

const pattern = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,5}))?$/;

/** The number that a text, a number (its shortest text) or a big integer stands for; null where it is none. */
export function parseDigits(value: unknown): Digits | null {
  if (typeof value === 'bigint') return { unscaled: value, scale: 0 };
  if (typeof value === 'number') return Number.isFinite(value) ? parseDigits(String(value)) : null;
  if (typeof value !== 'string' || value.length > maxDigits) return null;
  const match = pattern.exec(value);
  if (match === null) return null;
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  const digits = whole + fraction;
  if (digits === '') return null;
  const unscaled = BigInt(digits);
  return shifted({ unscaled: sign === '-' ? -unscaled : unscaled, scale: fraction.length }, Number(exponent));
}

function shifted({ unscaled, scale }: Digits, exponent: number): Digits | null {
  const moved = scale - exponent;
  if (Math.abs(moved) > maxDigits) return null;
  return moved >= 0 ? { unscaled, scale: moved } : { unscaled: unscaled * 10n ** BigInt(-moved), scale: 0 };
}

/** The same number with another scale; null where that would lose digits. */
export function rescaled({ unscaled, scale }: Digits, to: number): bigint | null {
  if (to >= scale) return unscaled * 10n ** BigInt(to - scale);
  const factor = 10n ** BigInt(scale - to);
  return unscaled % factor === 0n ? unscaled / factor : null;
}

/** The digits with their point. */
export function digitsText(unscaled: bigint | number, scale: number): string {
  const text = String(unscaled);
  if (scale === 0) return text;
  const sign = text.startsWith('-') ? '-' : '';
  const digits = text.slice(sign.length).padStart(scale + 1, '0');
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** An integer as the shortest bytes of two's complement, the largest first (Java's BigInteger.toByteArray). */
export function toTwosComplement(value: bigint): Uint8Array {
  const magnitude = value < 0n ? -value - 1n : value;
  const bits = magnitude === 0n ? 0 : magnitude.toString(16).length * 4;
  // One more for the sign; an upper bound by up to 3 bits, so one byte may be too many.
  const length = Math.floor(bits / 8) + 1;
  const hex = BigInt.asUintN(length * 8, value).toString(16).padStart(length * 2, '0');
  const bytes = new Uint8Array(Buffer.from(hex, 'hex'));
  const first = bytes[0] as number;
  const second = bytes[1];
  const spare = second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80));
  return spare ? bytes.subarray(1) : bytes;
}

/** The integer that bytes of two's complement stand for; a number where it has it exactly. None is 0. */
export function fromTwosComplement(bytes: Uint8Array): bigint | number {
  const { length } = bytes;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, length);
  if (length === 0) return 0;
  if (length <= 6) return buffer.readIntBE(0, length);
  return BigInt.asIntN(length * 8, BigInt(`0x${buffer.toString('hex')}`));
}
