import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StateDirectory, StateIdentity, TaskState } from '../../actors/store.ts';
import { createStateDirectory } from '../../src/state/directory.ts';
import type { StateDirectorySettings } from '../../src/state/directory.ts';

/** Folders of state that go when the process ends. */
const roots: string[] = [];
process.once('exit', () => {
  for (const root of roots) rmSync(root, { recursive: true, force: true });
});

/** An empty folder. */
export function stateFolder(): string {
  const root = mkdtempSync(join(tmpdir(), 'millrace-state-'));
  roots.push(root);
  return root;
}

/** The task `counts-0` of topology `orders`. */
export function identity(stores: Readonly<Record<string, Readonly<Record<string, unknown>>>> = { counts: { type: 'window' } }, durability: StateIdentity['durability'] = 'process'): StateIdentity {
  return { topology: 'orders', task: 'counts-0', stores: new Map(Object.entries(stores)), durability };
}

/** Where that task is. */
export function taskFolder(root: string): string {
  return join(root, 'stores', 'orders', 'counts-0');
}

/** A state directory in a folder of its own. */
export function stateDirectory(settings: StateDirectorySettings = {}, root = stateFolder()): { readonly root: string; readonly directory: StateDirectory } {
  return { root, directory: createStateDirectory(root, settings) };
}

/** What a kill at this moment leaves behind, as a folder of its own: what is written, without what is only in memory. */
export function afterKill(root: string): string {
  const copy = stateFolder();
  copyFolder(root, copy);
  return copy;
}

function copyFolder(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (entry.isDirectory()) copyFolder(join(from, entry.name), join(to, entry.name));
    // LMDB's lock names its owner, who would be this process.
    else if (entry.name !== 'lock.mdb' && existsSync(join(from, entry.name))) copyFileSync(join(from, entry.name), join(to, entry.name));
  }
}

/** Everything in a store. */
export function contents(state: TaskState, store: string): (readonly [string, unknown])[] {
  return [...state.store(store).range('', '\xff'.repeat(4))];
}

/** Puts some entries and makes an epoch of them that is applied. */
export function applyEpoch(state: TaskState, epoch: number, entries: Readonly<Record<string, number>>, store = 'counts'): void {
  for (const [key, value] of Object.entries(entries)) state.store(store).put(key, value);
  state.seal(store);
  state.prepare({ epoch, nonce: `n${epoch}` });
  state.apply({ epoch, nonce: `n${epoch}` });
}
