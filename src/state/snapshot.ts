import type { Transaction } from 'lmdb';
import type { Attempt, StoreKey, StoreValue } from '../../actors/store.ts';
import { decodeEntry } from './entry-codec.ts';
import { Environment } from './environment.ts';
import type { Table } from './environment.ts';
import { selectTasks, unreadable } from './inspect.ts';
import type { Selection } from './inspect.ts';
import { readIdentity, readProgress } from './meta.ts';
import type { Holds, Progress } from './meta.ts';
import { metaName } from './task-disk.ts';

/** A task's store as it was at one moment: entries and epoch belong together, also while a daemon writes on. To be closed. */
export interface StoreSnapshot {
  readonly task: string;
  /** What the store holds; null where the task has no such store. */
  readonly holds: Holds | null;
  /** The epoch that it is whole in; null for none: new, or half restored. */
  readonly applied: Attempt | null;
  /** An epoch whose commit was under way. */
  readonly prepared: Attempt | null;
  /** Why nothing can be said of it; null where it can. */
  readonly problem: string | null;
  /** In key order. Throws `state_corrupt`. */
  entries(): Iterable<readonly [StoreKey, StoreValue]>;
  close(): void;
}

/** A store in each of the selected tasks that has state here. */
export function snapshotStore(stateDir: string, selection: Selection, store: string): StoreSnapshot[] {
  const snapshots: StoreSnapshot[] = [];
  try {
    for (const { task, folder } of selectTasks(stateDir, selection)) {
      const problem = unreadable(folder);
      snapshots.push(problem === null ? openSnapshot(task, folder.path, store) : { ...nothing, task, problem });
    }
    return snapshots;
  } catch (error) {
    for (const snapshot of snapshots) snapshot.close();
    throw error;
  }
}

const nothing: Omit<StoreSnapshot, 'task' | 'problem'> = { holds: null, applied: null, prepared: null, entries: () => [], close: () => undefined };

function openSnapshot(task: string, path: string, store: string): StoreSnapshot {
  const environment = new Environment(path, { readOnly: true });
  try {
    const meta = environment.table(metaName);
    const table = environment.names().includes(store) ? environment.table(store) : null;
    const transaction = environment.snapshot();
    const { applied, prepared }: Progress = readProgress(meta, transaction);
    return {
      task,
      holds: table === null ? null : (readIdentity(meta, transaction)?.stores[store] ?? null),
      applied,
      prepared,
      problem: null,
      entries: () => (table === null ? [] : entriesOf(table, transaction)),
      close() {
        transaction.done();
        environment.close();
      }
    };
  } catch (error) {
    environment.close();
    throw error;
  }
}

function* entriesOf(table: Table, transaction: Transaction): Generator<readonly [StoreKey, StoreValue]> {
  for (const { key, value } of table.getRange({ transaction })) yield decodeEntry(key, value);
}
