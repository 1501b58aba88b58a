import { closeSync, existsSync, fdatasyncSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { bootId } from './boot-id.ts';
import type { StoredIdentity } from './meta.ts';

/** In the name of a folder that was put aside; names of tasks have no dot there. */
const asideMark = '.aside-';

/** What a folder is called that stands for a name. */
function encodeName(name: string): string {
  return encodeURIComponent(name).replaceAll('.', '%2E').replaceAll('*', '%2A');
}

/** The folder of a topology's tasks. */
export function topologyFolder(stateDir: string, topology: string): string {
  return join(stateDir, 'stores', encodeName(topology));
}

/** Names of topologies that have state. */
export function heldTopologies(stateDir: string): string[] {
  return names(join(stateDir, 'stores'));
}

/** Names of tasks that have state. */
export function heldTasks(stateDir: string, topology: string): string[] {
  return names(topologyFolder(stateDir, topology));
}

function names(dir: string): string[] {
  if (!existsSync(dir)) return [];
  const folders = readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isDirectory() && !entry.name.includes(asideMark));
  return folders.map(({ name }) => decodeURIComponent(name)).sort();
}

/**
 * `<state_dir>/stores/<topology>/<task>`: `data.mdb` and LMDB's lock; `stores.json`, what the stores hold, for those who do not open LMDB; `opens`, how often
 * it was opened and nothing came of it; `corrupt`, why it must not be used again; `unflushed`, the boot id of the machine while what LMDB writes waits in
 * its page cache.
 */
export class TaskFolder {
  readonly path: string;

  constructor(stateDir: string, topology: string, task: string) {
    this.path = join(topologyFolder(stateDir, topology), encodeName(task));
  }

  get dataFile(): string {
    return join(this.path, 'data.mdb');
  }

  make(): void {
    mkdirSync(this.path, { recursive: true });
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }

  /** Renames the folder and returns its new path; null where there is none. */
  putAside(now: number): string | null {
    if (!existsSync(this.path)) return null;
    const time = new Date(now).toISOString().replaceAll(':', '');
    for (let count = 1; ; count++) {
      const aside = `${this.path}${asideMark}${time}${count === 1 ? '' : `-${count}`}`;
      if (existsSync(aside)) continue;
      renameSync(this.path, aside);
      return aside;
    }
  }

  /** Why the state was found to be damaged while it was in use; null where it was not. */
  get corruption(): string | null {
    return readText(join(this.path, 'corrupt'));
  }

  /** The next one to open it puts it aside. */
  markCorrupt(reason: string): void {
    try {
      writeFileSync(join(this.path, 'corrupt'), reason);
    } catch {
      // On a full disk, for example: it will be found again.
    }
  }

  /** Whether the data file, and the runs of a restore, were written and not flushed. */
  get isUnflushed(): boolean {
    return this.#unflushed !== null;
  }

  /** Why the data file may lack anything, whatever it looks like; null where that cannot be. */
  lost(boot = bootId()): string | null {
    const found = this.#unflushed;
    return found === null || found === boot ? null : 'the machine started anew before its state was flushed';
  }

  get #unflushed(): string | null {
    return readText(join(this.path, 'unflushed'));
  }

  /** From now on the data file is not flushed. On disk before anything of that can be. */
  markUnflushed(boot: string): void {
    if (this.#unflushed === boot) return;
    writeFileSync(join(this.path, 'unflushed'), boot, { flush: true });
    syncFolder(this.path);
  }

  /** Flushes the data file, and the runs of a restore, and says so. */
  flush(): void {
    for (const file of this.#written()) {
      const descriptor = openSync(file, 'r+');
      try {
        fdatasyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
    }
    rmSync(join(this.path, 'unflushed'), { force: true });
    syncFolder(this.path);
  }

  /** Flushes what is written so far; what follows has less to do. */
  async flushAhead(): Promise<void> {
    for (const name of this.#written()) {
      const file = await open(name, 'r+');
      try {
        await file.datasync();
      } finally {
        await file.close();
      }
    }
  }

  #written(): string[] {
    const runs = readdirSync(this.path).filter((name) => name.endsWith('.run'));
    return [this.dataFile, ...runs.map((name) => join(this.path, name))];
  }

  /** Times it was opened since something was written, or it was closed, the last time. */
  get opens(): number {
    return Number(readText(join(this.path, 'opens')) ?? 0) || 0;
  }

  /** 0 takes the file away. */
  set opens(count: number) {
    const file = join(this.path, 'opens');
    if (count === 0) rmSync(file, { force: true });
    else writeFileSync(file, `${count}`);
  }

  /** What the stores hold, as it was written beside them; null where that cannot be read. */
  readStores(): StoredIdentity | null {
    try {
      const found = JSON.parse(readText(join(this.path, 'stores.json')) ?? '') as Partial<StoredIdentity>;
      return typeof found.format === 'number' && typeof found.stores === 'object' ? (found as StoredIdentity) : null;
    } catch {
      return null;
    }
  }

  writeStores(identity: StoredIdentity): void {
    const file = join(this.path, 'stores.json');
    writeFileSync(`${file}.new`, `${JSON.stringify(identity, null, 2)}\n`);
    renameSync(`${file}.new`, file);
  }
}

/** Puts names that were made or taken away on disk. */
function syncFolder(dir: string): void {
  const descriptor = openSync(dir, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
