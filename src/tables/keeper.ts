import type { Failure } from '../../actors/failure.ts';
import type { NamedTable, TableKeeper, TableSet, TableSetSettings } from '../../actors/table/table.ts';
import { FileSource } from './file.ts';
import { removeOthers, TableFolder } from './folder.ts';
import { PostgresSource } from './postgres.ts';
import type { Source, SourceListener } from './source.ts';
import { TableStorage } from './storage.ts';
import { ReplicatedTable } from './table.ts';
import { TopicSource } from './topic.ts';

/** How tables are kept. */
export interface KeeperOptions {
  /** Whether sources are looked at again and again; else only where somebody asks, and what is away is not waited for. */
  readonly follow?: boolean;
}

/** Keeps the replicated tables of a daemon, under `<dir>/tables`. */
export function createTableKeeper(dir: string, { follow = true }: KeeperOptions = {}): TableKeeper {
  /** Tables that are being closed, by topology. */
  const closing = new Map<string, Promise<void>>();
  return {
    open(settings) {
      const before = closing.get(settings.topology) ?? Promise.resolve();
      const set = new ReplicatedTables(dir, settings, follow, before);
      closing.set(settings.topology, set.closed);
      return set;
    }
  };
}

class ReplicatedTables implements TableSet {
  readonly #tables: ReadonlyMap<string, ReplicatedTable>;
  readonly #ended = Promise.withResolvers<void>();

  constructor(dir: string, settings: TableSetSettings, follow: boolean, before: Promise<void>) {
    const { topology, tables } = settings;
    const ready = before.then(() => { removeOthers(dir, topology, tables.map(({ name }) => name)); });
    this.#tables = new Map(tables.map((table) => [table.name, makeTable(table, new TableFolder(dir, topology, table.name), settings, follow)]));
    for (const table of this.#tables.values()) table.start(ready);
  }

  /** Resolves when all are closed. */
  get closed(): Promise<void> {
    return this.#ended.promise;
  }

  async ready(): Promise<void> {
    await Promise.all([...this.#tables.values()].map((table) => table.ready()));
  }

  view(name: string): ReplicatedTable {
    const table = this.#tables.get(name);
    if (table === undefined) throw new Error(`there is no table ${name}`);
    return table;
  }

  status() {
    return [...this.#tables.values()].map((table) => table.status());
  }

  async refresh(): Promise<void> {
    await Promise.all([...this.#tables.values()].map((table) => table.refresh()));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#tables.values()].map((table) => table.close()));
    this.#ended.resolve();
  }
}

function makeTable(table: NamedTable, folder: TableFolder, settings: TableSetSettings, follow: boolean): ReplicatedTable {
  const { name, type, logic } = table;
  const { cluster, clock } = settings;
  const kept = logic.from === 'topic' && logic.holds !== null ? JSON.stringify({ format, cluster, ...logic.holds }) : null;
  const storage = new TableStorage(folder, kept);
  const listener: SourceListener = {
    loaded: () => { settings.onLoaded(name, made.status()); },
    skipped: (rows: number, reason: Failure) => { settings.onSkipped(name, rows, reason); }
  };
  const made: ReplicatedTable = new ReplicatedTable({
    name, type, clock, storage, follow,
    source: sourceOf(table, settings, storage, listener),
    onTrouble: (failure) => { settings.onTrouble(name, failure); }
  });
  return made;
}

/** Of what is on disk. */
const format = 1;

function sourceOf({ logic, onError }: NamedTable, { broker, clock }: TableSetSettings, storage: TableStorage, listener: SourceListener): Source {
  switch (logic.from) {
    case 'topic':
      return new TopicSource({ logic, broker, clock, storage, onError, listener });
    case 'file':
      return new FileSource({ logic, clock, storage, listener });
    case 'postgres':
      return new PostgresSource({ logic, clock, storage, listener });
  }
}
