import type { Path } from '../../actors/component.ts';
import type { SourceFile } from './document.ts';

/** A secret that stands in a file as it is. */
export interface InlineSecret {
  readonly line: number;
  /** Such as `broker.sasl.password`. */
  readonly option: string;
}

const options: readonly Path[] = [
  ['broker', 'sasl', 'password'],
  ['broker', 'sasl', 'client_secret'],
  ['broker', 'tls', 'passphrase'],
  ['broker', 'tls', 'key'],
  ['registry', 'auth', 'password'],
  ['registry', 'auth', 'token'],
  ['registry', 'tls', 'passphrase'],
  ['registry', 'tls', 'key']
];

/** Secrets that were neither in the environment nor in a file of their own. Must be called before other parts note secrets. */
export function inlineSecrets(file: SourceFile): InlineSecret[] {
  const known = new Set(file.secrets);
  const isInline = (path: Path): boolean => {
    const value = at(file.root, path);
    if (typeof value !== 'string' || file.interpolated(path) || known.has(value)) return false;
    // A key is a file's name, unless it is the key itself.
    return path.at(-1) !== 'key' || value.includes('-----BEGIN');
  };
  const found = options.filter(isInline);
  found.push(...alertSecrets(file.root).filter(isInline));
  const tables = at(file.root, ['tables']);
  for (const name of typeof tables === 'object' && tables !== null ? Object.keys(tables) : []) {
    const url = at(file.root, ['tables', name, 'url']);
    const password = typeof url === 'string' && URL.canParse(url) ? new URL(url).password : '';
    if (password !== '' && !file.interpolated(['tables', name, 'url']) && ![...known].some((secret) => secret === decodeURIComponent(password))) found.push(['tables', name, 'url']);
  }
  return found.map((path) => ({ line: file.place(path).line, option: path.join('.') }));
}

/** Where alerts have secrets; the URL of a webhook is one. */
function alertSecrets(root: unknown): Path[] {
  const alerts = at(root, ['alerts']);
  return Object.keys(typeof alerts === 'object' && alerts !== null ? alerts : {}).flatMap((name) => {
    const path: Path = ['alerts', name, 'notify'];
    const notify = at(root, path);
    const ways: Path[] = Array.isArray(notify) ? notify.map((_, index) => [...path, index]) : [path];
    return ways.flatMap((way) => [[...way, 'webhook'], [...way, 'secret']]);
  });
}

function at(root: unknown, path: Path): unknown {
  let value = root;
  for (const name of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[String(name)];
  }
  return value;
}
