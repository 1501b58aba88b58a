import { Input } from '../input.ts';
import { Output } from '../output.ts';
import { Refusal } from '../refusal.ts';
import { digitsText, fromTwosComplement, maxDigits, parseDigits, rescaled, toTwosComplement } from './digits.ts';
import type { Logical, Underlying } from './logical.ts';

/** Bytes of a decimal that are read: their text has fewer than `maxDigits` digits. */
const maxBytes = 4096;

/**
 * Decimal: the unscaled number as bytes of two's complement, as text with all digits of its scale ("12.30"). Texts, numbers and big integers are written,
 * only where nothing of them is lost and the precision is kept. Null where the parameters are not valid.
 */
export function decimal(kind: string, size: number, precision: unknown, scale: unknown): Logical | null {
  if (kind !== 'bytes' && kind !== 'fixed') return null;
  if (!isCount(precision) || !isCount(scale) || precision === 0 || scale > precision || precision > maxDigits) return null;
  if (kind === 'fixed' && precision > Math.floor(Math.log10(2) * (8 * size - 1))) return null;
  const bound = 10n ** BigInt(precision);
  return {
    name: 'decimal',
    family: `decimal of scale ${scale}`,
    expected: `a decimal of at most ${precision} digits, ${scale} of them behind the point`,
    counts: false,
    read: (value) => digitsText(unscaledOf(value), scale),
    write: (value) => {
      const digits = parseDigits(value);
      const unscaled = digits === null ? null : rescaled(digits, scale);
      if (unscaled === null || unscaled >= bound || unscaled <= -bound) return undefined;
      const bytes = toTwosComplement(unscaled);
      return kind === 'fixed' ? widened(bytes, size) : bytes;
    }
  };
}

const input = new Input();
const output = new Output();

/** Decimal with a scale of its own in each value (Avro 1.12): the unscaled number as bytes, and the scale, both within bytes. */
export const bigDecimal: Logical = {
  name: 'big-decimal',
  family: 'big-decimal',
  expected: 'a decimal',
  counts: false,
  read(value) {
    input.start(value as Uint8Array);
    const unscaled = unscaledOf(input.fixed(input.length('a decimal')));
    const scale = input.int();
    input.finish();
    input.release();
    if (Math.abs(scale) > maxDigits) throw new Refusal('undecodable', `a scale of at most ${maxDigits}`, String(scale));
    return scale >= 0 ? digitsText(unscaled, scale) : digitsText(BigInt(unscaled) * 10n ** BigInt(-scale), 0);
  },
  write(value) {
    const digits = parseDigits(value);
    if (digits === null) return undefined;
    const unscaled = toTwosComplement(digits.unscaled);
    output.start();
    output.long(unscaled.length);
    output.raw(unscaled);
    output.long(digits.scale);
    return output.finish();
  }
};

function unscaledOf(value: Underlying): bigint | number {
  const bytes = value as Uint8Array;
  if (bytes.length > maxBytes) throw new Refusal('undecodable', `a decimal of at most ${maxBytes} bytes`, String(bytes.length));
  return fromTwosComplement(bytes);
}

function widened(bytes: Uint8Array, size: number): Uint8Array {
  const wide = new Uint8Array(size).fill((bytes[0] as number) >= 0x80 ? 0xff : 0);
  wide.set(bytes, size - bytes.length);
  return wide;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}
