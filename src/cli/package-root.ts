import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder with Millrace's package.json: a checkout, or the installed package, whose code is in dist/. */
export const packageRoot = findRoot(import.meta.dirname);

function findRoot(from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    if (nameIn(folder) === 'millrace') return folder;
    if (dirname(folder) === folder) throw new Error(`there is no package.json of millrace above ${from}`);
  }
}

function nameIn(folder: string): unknown {
  try {
    return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name?: unknown }).name;
  } catch {
    return undefined;
  }
}

/** A file or folder of the package, by its path from the root. */
export function packagePath(...segments: readonly string[]): string {
  return join(packageRoot, ...segments);
}
