import type { Codec, PlainCodec } from '../codec.ts';
import type { TransformLogic } from '../component.ts';
import type { Failure } from '../failure.ts';
import type { GroupKey } from '../keyed/group-key.ts';
import type { Broker } from '../port.ts';
import type { StoreValue } from '../store.ts';

/*
 * Replicated tables: the static or slowly changing side of an enrichment, whole on each daemon, outside of checkpoints.
 * `src/tables` keeps them.
 */

/** Where the rows of a table come from, and how they are read. */
export type TableLogic = TopicTable | FileTable | QueryTable;

/** The last value of each key of a topic, kept up to date; a tombstone deletes. */
export interface TopicTable {
  readonly from: 'topic';
  readonly topic: string;
  readonly codec: Codec;
  /** Of a row. */
  readonly key: GroupKey;
  /** What rows on disk were made by, and may be used again for; null where they may not: they are read anew at each start. */
  readonly holds: Readonly<Record<string, unknown>> | null;
}

/** The rows of a file, read again when it changes. */
export interface FileTable {
  readonly from: 'file';
  readonly path: string;
  readonly format: 'csv' | 'ndjson' | 'json';
  /** Field of a row. */
  readonly key: readonly string[];
  /** JSON. */
  readonly codec: PlainCodec;
  /** Milliseconds between two looks at the file. */
  readonly refresh: number;
}

/** The rows that a query of PostgreSQL gives, asked again and again. */
export interface QueryTable {
  readonly from: 'postgres';
  readonly url: string;
  readonly query: string;
  /** Column of the result. */
  readonly key: string;
  /** Milliseconds between two questions. */
  readonly refresh: number;
  /** Milliseconds after which an answer is not waited for any longer. */
  readonly timeout: number;
}

/** A table as nodes look into it. */
export interface TableView {
  /** The row under a key, a binary string (`actors/keyed/binary.ts`); undefined where there is none. All look-ups of one batch see one state of the table. */
  get(key: string): StoreValue | undefined;
}

/** A node that looks up rows of a replicated table. */
export interface LookupLogic {
  open(table: TableView): TransformLogic;
}

/** How a table stands, for people. */
export interface TableStatus {
  readonly name: string;
  readonly type: string;
  /** Whether it was read to the end there was at the start. */
  readonly ready: boolean;
  readonly rows: number;
  /** On disk. */
  readonly bytes: number;
  /** When its source was last seen to be as the table is, in milliseconds since 1970; null for never. */
  readonly current: number | null;
  /** Why it could not be read lately, in one line; the rows are those of `current`. Null where it could. */
  readonly trouble: string | null;
}

/** A table of a topology, by its name in the file. */
export interface NamedTable {
  readonly name: string;
  readonly type: string;
  /** A row that cannot be used is left out and told; with `fail` the table is not used at all. */
  readonly onError: 'skip' | 'fail';
  readonly logic: TableLogic;
}

/** The tables of one topology on this daemon, from its start to its end. */
export interface TableSet {
  /** Resolves once each table holds what its source had when this was asked; tries again and again while a source is away. Rejects with a fatal `Failure`. */
  ready(): Promise<void>;
  view(name: string): TableView;
  status(): readonly TableStatus[];
  /** Each table takes in what its source has by now; for tests, which do not wait. Rejects with a `Failure` where it cannot. */
  refresh(): Promise<void>;
  /** Safe to call twice. */
  close(): Promise<void>;
}

/** What keeps tables on this daemon. */
export interface TableKeeper {
  /** Where tables of this topology are still being closed, the new ones wait for that. */
  open(settings: TableSetSettings): TableSet;
}

/** What the tables of a topology are kept with. */
export interface TableSetSettings {
  /** The group: it names the folder. */
  readonly topology: string;
  readonly tables: readonly NamedTable[];
  readonly broker: Broker;
  /** Which broker that is: rows that came from another are not used. */
  readonly cluster: string;
  readonly clock: TableClock;
  /** A table's source is away, or a new state of it cannot be used; null: it is as it should be again. */
  onTrouble(table: string, failure: Failure | null): void;
  /** A table holds a new state of its source: at the start, and whenever a file or a query was read again. */
  onLoaded(table: string, status: TableStatus): void;
  /** Rows that were left out, and why the first of them was. */
  onSkipped(table: string, rows: number, reason: Failure): void;
}

/** Time as tables need it. */
export interface TableClock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls back once after so many milliseconds; gives what cancels it. */
  after(milliseconds: number, callback: () => void): () => void;
}
