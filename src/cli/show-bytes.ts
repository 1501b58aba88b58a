/** Bytes as text where they are UTF-8, else in base64 behind `base64:`; of longer ones the beginning. Null for none. */
export function showBytes(bytes: Uint8Array | null, most: number): string | null {
  if (bytes === null) return null;
  const cut = bytes.byteLength > most;
  const part = cut ? bytes.subarray(0, most) : bytes;
  const text = readable(part, cut) ?? `base64:${Buffer.from(part).toString('base64')}`;
  return cut ? `${text}… (${bytes.byteLength} bytes)` : text;
}

/** With `cut` the last character may be there in part, and is left out. */
function readable(bytes: Uint8Array, cut: boolean): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: cut });
  } catch {
    return null;
  }
}
