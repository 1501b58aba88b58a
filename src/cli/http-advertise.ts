import { UsageError } from './command.ts';

/** The address of `--http-advertise` as a URL without a slash at the end; null where none is given. */
export function advertisedUrl(text: string | null): string | null {
  if (text === null) return null;
  const address = /^(\[?)([^/\s[\]]+?)\]?:(\d{1,5})$/.exec(text);
  const host = address?.[2] ?? '';
  const url = address === null ? text : `http://${host.includes(':') ? `[${host}]` : host}:${address[3]}`;
  const { protocol, username, password, search, hash, href } = URL.canParse(url) ? new URL(url) : new URL('none:');
  const plain = /^https?:$/.test(protocol) && [username, password, search, hash].every((part) => part === '') && href.length <= 300;
  // What may hold a password is not shown.
  if (!plain) throw new UsageError(`--http-advertise is HOST:PORT, or an http or https URL without a name, a password, ? or #${text.includes('@') ? '' : `, not ${text}`}.`);
  return href.replace(/\/+$/, '');
}
