import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RememberedTask } from '../../actors/remembered.ts';

/*
 * One small JSON file per task, replaced by a rename. Not LMDB: it segfaults on a damaged file, and this is what has to
 * be readable when all else is damaged. A rename survives a kill of the process; a file that a power loss left empty
 * or torn is put aside.
 */

/** What a daemon remembers of its tasks beside the broker: it tells offsets that were deleted from a first start. */
export interface Positions {
  /** Where an unreadable file was put aside, the first of them; null where there was none. */
  readonly quarantined: string | null;
  get(task: string): RememberedTask | null;
  /** The first of a task is on disk when this returns; later ones within a quarter of a second. */
  put(task: string, value: RememberedTask): void;
  delete(task: string): void;
  /** Writes what is still to be written. */
  close(): void;
}

const ending = '.json';

/** Says that a daemon wrote all it knew before it ended. */
const stoppedName = 'stopped';

/** Milliseconds for which later positions of a task may wait: the broker has them, this is only what is remembered of it. */
const delay = 250;

/**
 * Opens `<dir>/positions`. What cannot be read is renamed aside and counts as not there. What cannot be written is told
 * and tried again with the next: no commit fails for it, since the broker has the offsets.
 */
export function openPositions(dir: string, onError: (error: unknown) => void): Positions {
  const folder = join(dir, 'positions');
  mkdirSync(folder, { recursive: true });
  const { tasks, quarantined } = readTasks(folder);
  const fileOf = (task: string): string => join(folder, encodeURIComponent(task) + ending);
  const waiting = new Set<string>();
  const stopped = join(folder, stoppedName);
  rmSync(stopped, { force: true });
  let timer: NodeJS.Timeout | null = null;
  const write = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    try {
      for (const task of waiting) {
        const file = fileOf(task);
        writeFileSync(`${file}.new`, JSON.stringify(tasks.get(task)));
        renameSync(`${file}.new`, file);
        waiting.delete(task);
      }
    } catch (error) {
      onError(error);
    }
  };
  return {
    quarantined,
    get: (task) => tasks.get(task) ?? null,
    put(task, value) {
      const first = !tasks.has(task);
      tasks.set(task, value);
      waiting.add(task);
      if (first) write();
      else timer ??= setTimeout(write, delay);
    },
    delete(task) {
      waiting.delete(task);
      tasks.delete(task);
      rmSync(fileOf(task), { force: true });
    },
    close() {
      write();
      try {
        if (waiting.size === 0) writeFileSync(stopped, '');
      } catch (error) {
        onError(error);
      }
    }
  };
}

/** What a daemon that may be running remembers, as it is on disk; null where it remembers nothing of a task. Touches nothing. */
export function readPositions(dir: string, task: string): RememberedTask | null {
  try {
    return parsePositions(readFileSync(join(dir, 'positions', encodeURIComponent(task) + ending), 'utf8'));
  } catch {
    return null;
  }
}

/** Whether the daemon that had this folder last wrote all it knew; one that was killed lacks up to its last quarter of a second. */
export function hasAllPositions(dir: string): boolean {
  return existsSync(join(dir, 'positions', stoppedName));
}

function readTasks(folder: string): { tasks: Map<string, RememberedTask>; quarantined: string | null } {
  const tasks = new Map<string, RememberedTask>();
  let quarantined: string | null = null;
  for (const name of readdirSync(folder)) {
    if (!name.endsWith(ending)) continue;
    const file = join(folder, name);
    try {
      tasks.set(decodeURIComponent(name.slice(0, -ending.length)), parsePositions(readFileSync(file, 'utf8')));
    } catch {
      const aside = `${file}.corrupt-${new Date().toISOString().replaceAll(':', '')}`;
      renameSync(file, aside);
      quarantined ??= aside;
    }
  }
  return { tasks, quarantined };
}

function parsePositions(text: string): RememberedTask {
  const found = JSON.parse(text) as Partial<RememberedTask>;
  const { epoch, nonce, offsets } = found;
  if (typeof epoch !== 'number' || typeof nonce !== 'string' || typeof offsets !== 'object' || offsets === null) throw new Error('not the positions of a task');
  return { ...found, epoch, nonce, offsets };
}
