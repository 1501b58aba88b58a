import type { TaskPlace } from './remembered.ts';

/*
 * Keyed state, as the logic of a node and as the runtime sees it. `src/state` provides it on LMDB.
 */

/** A key as a binary string: one character, U+0000 to U+00FF, for each byte. Such strings compare as their bytes do, and are keys of maps. */
export type StoreKey = string;

/** What a store holds under a key: anything JSON has. Never changed in place. */
export type StoreValue = null | boolean | number | string | readonly StoreValue[] | { readonly [name: string]: StoreValue };

/** One node's keyed state in one task. Reads see the node's own writes at once; all of it is synchronous. */
export interface Store {
  get(key: StoreKey): StoreValue | undefined;
  put(key: StoreKey, value: StoreValue): void;
  delete(key: StoreKey): void;
  /** Entries with `from` <= key < `to`, in key order. The entry just read may be put or deleted meanwhile; whether other changes are seen is open. */
  range(from: StoreKey, to: StoreKey): Iterable<readonly [StoreKey, StoreValue]>;
}

/** One try to commit an epoch; the nonce is new for each, so that a prepared attempt of another owner is told apart. */
export interface Attempt {
  readonly epoch: number;
  readonly nonce: string;
  /** Where it was, or would be, committed; kept with the state. */
  readonly at?: TaskPlace;
}

/** An entry that an epoch put, or deleted (`value` null), as the changelog topic holds it. */
export interface StateChange {
  readonly store: string;
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
}

/** Whose state it is. */
export interface StateIdentity {
  readonly topology: string;
  readonly task: string;
  /** What each store holds, by its name. */
  readonly stores: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  /** `process`: survives a kill of the process. `power`: flushed before a commit, survives a loss of power. */
  readonly durability: 'process' | 'power';
}

/** State that could not be used when it was opened. */
export interface Quarantine {
  readonly reason: string;
  /** Where it was put aside; null where nothing of it was worth keeping. */
  readonly path: string | null;
}

/** How large a store is on disk, without what was not written yet. */
export interface StoreSize {
  readonly store: string;
  readonly entries: number;
  readonly bytes: number;
}

/** The stores of one task, on this machine. Methods throw `Failure`s. */
export interface TaskState {
  /** The last epoch that is whole in it; null for none: new, or half restored. */
  readonly applied: Attempt | null;
  /** When that was written last, in milliseconds since 1970; null for never. */
  readonly writtenAt: number | null;
  /** An epoch that was made ready and not applied. */
  readonly prepared: Attempt | null;
  /** Null where what was found is used, or nothing was. */
  readonly quarantined: Quarantine | null;
  applyPrepared(): void;
  discardPrepared(): void;

  /** The changelog offset of a store from which a restore goes on; null: from the beginning. */
  changelogPosition(store: string): number | null;
  /** Begins empty. With `aside` what was there is kept under another name, which is returned. */
  wipe(aside: boolean): string | null;
  /** Takes in restored entries; `position` is the changelog offset behind them. From the first call on `applied` is null. */
  restore(store: string, entries: readonly { readonly key: Uint8Array; readonly value: Uint8Array | null }[], position: number): void;
  /** Does a part of what the restored entries leave to do, some ten milliseconds long; false when nothing is left. Called until then, with turns between, before `restored`. */
  continueRestore(): boolean;
  /** All is restored: this is the state of that epoch. Does at once what `continueRestore` left. */
  restored(attempt: Attempt): void;

  store(name: string): Store;
  /** Entries of a store with `from` <= key < `to`, in key order, as the applied epoch left them: for whoever looks on. Read in one go. */
  appliedRange(store: string, from: StoreKey, to: StoreKey): Iterable<readonly [StoreKey, StoreValue]>;
  /** At a node's barrier: what its store was told so far belongs to the epoch that ends, what comes to the next. */
  seal(store: string): void;
  /** What the sealed epoch changed, over all stores; each entry once, however often it was changed. */
  sealed(): readonly StateChange[];
  /** The sealed epoch is on disk, not yet current. */
  prepare(attempt: Attempt): void;
  /** The prepared epoch is current. It may reach the disk with the next `prepare`, or a little later. */
  apply(attempt: Attempt): void;
  /** All changelog records below these offsets belong to epochs up to the one that is applied next, or earlier. */
  noteChangelog(positions: ReadonlyMap<string, number>): void;

  /** Entries over all stores as they are on disk, and bytes on disk. */
  readonly size: { readonly entries: number; readonly bytes: number };
  /** The same for each store by itself: what lies in its own pages. Looks at the file: not for each epoch. */
  readonly sizes: readonly StoreSize[];
  /** Entries changed and not yet prepared. */
  readonly dirty: number;
  /** Puts what is written on disk, outside of this thread; `close` does so too, and has less to do then. */
  flush(): Promise<void>;
  /** Writes what is applied, and closes. Safe to call twice. */
  close(): void;
}

/** What a daemon keeps of its stateful tasks. */
export interface StateDirectory {
  /** Opens, or makes, the state of a task. Throws `state_incompatible` where it holds something else; puts aside what is damaged or foreign. */
  open(identity: StateIdentity): TaskState;
  /** Tasks of a topology that have state here. */
  held(topology: string): readonly string[];
}
