import { readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { packagePath } from './package-root.ts';

const { version: packageVersion } = JSON.parse(readFileSync(packagePath('package.json'), 'utf8')) as { version: string };

/** The package's version. */
export const version = packageVersion;

/** The short hash of the commit this runs from: from the file `commit` of a package, else from git's own files; 'unknown' where neither says. */
export function commit(root = packagePath()): string {
  const hash = read(join(root, 'commit')) ?? headOf(join(root, '.git'));
  return hash === null || !/^[0-9a-f]{7,64}$/.test(hash) ? 'unknown' : hash.slice(0, 7);
}

/** Reads what `git rev-parse HEAD` would say, without git. In a worktree `.git` is a file that names the folder. */
function headOf(dotGit: string): string | null {
  const folder = gitFolder(dotGit);
  const head = read(join(folder, 'HEAD'));
  if (head === null || !head.startsWith('ref: ')) return head;
  const ref = head.slice('ref: '.length);
  const shared = read(join(folder, 'commondir'));
  const common = shared === null ? folder : resolveFrom(folder, shared);
  return read(join(folder, ref)) ?? read(join(common, ref)) ?? packed(join(common, 'packed-refs'), ref);
}

function gitFolder(dotGit: string): string {
  const link = /^gitdir: (.+)$/.exec(read(dotGit) ?? '')?.[1];
  return link === undefined ? dotGit : resolveFrom(join(dotGit, '..'), link);
}

function resolveFrom(folder: string, path: string): string {
  return isAbsolute(path) ? path : join(folder, path);
}

/** Refs that `git gc` has put into one file, each line `<hash> <ref>`. */
function packed(file: string, ref: string): string | null {
  return (read(file) ?? '').split('\n').find((line) => line.endsWith(` ${ref}`))?.split(' ')[0] ?? null;
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return null;
  }
}
