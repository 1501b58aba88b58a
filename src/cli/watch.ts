import { statSync, watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import type { Reloader } from './reload.ts';

/** Milliseconds of silence before a change counts: an editor writes a file in several steps. */
const quiet = 300;

/** Milliseconds between two looks for a folder that is gone. */
const missingInterval = 1000;

/** What watching needs of a reloader. */
type Watched = Pick<Reloader, 'files' | 'reload'>;

/**
 * Reloads when something changes in the folders of the topology files and of those they name. Folders are watched, not files: editors, and
 * Kubernetes with a ConfigMap, put a new file in the place of the old one. Returns how to end it.
 */
export function watchFiles(reloader: Watched): () => void {
  const folders = new FolderWatch(reloader);
  folders.follow();
  return () => { folders.end(); };
}

class FolderWatch {
  readonly #reloader: Watched;
  readonly #watchers = new Map<string, { readonly watcher: FSWatcher; readonly inode: number }>();
  #timer: NodeJS.Timeout | undefined;
  #looking: NodeJS.Timeout | undefined;
  #started = false;
  #ended = false;

  constructor(reloader: Watched) {
    this.#reloader = reloader;
  }

  /** Watches the folders that are wanted now. One that was made anew is another folder under the same name, and may hold changes already. */
  follow(): void {
    if (this.#ended) return;
    clearTimeout(this.#looking);
    const wanted = new Set(this.#reloader.files.map((file) => dirname(resolve(file))));
    for (const folder of this.#watchers.keys()) if (!wanted.has(folder)) this.#forget(folder);
    const results = [...wanted].map((folder) => this.#watch(folder));
    if (results.includes('missing')) this.#looking = setTimeout(() => { this.follow(); }, missingInterval).unref();
    if (this.#started && results.includes('new')) this.#changed();
    this.#started = true;
  }

  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#looking);
    for (const folder of this.#watchers.keys()) this.#forget(folder);
  }

  #watch(folder: string): 'kept' | 'new' | 'missing' {
    const inode = statSync(folder, { throwIfNoEntry: false })?.ino;
    const known = this.#watchers.get(folder);
    if (known !== undefined && known.inode === inode) return 'kept';
    this.#forget(folder);
    if (inode === undefined) return 'missing';
    try {
      const watcher = watch(folder, { persistent: false }, (_event, name) => { if (this.#matters(name)) this.#changed(); });
      watcher.on('error', () => { this.#forget(folder); });
      this.#watchers.set(folder, { watcher, inode });
      return 'new';
    } catch {
      // It went between the two calls, or may not be read.
      return 'missing';
    }
  }

  #forget(folder: string): void {
    this.#watchers.get(folder)?.watcher.close();
    this.#watchers.delete(folder);
  }

  #changed(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => { void this.#reloader.reload('change').then(() => { this.follow(); }); }, quiet);
  }

  /** Other files may lie in the same folder, and change all the time. `..data` is the link that Kubernetes moves. */
  #matters(name: string | null): boolean {
    return name === null || name === '..data' || /\.ya?ml$/.test(name) || this.#reloader.files.some((file) => basename(file) === name);
  }
}
