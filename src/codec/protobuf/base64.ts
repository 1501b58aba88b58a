const base64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

/** The bytes of base64, of either alphabet, with padding or without; null where it is none. Node takes anything and leaves out what it does not know. */
export function parseBase64(text: string): Uint8Array | null {
  const digits = text.endsWith('==') ? text.length - 2 : text.endsWith('=') ? text.length - 1 : text.length;
  if (!base64.test(text) || digits % 4 === 1 || (digits !== text.length && text.length % 4 !== 0)) return null;
  return Buffer.from(text, 'base64');
}
