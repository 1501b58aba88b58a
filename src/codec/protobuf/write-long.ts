import type { Output } from './output.ts';
import type { ScalarType } from './types.ts';
import { mismatch } from './write-scalar.ts';

type LongType = Extract<ScalarType, 'int64' | 'uint64' | 'sint64' | 'fixed64' | 'sfixed64'>;

/** What writes integers of 64 bits: from numbers that are exact, big integers and texts of digits. */
export function writeLong(type: LongType): (output: Output, value: unknown) => void {
  const unsigned = type === 'uint64' || type === 'fixed64';
  const put = putter(type);
  const [min, max] = unsigned ? [0n, 2n ** 64n - 1n] : [-(2n ** 63n), 2n ** 63n - 1n];
  return (output, value) => {
    if (Number.isSafeInteger(value) && (!unsigned || (value as number) >= 0)) {
      const number = value as number;
      put(output, number | 0, Math.floor(number / 4_294_967_296) | 0);
      return;
    }
    const big = bigOf(value);
    if (big === null || big < min || big > max) throw mismatch(`an integer from ${min} to ${max} without loss`, value);
    put(output, Number(BigInt.asIntN(32, big)), Number(BigInt.asIntN(32, big >> 32n)));
  };
}

function putter(type: LongType): (output: Output, low: number, high: number) => void {
  switch (type) {
    case 'int64':
    case 'uint64':
      return (output, low, high) => { output.varint64(low, high); };
    case 'sint64':
      return (output, low, high) => {
        const sign = high >> 31;
        output.varint64((low << 1) ^ sign, ((high << 1) | (low >>> 31)) ^ sign);
      };
    case 'fixed64':
    case 'sfixed64':
      return (output, low, high) => { output.fixed64(low, high); };
  }
}

function bigOf(value: unknown): bigint | null {
  if (typeof value === 'bigint') return value;
  return typeof value === 'string' && /^(?:0|-?[1-9]\d{0,19})$/.test(value) ? BigInt(value) : null;
}
