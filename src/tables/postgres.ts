import pg from 'pg';
import Cursor from 'pg-cursor';
import { Failure } from '../../actors/failure.ts';
import { formatDuration } from '../../actors/options.ts';
import type { QueryTable, TableClock } from '../../actors/table/table.ts';
import { Builder, DuplicateKey } from './builder.ts';
import type { Generation } from './generation.ts';
import { readerOf } from './postgres-types.ts';
import { diskKey, jsonBytes, keyOfValue, showKey } from './row.ts';
import type { Reason, Source, SourceListener } from './source.ts';
import type { TableStorage } from './storage.ts';

/** What a table of a query is read with. */
export interface PostgresSettings {
  readonly logic: QueryTable;
  readonly clock: TableClock;
  readonly storage: TableStorage;
  readonly listener: SourceListener;
}

/** Rows that are fetched and put away in one go: some five milliseconds. */
const rowsAtOnce = 1000;

/** Milliseconds for making a connection. */
const connectTimeout = 10_000;

/** A row as the package hands it over. */
type QueryRow = Readonly<Record<string, unknown>>;

/** An answer that cannot be used. */
class BadAnswer extends Error {}

/** Keeps a table as a query answers: all of it anew each time, over a connection of its own. */
export class PostgresSource implements Source {
  readonly interval: number;
  readonly #settings: PostgresSettings;
  /** Sum over the rows of the answer in use; null before the first. */
  #sum: number | null = null;
  #answered = -Infinity;

  constructor(settings: PostgresSettings) {
    this.#settings = settings;
    this.interval = settings.logic.refresh;
  }

  async look(reason: Reason, signal: AbortSignal): Promise<void> {
    const { clock, storage, listener } = this.#settings;
    // Each task that opens asks; the last answer will do.
    if (reason === 'asked' && !storage.isDamaged && clock.now() - this.#answered < this.interval) return;
    const begun = clock.now();
    try {
      const generation = storage.begin();
      await this.#load(generation, signal);
      if (generation.sum === this.#sum && generation.rows === storage.current?.rows && !storage.isDamaged) storage.discard();
      else {
        this.#sum = generation.sum;
        storage.publish();
        listener.loaded();
      }
      this.#answered = begun;
    } catch (error) {
      storage.discard();
      throw this.#failure(error);
    }
  }

  async #load(generation: Generation, signal: AbortSignal): Promise<void> {
    const { url, query, timeout } = this.#settings.logic;
    const client = new pg.Client({ connectionString: url, application_name: 'millrace', connectionTimeoutMillis: connectTimeout, keepAlive: true });
    // Without a listener an error between two calls would end the process; the next call rejects.
    client.on('error', () => undefined);
    try {
      await client.connect();
      await this.#within(client.query(begin(timeout)), signal);
      const cursor = client.query(new Cursor<QueryRow>(query, [], { types: { getTypeParser: readerOf } }));
      const builder = new Builder(generation, true);
      for (let count = 0; ; ) {
        const rows = await this.#within(cursor.read(rowsAtOnce), signal);
        for (const row of rows) this.#add(builder, row, ++count);
        if (rows.length === 0) break;
        if (builder.isFull) await builder.spill();
      }
      await builder.finish(new Map(), signal);
    } finally {
      // Not waited for: one that does not answer would not answer to this either.
      void client.end().catch(() => undefined);
    }
  }

  #add(builder: Builder, row: QueryRow, count: number): void {
    const { key: column } = this.#settings.logic;
    if (!Object.hasOwn(row, column)) throw new BadAnswer(`expected a column ${column}, the query gives ${Object.keys(row).join(', ')}`);
    const key = keyOfValue(row[column]);
    if (key === null) throw new BadAnswer(`expected a key in column ${column} of each row, found null in row ${count}`);
    const json = jsonBytes(row);
    if (!builder.add({ key: diskKey(key), json })) throw new DuplicateKey(key);
  }

  /** The server ends what takes too long; this is for one that does not answer at all. */
  #within<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
    const { clock, logic: { timeout } } = this.#settings;
    return new Promise((resolve, reject) => {
      const stop = (): void => { reject(signal.reason as Failure); };
      const cancel = clock.after(timeout + 1000, () => { reject(new Error(`no answer within ${formatDuration(timeout)}`)); });
      signal.addEventListener('abort', stop, { once: true });
      promise.then(resolve, reject).finally(() => {
        cancel();
        signal.removeEventListener('abort', stop);
      });
      if (signal.aborted) stop();
    });
  }

  #failure(error: unknown): Failure {
    if (error instanceof Failure) return error;
    if (error instanceof DuplicateKey) return new Failure('table_unavailable', `The query gives the key ${showKey(error.key)} more than once in ${this.#settings.logic.key}.`);
    if (error instanceof BadAnswer) return new Failure('table_unavailable', `PostgreSQL: ${error.message}.`);
    return new Failure('table_unavailable', `PostgreSQL: ${withoutSecret(wordsOf(error), this.#settings.logic.url)}.`, { cause: error });
  }
}

/** ISO forms, and an end to what takes too long, for this transaction alone: a pooler may hand the session on. */
function begin(timeout: number): string {
  const settings = { timezone: "'UTC'", datestyle: "'ISO, YMD'", bytea_output: "'hex'", statement_timeout: timeout, idle_in_transaction_session_timeout: timeout };
  return ['begin read only', ...Object.entries(settings).map(([name, value]) => `set local ${name} = ${value}`)].join('; ');
}

/** Several addresses that do not answer are one error without words. */
function wordsOf(error: unknown): string {
  if (error instanceof AggregateError) return [...new Set(error.errors.map(wordsOf))].join(', ');
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  return error.message !== '' ? error.message : (code ?? error.name);
}

/** Messages of a server or a driver are not ours: what is secret in the URL is taken out of them. */
function withoutSecret(message: string, url: string): string {
  const secrets = [url, URL.parse(url)?.password ?? ''].flatMap((text) => [text, decode(text)]).filter((text) => text !== '');
  return secrets.reduce((text, secret) => text.replaceAll(secret, '***'), message);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
