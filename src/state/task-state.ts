import type { Attempt, Quarantine, StateChange, StateIdentity, Store, StoreKey, StoreSize, StoreValue, TaskState } from '../../actors/store.ts';
import { jsonOf } from './entry-codec.ts';
import { KeyedStore } from './keyed-store.ts';
import type { Progress } from './meta.ts';
import type { PreparedChange } from './prepared-codec.ts';
import { Restore } from './restore.ts';
import type { ChangelogEntry } from './restore.ts';
import type { TaskDisk } from './task-disk.ts';

/** What code passes. */
export interface TaskStateSettings {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds after which an applied epoch is written though no other follows. */
  readonly writeDelay: number;
}

/** An epoch that is applied and not written to the stores yet, and how far it brings the state. */
interface Unwritten {
  readonly changes: readonly PreparedChange[];
  readonly progress: Progress;
}

/**
 * A task's state: overlays in memory over what is on disk. An epoch's changes are written twice: as prepared chunks before the commit, and to the
 * stores after it, together with the chunks of the next epoch, so that each epoch costs one transaction.
 */
export class LmdbTaskState implements TaskState {
  readonly quarantined: Quarantine | null;
  readonly #disk: TaskDisk;
  readonly #settings: TaskStateSettings;
  readonly #stores = new Map<string, KeyedStore>();
  #unwritten: Unwritten | null = null;
  /** Noted for the epoch that is applied next. */
  #positions: Record<string, number> = {};
  /** What the sealed epoch changed, once it was asked for. */
  #sealed: readonly PreparedChange[] | null = null;
  #isPrepared = false;
  #timer: NodeJS.Timeout | null = null;
  #restore: Restore | null = null;
  #isOpen = true;

  constructor(disk: TaskDisk, identity: StateIdentity, settings: TaskStateSettings, quarantined: Quarantine | null) {
    this.quarantined = quarantined;
    this.#disk = disk;
    this.#settings = settings;
    const onDamage = (reason: string): void => { disk.folder.markCorrupt(reason); };
    for (const name of identity.stores.keys()) this.#stores.set(name, new KeyedStore(name, disk.table(name), onDamage));
  }

  get applied(): Attempt | null {
    return this.#latest.applied;
  }

  get writtenAt(): number | null {
    return this.#latest.writtenAt;
  }

  get prepared(): Attempt | null {
    return this.#latest.prepared;
  }

  /** With what is applied and not written. */
  get #latest(): Progress {
    return this.#unwritten?.progress ?? this.#disk.progress;
  }

  applyPrepared(): void {
    const { progress } = this.#disk;
    if (progress.prepared === null) throw new Error('no epoch is prepared');
    this.#disk.applyPrepared({ ...progress, applied: progress.prepared, writtenAt: this.#settings.now(), prepared: null });
  }

  discardPrepared(): void {
    const { progress } = this.#disk;
    if (progress.prepared !== null) this.#disk.write([], { ...progress, prepared: null });
  }

  changelogPosition(store: string): number | null {
    return this.#restore === null ? (this.#latest.positions[store] ?? null) : this.#restore.position(store);
  }

  wipe(aside: boolean): string | null {
    this.#stopTimer();
    const path = this.#disk.recreate(aside);
    for (const store of this.#stores.values()) store.reset(this.#disk.table(store.name));
    this.#unwritten = null;
    this.#restore = null;
    this.#positions = {};
    this.#sealed = null;
    this.#isPrepared = false;
    return path;
  }

  restore(store: string, entries: readonly ChangelogEntry[], position: number): void {
    this.#settle();
    this.#restore ??= new Restore(this.#disk, this.#settings.now);
    this.#restore.add(store, entries, position);
  }

  continueRestore(): boolean {
    return this.#restore?.step() ?? false;
  }

  restored(attempt: Attempt): void {
    this.#settle();
    while (this.continueRestore());
    this.#restore = null;
    this.#disk.write([], { ...this.#disk.progress, applied: attempt, prepared: null, writtenAt: this.#settings.now() });
  }

  store(name: string): Store {
    return this.#store(name);
  }

  appliedRange(store: string, from: StoreKey, to: StoreKey): Iterable<readonly [StoreKey, StoreValue]> {
    return this.#store(store).appliedRange(from, to);
  }

  seal(store: string): void {
    this.#store(store).seal();
    this.#sealed = null;
  }

  sealed(): readonly StateChange[] {
    return this.#sealedChanges().map(({ store, entry }) => ({ store, key: entry.key, value: jsonOf(entry) }));
  }

  prepare(attempt: Attempt): void {
    this.#stopTimer();
    const progress = { ...this.#latest, prepared: attempt };
    this.#disk.prepare(this.#unwritten?.changes ?? [], this.#sealedChanges(), progress);
    this.#written();
    this.#isPrepared = true;
  }

  apply(attempt: Attempt): void {
    const { prepared, positions } = this.#disk.progress;
    if (!this.#isPrepared || prepared?.epoch !== attempt.epoch || prepared.nonce !== attempt.nonce) throw new Error(`epoch ${attempt.epoch} (${attempt.nonce}) was not prepared`);
    const progress = { applied: attempt, writtenAt: this.#settings.now(), prepared: null, positions: { ...positions, ...this.#positions } };
    this.#unwritten = { changes: this.#sealedChanges(), progress };
    this.#positions = {};
    this.#sealed = null;
    this.#isPrepared = false;
    for (const store of this.#stores.values()) store.apply();
    this.#timer = setTimeout(() => { this.#settleLater(); }, this.#settings.writeDelay).unref();
  }

  noteChangelog(positions: ReadonlyMap<string, number>): void {
    for (const [store, position] of positions) this.#positions[store] = position;
  }

  get size(): { readonly entries: number; readonly bytes: number } {
    return this.#disk.size;
  }

  get sizes(): readonly StoreSize[] {
    return this.#disk.sizes;
  }

  get dirty(): number {
    let count = 0;
    for (const store of this.#stores.values()) count += store.dirty + (this.#isPrepared ? 0 : store.sealed);
    return count;
  }

  flush(): Promise<void> {
    return this.#isOpen ? this.#disk.flushAhead() : Promise.resolve();
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    let clean = true;
    try {
      this.#settle();
      this.#restore?.close();
    } catch {
      // What is prepared on disk is what was committed: the next one to open it applies that.
      clean = false;
    }
    this.#disk.close(clean);
  }

  /** Writes what is applied; nothing waits behind it. */
  #settle(): void {
    this.#stopTimer();
    if (this.#unwritten === null) return;
    this.#disk.write(this.#unwritten.changes, this.#unwritten.progress);
    this.#written();
  }

  #settleLater(): void {
    // An epoch that was prepared meanwhile has written it.
    this.#timer = null;
    try {
      this.#settle();
    } catch {
      // It is kept; the next `prepare` tries again, and tells.
    }
  }

  #written(): void {
    this.#unwritten = null;
    for (const store of this.#stores.values()) store.written();
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #sealedChanges(): readonly PreparedChange[] {
    this.#sealed ??= [...this.#stores.values()].flatMap((store) => store.encodeSealed().map((entry) => ({ store: store.name, entry })));
    return this.#sealed;
  }

  #store(name: string): KeyedStore {
    const store = this.#stores.get(name);
    if (store === undefined) throw new Error(`the task has no store ${name}`);
    return store;
  }
}
