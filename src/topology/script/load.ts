import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire, registerHooks } from 'node:module';
import type { LoadHookSync, ResolveHookSync } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { guard } from './guard.ts';

/** A module as it was loaded, with the files it is made of. */
export interface LoadedModule {
  readonly exports: Readonly<Record<string, unknown>>;
  /** The module and what it imports relatively, each with a hash of its text. */
  readonly files: ReadonlyMap<string, string>;
}

/** Longest time that the top level of a module may take, in milliseconds. */
export const loadBudget = 5000;

/** Thrown where it takes longer. */
export class LoadTimeout extends Error {}

/** The mark that makes each load a module of its own: Node keeps modules by their URL for ever. */
export const loadMark = /\?millrace=\d+/;

const require = createRequire(import.meta.url);
const loaded = new Map<string, LoadedModule>();
let loads = 0;

/**
 * Loads an ES module, with its types stripped, without waiting for anything. As long as its files are the same it is the same module; once
 * one of them has changed, all of them are loaded anew. Throws what Node throws.
 */
export function loadModule(path: string, budget = loadBudget): LoadedModule {
  const known = loaded.get(path);
  if (known !== undefined && [...known.files].every(([file, hash]) => hashOf(file) === hash)) return known;
  const fresh = new Loading(path, ++loads).run(budget);
  loaded.set(path, fresh);
  return fresh;
}

function hashOf(file: string): string | null {
  try {
    return hash(readFileSync(file));
  } catch {
    return null;
  }
}

function hash(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('base64url');
}

/** One load: an entry that exists only in the hooks imports the module under a URL that was never used before. */
class Loading {
  readonly #path: string;
  readonly #entry: string;
  readonly #mark: string;
  readonly #files = new Map<string, string>();

  constructor(path: string, id: number) {
    this.#path = path;
    this.#entry = `millrace-script:${id}`;
    this.#mark = `?millrace=${id}`;
  }

  run(budget: number): LoadedModule {
    const hooks = registerHooks({ resolve: this.#resolve, load: this.#load });
    let entry: { module?: Record<string, unknown> } = {};
    try {
      const ended = guard(budget, () => { entry = require(this.#entry) as typeof entry; }, true);
      if (ended !== 'done') throw new LoadTimeout();
    } finally {
      hooks.deregister();
      Reflect.deleteProperty(require.cache, this.#entry);
    }
    return { exports: entry.module ?? {}, files: this.#files };
  }

  readonly #resolve: ResolveHookSync = (specifier, context, next) => {
    if (specifier === this.#entry) return { url: this.#entry, format: 'module', shortCircuit: true };
    const { parentURL } = context;
    if (parentURL === this.#entry) return { url: specifier, shortCircuit: true };
    const resolved = next(specifier, context);
    const relative = parentURL?.endsWith(this.#mark) === true && /^(\.|\/|file:)/.test(specifier);
    return relative ? { ...resolved, url: `${resolved.url}${this.#mark}` } : resolved;
  };

  readonly #load: LoadHookSync = (url, context, next) => {
    if (url === this.#entry) return { format: 'module', source: `export * as module from ${JSON.stringify(this.#rootUrl)};`, shortCircuit: true };
    if (!url.endsWith(this.#mark)) return next(url, context);
    const file = fileURLToPath(url.slice(0, -this.#mark.length));
    const result = next(url, { ...context, format: formatOf(file) ?? context.format });
    this.#files.set(file, hash(result.source === undefined || result.source === null ? readFileSync(file) : Buffer.from(result.source as string)));
    return result;
  };

  get #rootUrl(): string {
    return `${pathToFileURL(this.#path).href}${this.#mark}`;
  }
}

/** A script is an ES module whatever the package around it says, and where there is none. */
function formatOf(file: string): string | null {
  if (/\.m?ts$/.test(file)) return 'module-typescript';
  return /\.m?js$/.test(file) ? 'module' : null;
}
