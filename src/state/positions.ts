import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { open } from 'lmdb';
import type { Database, RootDatabase } from 'lmdb';

/** The last committed attempt of a task, and the next offset to read of each partition, by topic and partition number. */
export interface TaskPositions {
  readonly epoch: number;
  readonly nonce: string;
  readonly offsets: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** What a daemon remembers of its tasks beside the broker: it tells offsets that were deleted from a first start. */
export interface Positions {
  /** Where an unreadable store was put aside; null where there was none. */
  readonly quarantined: string | null;
  get(task: string): TaskPositions | null;
  /** Resolves when committed: a kill of the process does not lose it any more. */
  put(task: string, value: TaskPositions): Promise<void>;
  delete(task: string): Promise<void>;
  close(): Promise<void>;
}

interface Opened {
  readonly environment: RootDatabase;
  readonly tasks: Database<TaskPositions, string>;
}

/** Opens `<dir>/positions`. A store that cannot be read is renamed aside and an empty one takes its place. */
export function openPositions(dir: string): Positions {
  mkdirSync(dir, { recursive: true });
  const path = join(dir, 'positions');
  const { opened, quarantined } = openOrQuarantine(path);
  const { environment, tasks } = opened;
  return {
    quarantined,
    get: (task) => tasks.get(task) ?? null,
    async put(task, value) {
      await tasks.put(task, value);
    },
    async delete(task) {
      await tasks.remove(task);
    },
    close: () => environment.close()
  };
}

function openOrQuarantine(path: string): { opened: Opened; quarantined: string | null } {
  try {
    return { opened: openStore(path), quarantined: null };
  } catch (error) {
    if (!existsSync(path)) throw error;
    const quarantined = `${path}.corrupt-${new Date().toISOString().replaceAll(':', '')}`;
    renameSync(path, quarantined);
    return { opened: openStore(path), quarantined };
  }
}

/** Reads everything once: a value that does not parse shows here and not in the middle of a start. */
function openStore(path: string): Opened {
  const environment = open({ path, maxDbs: 4 });
  try {
    const tasks = environment.openDB<TaskPositions, string>({ name: 'tasks', encoding: 'json' });
    for (const { key, value } of tasks.getRange()) assertPositions(key, value);
    return { environment, tasks };
  } catch (error) {
    void environment.close();
    throw error;
  }
}

function assertPositions(task: string, value: unknown): void {
  const { epoch, nonce, offsets } = (value ?? {}) as Partial<TaskPositions>;
  if (typeof epoch !== 'number' || typeof nonce !== 'string' || typeof offsets !== 'object') throw new Error(`Positions of task ${task} are not readable.`);
}
