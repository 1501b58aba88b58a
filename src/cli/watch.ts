import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import type { Reloader } from './reload.ts';

/** Milliseconds of silence before a change counts: an editor writes a file in several steps. */
const quiet = 300;

/**
 * Reloads when something changes in the folders of the topology files and of those they name. Folders are watched, not files: editors, and
 * Kubernetes with a ConfigMap, put a new file in the place of the old one. Returns how to end it.
 */
export function watchFiles(reloader: Reloader): () => void {
  const watchers = new Map<string, FSWatcher>();
  let timer: NodeJS.Timeout | undefined;
  const changed = (_event: string, name: string | null): void => {
    if (!matters(name, reloader)) return;
    clearTimeout(timer);
    timer = setTimeout(() => { void reloader.reload('change').then(follow); }, quiet);
  };
  const follow = (): void => {
    const wanted = foldersOf(reloader);
    for (const [folder, watcher] of watchers) {
      if (wanted.has(folder)) continue;
      watcher.close();
      watchers.delete(folder);
    }
    for (const folder of wanted) {
      if (watchers.has(folder)) continue;
      const watcher = watch(folder, { persistent: false }, changed);
      // A folder that is removed ends its watcher; what was in it is missed at the next reload.
      watcher.on('error', () => watchers.delete(folder));
      watchers.set(folder, watcher);
    }
  };
  follow();
  return () => {
    clearTimeout(timer);
    for (const watcher of watchers.values()) watcher.close();
  };
}

function foldersOf({ files }: Reloader): Set<string> {
  return new Set(files.map((file) => dirname(resolve(file))));
}

/** Other files may lie in the same folder, and change all the time. `..data` is the link that Kubernetes moves. */
function matters(name: string | null, { files }: Reloader): boolean {
  return name === null || name === '..data' || /\.ya?ml$/.test(name) || files.some((file) => basename(file) === name);
}
