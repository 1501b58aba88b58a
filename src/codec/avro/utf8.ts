/** What Buffer has and its declarations leave out: UTF-8 without the checks of arguments that `toString` and `write` begin with. */
interface FastBuffer {
  utf8Slice(start: number, end: number): string;
  utf8Write(text: string, start: number, length: number): number;
}

/** The text of some bytes in UTF-8; what is not UTF-8 becomes U+FFFD. */
export function utf8Slice(bytes: Buffer, start: number, end: number): string {
  return (bytes as unknown as FastBuffer).utf8Slice(start, end);
}

/** Writes text in UTF-8; its `length` in bytes is known. */
export function utf8Write(bytes: Buffer, text: string, start: number, length: number): void {
  (bytes as unknown as FastBuffer).utf8Write(text, start, length);
}
