import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../../../actors/failure.ts';
import { acquireLock } from '../../state/lock.ts';
import type { Lock } from '../../state/lock.ts';
import { Store } from './store.ts';
import { openTables } from './tables.ts';

interface Shared {
  readonly store: Store;
  readonly lock: Lock;
  users: number;
}

/** A use of a store; give it back once. */
export interface StoreUse {
  readonly store: Store;
  release(): Promise<void>;
}

const open = new Map<string, Shared>();
/** Stores that are being closed: their path opens again behind that. */
const closing = new Map<string, Promise<void>>();

/**
 * The store at a path. All users in this process share one: LMDB must not be opened twice by one process, and the
 * store's memory has to be the only one. Rejects with `state_locked` when another process has it.
 */
export async function useStore(path: string): Promise<StoreUse> {
  // A folder inside the path: the path itself may be a state directory, which has a lock of its own.
  const wanted = join(path, 'broker');
  mkdirSync(wanted, { recursive: true });
  const dir = realpathSync(wanted);
  while (closing.has(dir)) await closing.get(dir);
  const shared = open.get(dir) ?? openShared(dir);
  shared.users++;
  let released = false;
  return {
    store: shared.store,
    async release() {
      if (released) return;
      released = true;
      if (--shared.users === 0) await closeShared(dir, shared);
    }
  };
}

/** The store at a path as it is now, beside the process that may have it: LMDB keeps one view of it while another process writes. */
export async function viewStore(path: string): Promise<StoreUse> {
  const dir = join(path, 'broker');
  if (!existsSync(join(dir, 'data.mdb'))) throw new Failure('topic_missing', `There are no topics in ${path} yet: nothing ran on this embedded broker.`);
  const tables = openTables(realpathSync(dir), { readOnly: true });
  return Promise.resolve({ store: new Store(tables), release: () => tables.environment.close() });
}

function openShared(dir: string): Shared {
  const lock = acquireLock(dir);
  try {
    const shared: Shared = { store: new Store(openTables(dir)), lock, users: 0 };
    open.set(dir, shared);
    return shared;
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function closeShared(dir: string, { store, lock }: Shared): Promise<void> {
  open.delete(dir);
  const closed = store.tables.environment.close().finally(() => {
    lock.release();
    closing.delete(dir);
  });
  closing.set(dir, closed);
  await closed;
}
