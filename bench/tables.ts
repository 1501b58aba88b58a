import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Broker } from '../actors/port.ts';
import { Partitioner } from '../actors/sink/partitioner.ts';
import { postgresOrSkip } from '../test/support/postgres.ts';

/** What a table of many rows costs; times in seconds, sizes in bytes. */
export interface TableFigures {
  readonly source: string;
  readonly rows: number;
  readonly load: number;
  /** The longest that one turn kept the daemon's thread while it was read, in milliseconds of its CPU time. */
  readonly longest: number;
  readonly peak: number;
  /** While a changed file, or the query, is read again: both states are there then. */
  readonly peakOfRefresh: number;
  readonly resident: number;
  readonly file: number;
  readonly lookUpsPerSecond: number;
  /** Until it is ready again on the same directory, in milliseconds. */
  readonly again: number;
}

/** Prime, so that its multiples come to every number once, in no order. */
const stride = 7_654_337;

/** User number n: about 100 bytes of JSON. */
export function userOf(n: number): { readonly id: string; readonly name: string; readonly email: string; readonly country: string; readonly tier: string } {
  return { id: keyOf(n), name: `User Number ${n}`, email: `user${n}@example.com`, country: 'GB', tier: n % 10 === 0 ? 'gold' : 'basic' };
}

/** Key of user number n: keys of neighbours are far apart, as those of hashes and UUIDs are. */
export function keyOf(n: number): string {
  return `user-${String((n * stride) % 10_000_019).padStart(8, '0')}`;
}

const batch = 5000;

/** Tables of so many users from a topic, from files and from PostgreSQL, each in a process of its own. */
export async function tablesAtScale(broker: Broker, brokers: string, rows: number): Promise<TableFigures[]> {
  const figures: TableFigures[] = [];
  const topic = 'bench-table-users';
  await writeTopic(broker, topic, rows);
  figures.push(await measure('topic, 4 partitions', rows, { type: 'kafka', topic }, brokers));
  const dir = mkdtempSync(join(tmpdir(), 'millrace-bench-tables-'));
  try {
    for (const format of ['csv', 'ndjson', 'json'] as const) {
      const path = join(dir, `users.${format}`);
      await writeFile(path, format, rows);
      figures.push(await measure(format, rows, { type: 'file', path, key: 'id' }, brokers));
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
  const postgres = await postgresOrSkip({ skip: (why) => { console.log(why); } });
  if (postgres === null) return figures;
  try {
    await postgres.run(`create table users as select 'user-' || lpad(((n::bigint * ${stride}) % 10000019)::text, 8, '0') as id, 'User Number ' || n as name, 'user' || n || '@example.com' as email, 'GB' as country, 'basic' as tier from generate_series(0, ${rows - 1}) n`);
    figures.push(await measure('PostgreSQL', rows, { type: 'postgres', url: postgres.url, query: 'select * from users', key: 'id' }, brokers));
  } finally {
    await postgres.remove();
  }
  return figures;
}

async function measure(source: string, rows: number, definition: object, brokers: string): Promise<TableFigures> {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-bench-table-'));
  const child = spawn(process.execPath, ['--max-semi-space-size=8', join(import.meta.dirname, 'tables-step.ts'), dir, brokers, String(rows), JSON.stringify(definition)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => { output += chunk.toString(); });
  await once(child, 'close');
  rmSync(dir, { recursive: true, force: true });
  return { source, rows, ...(JSON.parse(output) as Omit<TableFigures, 'source' | 'rows'>) };
}

async function writeTopic(broker: Broker, topic: string, rows: number): Promise<void> {
  const partitions = 4;
  await broker.createTopics([{ topic, partitions, config: { 'cleanup.policy': 'compact' } }]);
  const partitioner = new Partitioner();
  const producer = broker.producer();
  for (let from = 0; from < rows; from += batch) {
    await producer.send(Array.from({ length: Math.min(batch, rows - from) }, (_, index) => {
      const key = Buffer.from(keyOf(from + index));
      return { topic, partition: partitioner.partition(topic, key, partitions), key, value: Buffer.from(JSON.stringify(userOf(from + index))), headers: [], timestamp: Date.now() };
    }), 'none');
  }
  await producer.close();
}

async function writeFile(path: string, format: 'csv' | 'ndjson' | 'json', rows: number): Promise<void> {
  const stream = createWriteStream(path);
  stream.write(format === 'csv' ? `${Object.keys(userOf(0)).join(',')}\n` : format === 'json' ? '[\n' : '');
  for (let n = 0; n < rows; n++) {
    const user = userOf(n);
    const line = format === 'csv' ? Object.values(user).join(',') : `${JSON.stringify(user)}${format === 'json' && n < rows - 1 ? ',' : ''}`;
    if (!stream.write(`${line}\n`)) await once(stream, 'drain');
  }
  stream.end(format === 'json' ? ']\n' : '');
  await once(stream, 'finish');
}
