import { open } from 'lmdb';
import type { Database, RootDatabase } from 'lmdb';

/** A topic as it is stored, under its name. */
export interface StoredTopic {
  readonly id: number;
  readonly partitions: number;
  readonly config: Readonly<Record<string, string>>;
}

/** A committed offset as it is stored, under group, topic and partition. */
export interface StoredOffset {
  readonly offset: number;
  readonly metadata: string;
}

/** The named databases of an embedded broker; the root database holds nothing but their names. */
export interface Tables {
  readonly environment: RootDatabase;
  readonly topics: Database<StoredTopic, string>;
  /** Keys and values as in keys.ts and record-codec.ts. */
  readonly records: Database<Buffer, Buffer>;
  /** One past the last offset given out, under topic id and partition. */
  readonly ends: Database<number, [number, number]>;
  /** The first offset that is still there, under topic id and partition, where records were deleted. Undefined in a look at a folder that no later version wrote. */
  readonly starts: Database<number, [number, number]> | undefined;
  readonly offsets: Database<StoredOffset, [string, string, number]>;
  /** The producer epoch of each transactional id. */
  readonly epochs: Database<number, string>;
}

/**
 * Opens the databases. LMDB keeps its default sync modes: a commit survives a kill of the process at once, and a power
 * loss costs at most the last commits, never the order or the whole.
 */
export function openTables(path: string, { readOnly = false } = {}): Tables {
  const environment = open({ path, maxDbs: 8, readOnly });
  return {
    environment,
    topics: environment.openDB({ name: 'topics', encoding: 'json' }),
    records: environment.openDB({ name: 'records', encoding: 'binary', keyEncoding: 'binary' }),
    ends: environment.openDB({ name: 'ends', encoding: 'json' }),
    starts: environment.openDB({ name: 'starts', encoding: 'json' }),
    offsets: environment.openDB({ name: 'offsets', encoding: 'json' }),
    epochs: environment.openDB({ name: 'epochs', encoding: 'json' })
  };
}
