/** Passwords in the URLs of a tree, as they are written and as they are meant, with the user before them too: no part of a file has to know that one of its texts is a URL. */
export function urlSecrets(tree: unknown): string[] {
  if (typeof tree === 'string') return ofText(tree);
  if (typeof tree !== 'object' || tree === null) return [];
  return Object.values(tree).flatMap(urlSecrets);
}

/** `scheme://user:password@`, wherever it stands in a text (RFC 3986, 3.2.1). */
const userinfo = /[a-z][a-z\d+.-]*:\/\/([^/?#\s@:]*):([^/?#\s@]+)@/gi;

function ofText(text: string): string[] {
  if (!text.includes('://')) return [];
  return [...text.matchAll(userinfo)].flatMap(([, user = '', password = '']) => {
    const meant = decode(password);
    return [...new Set([password, meant, Buffer.from(`${decode(user)}:${meant}`).toString('base64')])];
  });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
