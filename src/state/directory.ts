import { Failure } from '../../actors/failure.ts';
import type { StateDirectory, StateIdentity, TaskState } from '../../actors/store.ts';
import { freeBytesOf } from './environment.ts';
import type { FreeBytes } from './environment.ts';
import { TaskDisk } from './task-disk.ts';
import { heldTasks, TaskFolder } from './task-folder.ts';
import { LmdbTaskState } from './task-state.ts';

/** What tests replace. */
export interface StateDirectorySettings {
  readonly freeBytes?: FreeBytes;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Milliseconds after which an applied epoch is written though no other follows. */
  readonly writeDelay?: number;
}

/** The state of a daemon's tasks, under `<dir>/stores`. */
export function createStateDirectory(dir: string, { freeBytes = freeBytesOf, now = Date.now, writeDelay = 100 }: StateDirectorySettings = {}): StateDirectory {
  return {
    open(identity): TaskState {
      const folder = new TaskFolder(dir, identity.topology, identity.task);
      const quarantined = folder.corruption === null ? null : folder.putAside(now());
      const [disk, aside] = openDisk(folder, identity, { freeBytes, now });
      return new LmdbTaskState(disk, identity, { now, writeDelay }, quarantined ?? aside);
    },
    held: (topology) => heldTasks(dir, topology)
  };
}

/** What cannot be used is put aside, and it begins empty. */
function openDisk(folder: TaskFolder, identity: StateIdentity, settings: { readonly freeBytes: FreeBytes; readonly now: () => number }): [disk: TaskDisk, aside: string | null] {
  folder.make();
  folder.opens++;
  try {
    return [new TaskDisk(folder, identity, settings), null];
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'state_corrupt') throw error;
    const aside = folder.putAside(settings.now());
    folder.make();
    folder.opens++;
    return [new TaskDisk(folder, identity, settings), aside];
  }
}
