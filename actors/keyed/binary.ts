/*
 * Binary strings: one character, U+0000 to U+00FF, for each byte. They are keys of maps and of stores, and compare as their bytes do.
 */

/** Bytes as a binary string. */
export function toBinary(bytes: Uint8Array): string {
  const { length } = bytes;
  let text = '';
  let i = 0;
  // Eight at a time: a string that grows by single characters is a tree of pieces, and slow to hash.
  for (; i + 8 <= length; i += 8) {
    text += String.fromCharCode(
      bytes[i] as number, bytes[i + 1] as number, bytes[i + 2] as number, bytes[i + 3] as number,
      bytes[i + 4] as number, bytes[i + 5] as number, bytes[i + 6] as number, bytes[i + 7] as number
    );
  }
  if (i + 4 <= length) {
    text += String.fromCharCode(bytes[i] as number, bytes[i + 1] as number, bytes[i + 2] as number, bytes[i + 3] as number);
    i += 4;
  }
  for (; i < length; i++) text += String.fromCharCode(bytes[i] as number);
  return text;
}

/** A binary string as bytes. */
export function toBytes(binary: string): Uint8Array {
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

const high = 2 ** 32;

/** A time in whole milliseconds as eight bytes that compare as times do: big endian, the sign bit flipped. */
export function timeToBinary(time: number): string {
  const upper = Math.floor(time / high);
  const lower = time - upper * high;
  const first = (upper ^ 0x80000000) >>> 0;
  return String.fromCharCode(
    first >>> 24, (first >>> 16) & 255, (first >>> 8) & 255, first & 255,
    Math.floor(lower / 0x1000000), (lower >>> 16) & 255, (lower >>> 8) & 255, lower & 255
  );
}

/** The time whose eight bytes begin at `at`. */
export function binaryToTime(binary: string, at: number): number {
  const byte = (i: number): number => binary.charCodeAt(at + i);
  const upper = ((byte(0) << 24) | (byte(1) << 16) | (byte(2) << 8) | byte(3)) ^ 0x80000000;
  return upper * high + (byte(4) * 0x1000000 + ((byte(5) << 16) | (byte(6) << 8) | byte(7)));
}
