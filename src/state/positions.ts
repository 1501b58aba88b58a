import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/*
 * One small JSON file per task, replaced by a rename. Not LMDB: it segfaults on a damaged file, and this is what has to
 * be readable when all else is damaged. A rename survives a kill of the process; a file that a power loss left empty
 * or torn is put aside.
 */

/** The last committed attempt of a task, and the next offset to read of each partition, by topic and partition number. */
export interface TaskPositions {
  readonly epoch: number;
  readonly nonce: string;
  readonly offsets: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** What a daemon remembers of its tasks beside the broker: it tells offsets that were deleted from a first start. */
export interface Positions {
  /** Where an unreadable file was put aside, the first of them; null where there was none. */
  readonly quarantined: string | null;
  get(task: string): TaskPositions | null;
  /** Resolves when it is on disk: a kill of the process does not lose it any more. */
  put(task: string, value: TaskPositions): Promise<void>;
  delete(task: string): Promise<void>;
  close(): Promise<void>;
}

const ending = '.json';

/** Opens `<dir>/positions`. What cannot be read is renamed aside and counts as not there. */
export function openPositions(dir: string): Positions {
  const folder = join(dir, 'positions');
  mkdirSync(folder, { recursive: true });
  const { tasks, quarantined } = readTasks(folder);
  const fileOf = (task: string): string => join(folder, encodeURIComponent(task) + ending);
  return {
    quarantined,
    get: (task) => tasks.get(task) ?? null,
    // Synchronous inside: 0.1 ms, and two puts of one task cannot overtake each other.
    // eslint-disable-next-line @typescript-eslint/require-await -- what is thrown is to be a rejection
    async put(task, value) {
      const file = fileOf(task);
      writeFileSync(`${file}.new`, JSON.stringify(value));
      renameSync(`${file}.new`, file);
      tasks.set(task, value);
    },
    // eslint-disable-next-line @typescript-eslint/require-await
    async delete(task) {
      rmSync(fileOf(task), { force: true });
      tasks.delete(task);
    },
    close: () => Promise.resolve()
  };
}

function readTasks(folder: string): { tasks: Map<string, TaskPositions>; quarantined: string | null } {
  const tasks = new Map<string, TaskPositions>();
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

function parsePositions(text: string): TaskPositions {
  const { epoch, nonce, offsets } = JSON.parse(text) as Partial<TaskPositions>;
  if (typeof epoch !== 'number' || typeof nonce !== 'string' || typeof offsets !== 'object' || offsets === null) throw new Error('not the positions of a task');
  return { epoch, nonce, offsets };
}
