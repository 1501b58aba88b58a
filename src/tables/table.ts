import { asFailure, Failure } from '../../actors/failure.ts';
import { formatDuration } from '../../actors/options.ts';
import type { StoreValue } from '../../actors/store.ts';
import type { TableClock, TableStatus, TableView } from '../../actors/table/table.ts';
import { showKey } from './row.ts';
import type { Reason, Source } from './source.ts';
import type { TableStorage } from './storage.ts';

/** What a table is made of. */
export interface TableSettings {
  readonly name: string;
  readonly type: string;
  readonly clock: TableClock;
  readonly storage: TableStorage;
  readonly source: Source;
  /** Whether the source is looked at again and again, or only where somebody asks. */
  readonly follow: boolean;
  readonly onTrouble: (failure: Failure | null) => void;
}

/** Somebody who waits for a look that begins from now on. */
interface Asked {
  readonly reason: Reason;
  /** Whether a source that is away is waited for. */
  readonly patient: boolean;
  readonly resolve: () => void;
  readonly reject: (failure: Failure) => void;
}

/** Milliseconds between two tries while a source is away. */
const retry = { first: 200, often: 1000, most: 10_000 };

/** Milliseconds between two tellings of troubles that differ. */
const toldInterval = 10_000;

/** A table: looks at its source again and again, and is looked up in. */
export class ReplicatedTable implements TableView {
  readonly #settings: TableSettings;
  readonly #closing = new AbortController();
  #asked: Asked[] = [];
  #wake: (() => void) | null = null;
  #tries = 0;
  /** When the source was last seen to be as the table is. */
  #current: number | null = null;
  #trouble: Failure | null = null;
  #told: { readonly message: string; readonly at: number } | null = null;
  /** Why the table is not used at all. */
  #refused: Failure | null = null;
  #running: Promise<void> | null = null;

  constructor(settings: TableSettings) {
    this.#settings = settings;
  }

  /** Begins to look, once `before` has come. */
  start(before: Promise<unknown>): void {
    this.#running ??= before.then(() => this.#run());
  }

  /** Resolves once the table holds what the source has now, however long that takes. */
  ready(): Promise<void> {
    return this.#ask('asked', this.#settings.follow);
  }

  /** Resolves after one look, whatever it costs. */
  refresh(): Promise<void> {
    return this.#ask('forced', false);
  }

  get(key: string): StoreValue | undefined {
    if (this.#refused !== null) throw new Failure('table_unavailable', `Table ${this.#settings.name}: ${this.#refused.message}`, { cause: this.#refused });
    try {
      return this.#settings.storage.get(key);
    } catch (error) {
      if (this.#settings.storage.isDamaged) throw new Failure('table_unavailable', `Table ${this.#settings.name}: its row ${showKey(key)} is damaged on disk, and it is read anew.`);
      throw error;
    }
  }

  status(): TableStatus {
    const { name, type, storage } = this.#settings;
    const shown = storage.current ?? storage.next;
    return { name, type, ready: storage.current !== null, rows: shown?.rows ?? 0, bytes: shown?.bytes ?? 0, current: this.#current, trouble: this.#describe() };
  }

  /** Safe to call twice. */
  async close(): Promise<void> {
    this.#closing.abort(new Failure('table_unavailable', `Table ${this.#settings.name} was closed.`));
    this.#wake?.();
    await this.#running;
  }

  #ask(reason: Reason, patient: boolean): Promise<void> {
    if (this.#refused !== null) return Promise.reject(this.#refused);
    if (this.#closing.signal.aborted) return Promise.reject(this.#closing.signal.reason as Failure);
    return new Promise<void>((resolve, reject) => {
      this.#asked.push({ reason, patient, resolve, reject });
      this.#wake?.();
    });
  }

  async #run(): Promise<void> {
    const { follow } = this.#settings;
    while (!this.#closing.signal.aborted && this.#refused === null) {
      if (follow || this.#asked.length > 0) await this.#look();
      if (this.#asked.some(({ patient }) => !patient || this.#trouble === null)) continue;
      await this.#sleep();
    }
    for (const { reject } of this.#asked.splice(0)) reject(this.#refused ?? (this.#closing.signal.reason as Failure));
    await this.#settings.storage.close();
  }

  async #look(): Promise<void> {
    const asked = this.#asked.splice(0);
    const reason = asked.some((each) => each.reason === 'forced') ? 'forced' : asked.length > 0 ? 'asked' : 'due';
    const { source, clock } = this.#settings;
    const begun = clock.now();
    try {
      await source.look(reason, this.#closing.signal);
      this.#current = begun;
      this.#tries = 0;
      this.#tell(null);
      for (const { resolve } of asked) resolve();
    } catch (error) {
      this.#failed(asFailure(error, 'task_crashed'), asked);
    }
  }

  #failed(failure: Failure, asked: readonly Asked[]): void {
    if (this.#closing.signal.aborted) this.#asked.push(...asked);
    else if (failure.kind === 'retryable') {
      this.#tries += 1;
      this.#tell(failure);
      for (const each of asked) if (each.patient) this.#asked.push(each);
      const told = new Failure(failure.code, `table ${this.#settings.name}: ${failure.message}`, { cause: failure });
      for (const { patient, reject } of asked) if (!patient) reject(told);
    } else {
      const { name } = this.#settings;
      const refused = failure.kind === 'fatal' ? failure : new Failure('record_failed', `table ${name}: ${failure.code}: ${failure.message}`, { cause: failure });
      this.#refused = refused;
      this.#tell(refused);
      for (const { reject } of asked) reject(refused);
    }
  }

  #tell(failure: Failure | null): void {
    const { clock, onTrouble } = this.#settings;
    this.#trouble = failure;
    if (failure === null) {
      if (this.#told !== null) onTrouble(null);
      this.#told = null;
    } else if (this.#told === null || (this.#told.message !== failure.message && clock.now() - this.#told.at >= toldInterval)) {
      this.#told = { message: failure.message, at: clock.now() };
      onTrouble(failure);
    }
  }

  #describe(): string | null {
    if (this.#trouble === null) return null;
    const { clock, storage } = this.#settings;
    if (storage.current === null || this.#current === null) return this.#trouble.message;
    return `${this.#trouble.message} The rows are ${formatDuration(Math.max(1, Math.round((clock.now() - this.#current) / 1000)) * 1000)} old.`;
  }

  /** Until the next look is due, or somebody asks for one. */
  #sleep(): Promise<void> {
    const { clock, follow, source } = this.#settings;
    const backoff = Math.min(retry.first * 2 ** (this.#tries - 1), retry.most) * (0.5 + Math.random() / 2);
    // Where it is looked at often when all is well, a trouble that is over should not last longer than that.
    const wait = this.#trouble === null ? source.interval : Math.min(backoff, Math.max(source.interval, retry.often));
    return new Promise<void>((resolve) => {
      const cancel = follow ? clock.after(wait, resolve) : () => undefined;
      this.#wake = () => {
        cancel();
        resolve();
      };
      if (this.#closing.signal.aborted) this.#wake();
    }).then(() => { this.#wake = null; });
  }
}
