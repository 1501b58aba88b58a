import { cpSync } from 'node:fs';
import { after } from 'node:test';
import type { Failure } from '../../actors/failure.ts';
import { toBinary } from '../../actors/keyed/binary.ts';
import type { Broker, OutgoingRecord } from '../../actors/port.ts';
import type { StoreValue } from '../../actors/store.ts';
import type { NamedTable, TableClock, TableKeeper, TableSet, TableStatus } from '../../actors/table/table.ts';
import { createEmbeddedBroker } from '../../src/broker/embedded/index.ts';
import { createTableKeeper } from '../../src/tables/keeper.ts';
import type { KeeperOptions } from '../../src/tables/keeper.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { emptyFolder } from '../support/scratch.ts';
import { planOf } from '../topology/harness.ts';

/** The tables of a file with this section `tables`. */
export function tablesOf(tables: Readonly<Record<string, object>>): NamedTable[] {
  const names = Object.keys(tables);
  const plan = planOf({
    name: 'test',
    broker: { type: 'embedded', path: './data' },
    on_error: 'skip',
    sources: { events: { type: 'kafka', topic: 'in' } },
    tables,
    transforms: Object.fromEntries(names.map((table, index) => [`look_${index}`, { type: 'enrich', from: 'events', table, into: 'row' }])),
    sinks: { out: { type: 'kafka', from: names.map((_, index) => `look_${index}`), topic: 'out' } }
  });
  return plan.tables.map((table) => ({ name: table.name, type: table.type, onError: table.onError.action === 'fail' ? 'fail' : 'skip', logic: table.build() }));
}

/** What a set of tables told. */
export interface Told {
  readonly troubles: (Failure | null)[];
  readonly loaded: TableStatus[];
  readonly skipped: { readonly rows: number; readonly reason: Failure }[];
}

/** A set of tables, and what it told. */
export interface Opened extends Told {
  readonly set: TableSet;
  /** The row under a key that is text. */
  readonly get: (key: string, table?: string) => StoreValue | undefined;
  readonly status: (table?: string) => TableStatus;
}

/** How tables are opened. */
export interface OpenOptions extends KeeperOptions {
  readonly clock?: TableClock;
  readonly onError?: 'skip' | 'fail';
  readonly cluster?: string;
  readonly broker?: Broker;
  /** One that has opened others. */
  readonly keeper?: TableKeeper;
}

const utf8 = new TextEncoder();

/** Text as bytes. */
export function bytes(text: string): Uint8Array {
  return utf8.encode(text);
}

/** A machine with a state directory and a broker of its own. Tables that a test leaves open are closed. */
export class TableWorld {
  /** The state directory. */
  dir = emptyFolder();
  readonly broker: Broker;
  readonly #open = new Set<TableSet>();

  constructor(partitions = 1) {
    this.broker = createEmbeddedBroker({ path: emptyFolder(), partitions });
    after(async () => {
      for (const set of this.#open) await set.close();
      await this.broker.close();
    });
  }

  keeper(follow = false): TableKeeper {
    return createTableKeeper(this.dir, { follow });
  }

  /** Tables that are looked at where somebody asks, if nothing else is said. */
  open(tables: Readonly<Record<string, object>>, { clock = systemClock, onError, cluster = 'here', broker = this.broker, follow = false, keeper = this.keeper(follow) }: OpenOptions = {}): Opened {
    const told: Told = { troubles: [], loaded: [], skipped: [] };
    const named = tablesOf(tables).map((table) => ({ ...table, onError: onError ?? table.onError }));
    const set = keeper.open({
      topology: 'test', tables: named, broker, cluster, clock,
      onTrouble: (_, failure) => { told.troubles.push(failure); },
      onLoaded: (_, status) => { told.loaded.push(status); },
      onSkipped: (_, rows, reason) => { told.skipped.push({ rows, reason }); }
    });
    this.#open.add(set);
    const first = named[0]?.name ?? '';
    return {
      ...told,
      set,
      get: (key, table = first) => set.view(table).get(toBinary(bytes(key))),
      status: (table = first) => set.status().find(({ name }) => name === table) as TableStatus
    };
  }

  /** Ends tables as a kill would: what is on disk at this moment stays, nothing of what closing them still writes. */
  async kill({ set }: Opened): Promise<void> {
    const copy = emptyFolder();
    cpSync(this.dir, copy, { recursive: true });
    await set.close();
    this.dir = copy;
  }

  /** Makes a topic that is not there yet. */
  async topic(topic: string, partitions = 1): Promise<void> {
    await this.broker.connect();
    await this.broker.createTopics([{ topic, partitions }]);
  }

  /** Writes JSON; null: a tombstone; a text: its bytes as they are. */
  async put(topic: string, rows: readonly (readonly [key: string | null, value: object | string | null, partition?: number])[]): Promise<void> {
    const producer = this.broker.producer();
    const records = rows.map(([key, value, partition = 0]): OutgoingRecord => ({
      topic, partition, headers: [], timestamp: 1,
      key: key === null ? null : bytes(key),
      value: value === null ? null : bytes(typeof value === 'string' ? value : JSON.stringify(value))
    }));
    await producer.send(records, 'none');
    await producer.close();
  }
}

/** Waits for what comes by itself. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`20 seconds went by without: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
