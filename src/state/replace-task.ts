import type { Attempt, StateIdentity } from '../../actors/store.ts';
import { createStateDirectory } from './directory.ts';
import type { ChangelogEntry } from './restore.ts';
import { TaskFolder } from './task-folder.ts';

/** Entries that are taken in at once. */
const batch = 1000;

/**
 * Gives up what is here of a task and fills its one store anew, as that of an attempt. Cut off in between no epoch is whole in it. The caller holds the
 * lock of the state directory.
 */
export function replaceTask(stateDir: string, identity: StateIdentity, entries: Iterable<ChangelogEntry>, attempt: Attempt): void {
  const [store] = identity.stores.keys();
  if (store === undefined || identity.stores.size > 1) throw new Error(`task ${identity.task} has not one store`);
  new TaskFolder(stateDir, identity.topology, identity.task).remove();
  const state = createStateDirectory(stateDir).open(identity);
  try {
    let waiting: ChangelogEntry[] = [];
    for (const entry of entries) {
      waiting.push(entry);
      if (waiting.length < batch) continue;
      state.restore(store, waiting, 0);
      waiting = [];
    }
    state.restore(store, waiting, 0);
    state.restored(attempt);
  } finally {
    state.close();
  }
}
