import type { Quarantine, StateDirectory, StateIdentity, TaskState } from '../../actors/store.ts';
import { bootId as machineBootId } from './boot-id.ts';
import { checkDataFile } from './data-file.ts';
import { freeBytesOf } from './environment.ts';
import { isDamage } from './lmdb-errors.ts';
import { TaskDisk } from './task-disk.ts';
import type { DiskSettings } from './task-disk.ts';
import { heldTasks, TaskFolder } from './task-folder.ts';
import { LmdbTaskState } from './task-state.ts';
import type { TaskStateSettings } from './task-state.ts';
import { verifyTask } from './verify.ts';

/** What tests replace: the clock, how much is free on the disk, the machine's boot id, and how long an applied epoch waits for the next to be written with. */
export type StateDirectorySettings = Partial<DiskSettings & TaskStateSettings>;

/** Opens in a row that came to nothing after which all of the state is read before the next: it may be what crashes the process. */
const suspectOpens = 2;

/** The state of a daemon's tasks, under `<dir>/stores`. */
export function createStateDirectory(dir: string, { freeBytes = freeBytesOf, now = Date.now, bootId = machineBootId(), writeDelay = 100 }: StateDirectorySettings = {}): StateDirectory {
  return {
    open(identity): TaskState {
      const folder = new TaskFolder(dir, identity.topology, identity.task);
      folder.make();
      const before = giveUpLost(folder, bootId) ?? putAsideDamaged(folder, now());
      const [disk, later] = openDisk(folder, identity, { freeBytes, now, bootId });
      return new LmdbTaskState(disk, identity, { now, writeDelay }, before ?? later);
    },
    held: (topology) => heldTasks(dir, topology)
  };
}

/** Nothing can be learned from what a loss of power left, and it would be there after each: it goes. */
function giveUpLost(folder: TaskFolder, bootId: string): Quarantine | null {
  const reason = folder.lost(bootId);
  if (reason !== null) folder.remove();
  return reason === null ? null : { reason, path: null };
}

function putAsideDamaged(folder: TaskFolder, now: number): Quarantine | null {
  const reason = damageOf(folder);
  return reason === null ? null : { reason, path: folder.putAside(now) };
}

/** Found out before LMDB touches it, since LMDB crashes the process on a damaged file. */
function damageOf(folder: TaskFolder): string | null {
  if (folder.corruption !== null) return folder.corruption;
  const state = checkDataFile(folder.dataFile);
  if (state === 'sound' && folder.opens < suspectOpens) return null;
  return state === 'new' ? null : (verifyTask(folder).problems[0] ?? null);
}

/** State that is not this task's, or that cannot be read, is put aside too, and it begins empty. */
function openDisk(folder: TaskFolder, identity: StateIdentity, settings: DiskSettings): [disk: TaskDisk, aside: Quarantine | null] {
  folder.make();
  folder.opens++;
  try {
    return [new TaskDisk(folder, identity, settings), null];
  } catch (error) {
    if (!isDamage(error)) throw error;
    const aside = { reason: error.message, path: folder.putAside(settings.now()) };
    folder.make();
    folder.opens++;
    return [new TaskDisk(folder, identity, settings), aside];
  }
}
