import { existsSync, statSync } from 'node:fs';
import type { Attempt, StoreKey, StoreValue } from '../../actors/store.ts';
import { checkDataFile } from './data-file.ts';
import { decodeEntry, diskBound, diskEnd, isShortened } from './entry-codec.ts';
import { Environment } from './environment.ts';
import type { Table } from './environment.ts';
import { acquireLock } from './lock.ts';
import { putIdentity, putProgress, readIdentity, readProgress } from './meta.ts';
import { metaName } from './task-disk.ts';
import { heldTasks, heldTopologies, TaskFolder } from './task-folder.ts';

/** What lies on disk of one store. */
export interface StoreSummary {
  readonly name: string;
  readonly entries: number;
  readonly holds: Readonly<Record<string, unknown>>;
}

/** What lies on disk of a task. A daemon may be at work on it: what it applied in the last moment may lack. */
export interface TaskSummary {
  readonly topology: string;
  readonly task: string;
  readonly path: string;
  readonly bytes: number;
  readonly applied: Attempt | null;
  /** An epoch whose commit was under way when the task ended. */
  readonly prepared: Attempt | null;
  readonly writtenAt: number | null;
  readonly stores: readonly StoreSummary[];
  /** Changelog offsets up to which it is known, by store. */
  readonly positions: Readonly<Record<string, number>>;
  /** Why nothing can be said of it; null where it can. */
  readonly problem: string | null;
}

/** Which tasks, by the name under which their state is kept; null for all. */
export interface Selection {
  readonly topology: string | null;
  readonly task: string | null;
}

/** An entry of a store. */
export interface FoundEntry {
  readonly task: string;
  readonly key: string;
  readonly value: StoreValue;
}

/** The tasks that have state in a state directory. */
export function selectTasks(stateDir: string, { topology, task }: Selection): { readonly topology: string; readonly task: string; readonly folder: TaskFolder }[] {
  const topologies = heldTopologies(stateDir).filter((name) => topology === null || name === topology);
  return topologies.flatMap((name) => heldTasks(stateDir, name).filter((held) => task === null || held === task).map((held) => ({ topology: name, task: held, folder: new TaskFolder(stateDir, name, held) })));
}

/** What there is, without reading the entries. */
export function summarize(stateDir: string, selection: Selection): TaskSummary[] {
  return selectTasks(stateDir, selection).map(({ topology, task, folder }) => {
    const nothing = { topology, task, path: folder.path, bytes: existsSync(folder.dataFile) ? statSync(folder.dataFile).size : 0, applied: null, prepared: null, writtenAt: null, stores: [], positions: {} };
    const problem = unreadable(folder);
    if (problem !== null) return { ...nothing, problem };
    return withEnvironment(folder, (environment) => {
      const meta = environment.table(metaName);
      const { applied, prepared, writtenAt, positions } = readProgress(meta);
      const stores = Object.entries(readIdentity(meta)?.stores ?? {}).map(([name, holds]) => ({ name, holds, entries: environment.entries(name) }));
      return { ...nothing, applied, prepared, writtenAt, stores, positions, problem: null };
    });
  });
}

/** Why LMDB should not, or need not, open it; null where it can. */
export function unreadable(folder: TaskFolder): string | null {
  const reason = folder.corruption ?? folder.lost();
  if (reason !== null) return reason;
  const state = checkDataFile(folder.dataFile);
  if (state === 'new') return 'nothing was written yet';
  return state === 'damaged' ? 'data.mdb does not begin as a data file of LMDB' : null;
}

/** Keys from the first to below the second. */
export type KeyRange = readonly [from: StoreKey, to: StoreKey];

/** Which entries: those in some ranges, one after the other, null for all; whose key has `text` in it, '' for any. */
export interface EntryFilter {
  readonly text: string;
  readonly ranges: readonly KeyRange[] | null;
}

/** Entries of a store, in key order. */
export function* findEntries(stateDir: string, selection: Selection, store: string, { text, ranges }: EntryFilter): Generator<FoundEntry> {
  const part = Buffer.from(text).toString('latin1');
  for (const { task, folder } of selectTasks(stateDir, selection)) {
    if (unreadable(folder) !== null) continue;
    const environment = new Environment(folder.path, { readOnly: true });
    try {
      if (!environment.names().includes(store)) continue;
      for (const range of ranges ?? [null]) for (const [key, value] of entriesIn(environment.table(store), part, range)) yield { task, key, value };
    } finally {
      environment.close();
    }
  }
}

function* entriesIn(table: Table, part: string, range: KeyRange | null): Generator<readonly [StoreKey, StoreValue]> {
  const bounds = range === null ? {} : { start: diskBound(range[0]), end: diskEnd(range[1]) };
  for (const { key: found, value: bytes } of table.getRange({ snapshot: false, ...bounds })) {
    // Most keys lie there as they are: those that have not the text need not be decoded.
    if (!isShortened(found) && !found.toString('latin1').includes(part)) continue;
    const [key, value] = decodeEntry(found, bytes);
    if (key.includes(part) && (range === null || (key >= range[0] && key < range[1]))) yield [key, value];
  }
}

/** What was, or would be, given up. */
export interface Dropped {
  readonly topology: string;
  readonly task: string;
  readonly store: string | null;
}

/**
 * Gives up a store, or with null all, of the selected tasks. Only while no daemon holds the state directory: throws `state_locked`. With `rebuilt`
 * what is left counts as half restored, so that the next start reads the store back from its changelog.
 */
export function dropState(stateDir: string, selection: Selection, store: string | null, rebuilt = false): Dropped[] {
  if (listDrops(stateDir, selection, store).length === 0) return [];
  const lock = acquireLock(stateDir);
  try {
    return listDrops(stateDir, selection, store).map(({ topology, task }) => {
      const folder = new TaskFolder(stateDir, topology, task);
      if (store === null) folder.remove();
      else dropStore(folder, store, rebuilt);
      return { topology, task, store };
    });
  } finally {
    lock.release();
  }
}

/** What `dropState` would give up. */
export function listDrops(stateDir: string, selection: Selection, store: string | null): Dropped[] {
  const tasks = selectTasks(stateDir, selection).filter(({ folder }) => store === null || (unreadable(folder) === null && Object.hasOwn(folder.readStores()?.stores ?? {}, store)));
  return tasks.map(({ topology, task }) => ({ topology, task, store }));
}

/** The database as a whole: LMDB can crash when one is only cleared. */
function dropStore(folder: TaskFolder, store: string, rebuilt: boolean): void {
  withEnvironment(folder, (environment) => {
    const meta = environment.table(metaName);
    const identity = readIdentity(meta);
    if (identity === null) return;
    const without = { ...identity, stores: Object.fromEntries(Object.entries(identity.stores).filter(([name]) => name !== store)) };
    const progress = readProgress(meta);
    const { [store]: _position, ...positions } = progress.positions;
    const { [store]: _runs, ...runs } = progress.runs ?? {};
    environment.drop(store);
    environment.write(0, () => {
      putIdentity(meta, without);
      putProgress(meta, { ...progress, positions, runs, ...(rebuilt ? { applied: null, prepared: null } : {}) });
    });
    folder.writeStores(without);
  }, false);
}

function withEnvironment<T>(folder: TaskFolder, use: (environment: Environment) => T, readOnly = true): T {
  const environment = new Environment(folder.path, { readOnly });
  try {
    return use(environment);
  } finally {
    environment.close();
  }
}
