import type { StateDirectory, StateIdentity, TaskState } from '../../actors/store.ts';
import { checkDataFile } from './data-file.ts';
import { freeBytesOf } from './environment.ts';
import { isDamage } from './lmdb-errors.ts';
import { TaskDisk } from './task-disk.ts';
import type { DiskSettings } from './task-disk.ts';
import { heldTasks, TaskFolder } from './task-folder.ts';
import { LmdbTaskState } from './task-state.ts';
import type { TaskStateSettings } from './task-state.ts';
import { verifyTask } from './verify.ts';

/** What tests replace: the clock, how much is free on the disk, and how long an applied epoch waits for the next to be written with. */
export type StateDirectorySettings = Partial<DiskSettings & TaskStateSettings>;

/** Opens in a row that came to nothing after which all of the state is read before the next: it may be what crashes the process. */
const suspectOpens = 2;

/** The state of a daemon's tasks, under `<dir>/stores`. */
export function createStateDirectory(dir: string, { freeBytes = freeBytesOf, now = Date.now, writeDelay = 100 }: StateDirectorySettings = {}): StateDirectory {
  return {
    open(identity): TaskState {
      const folder = new TaskFolder(dir, identity.topology, identity.task);
      folder.make();
      const aside = isDamaged(folder) ? folder.putAside(now()) : null;
      const [disk, later] = openDisk(folder, identity, { freeBytes, now });
      return new LmdbTaskState(disk, identity, { now, writeDelay }, aside ?? later);
    },
    held: (topology) => heldTasks(dir, topology)
  };
}

/** Found out before LMDB touches it, since LMDB crashes the process on a damaged file. */
function isDamaged(folder: TaskFolder): boolean {
  if (folder.corruption !== null) return true;
  const state = checkDataFile(folder.dataFile);
  return state === 'damaged' || ((state === 'suspect' || folder.opens >= suspectOpens) && verifyTask(folder).bad > 0);
}

/** State that is not this task's, or that cannot be read, is put aside too, and it begins empty. */
function openDisk(folder: TaskFolder, identity: StateIdentity, settings: DiskSettings): [disk: TaskDisk, aside: string | null] {
  folder.make();
  folder.opens++;
  try {
    return [new TaskDisk(folder, identity, settings), null];
  } catch (error) {
    if (!isDamage(error)) throw error;
    const aside = folder.putAside(settings.now());
    folder.make();
    folder.opens++;
    return [new TaskDisk(folder, identity, settings), aside];
  }
}
