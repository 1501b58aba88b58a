import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, describe, it } from 'node:test';
import type { Broker } from '../../actors/port.ts';
import { murmur2 } from '../../actors/sink/partitioner.ts';
import { backends, embeddedBackend, stateDir } from '../support/backend.ts';
import type { Backend } from '../support/backend.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { writeTopology } from '../support/plan.ts';
import { postgresOrSkip } from '../support/postgres.ts';
import type { Postgres } from '../support/postgres.ts';
import { readCommitted } from '../support/stream.ts';
import { bytes } from '../tables/support.ts';

const partitions = 3;

/** A topology that looks users up, with topics of its own. */
interface Enriched {
  readonly topics: { readonly events: string; readonly users: string; readonly out: string };
  readonly yaml: string;
}

function enriched(backend: Backend, { table, more = '' }: { readonly table?: string; readonly more?: string } = {}): Enriched {
  const name = `t${randomBytes(4).toString('hex')}`;
  const topics = { events: `${name}-events`, users: `${name}-users`, out: `${name}-out` };
  const yaml = `
name: ${name}
${backend.yaml}
${more}
sources:
  events: { type: kafka, topic: ${topics.events}, start: earliest }
tables:
  users: ${table ?? `{ type: kafka, topic: ${topics.users} }`}
transforms:
  known: { type: enrich, from: events, table: users, key: value.user, into: user }
sinks:
  out: { type: kafka, from: known, topic: ${topics.out} }
`;
  return { topics, yaml };
}

async function createTopics(broker: Broker, { topics }: Enriched): Promise<void> {
  await broker.createTopics([{ topic: topics.events, partitions }, { topic: topics.out, partitions }, { topic: topics.users, partitions, config: { 'cleanup.policy': 'compact' } }]);
}

async function put(broker: Broker, topic: string, rows: readonly (readonly [key: string, value: object | null])[]): Promise<void> {
  const producer = broker.producer();
  await producer.send(rows.map(([key, value]) => ({
    topic, partition: (murmur2(bytes(key)) & 0x7fffffff) % partitions, key: bytes(key), value: value === null ? null : bytes(JSON.stringify(value)), headers: [], timestamp: Date.now()
  })), 'none');
  await producer.close();
}

interface Out {
  readonly id: number;
  readonly user: { readonly name: string; readonly version: number } | null;
}

async function outputs(broker: Broker, { topics }: Enriched): Promise<Out[]> {
  return (await readCommitted(broker, topics.out)).map(({ value }) => JSON.parse(Buffer.from(value ?? []).toString()) as Out);
}

/** Sends events of a user until one comes out as it should: tables follow their sources by themselves. */
async function untilEnriched(broker: Broker, its: Enriched, user: string, expected: (found: Out['user']) => boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  for (let id = 1_000_000; ; id += 1) {
    await put(broker, its.topics.events, [['k', { id, user }]]);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const found = (await outputs(broker, its)).filter((out) => out.id >= 1_000_000).at(-1);
    if (found !== undefined && expected(found.user)) return;
    if (Date.now() > deadline) throw new Error(`20 seconds went by; the last event got ${JSON.stringify(found)}`);
  }
}

const users = (count: number, version: number): [string, object][] => Array.from({ length: count }, (_, n) => [`user-${n}`, { name: `Name ${n}`, version }]);

for (const { name: on, open } of backends) {
  describe(`events looked up in a users topic on ${on}`, () => {
    it('finds each user of a backlog, for the table is read to its end before the first event, and what changes from then on', { timeout: 120_000 }, async (t) => {
      const backend = await open(t);
      if (backend === null) return;
      const its = enriched(backend);
      await backend.use(async (broker) => {
        await createTopics(broker, its);
        await put(broker, its.topics.events, Array.from({ length: 3000 }, (_, id) => [`k${id}`, { id, user: `user-${id % 2000}` }]));
        await put(broker, its.topics.users, users(2000, 1));
        await put(broker, its.topics.users, users(2000, 2));
      });
      const daemon = new DaemonProcess(writeTopology(its.yaml), { stateDir: stateDir() });
      await daemon.caughtUp();
      assert.match(await daemon.metrics(), /millrace_table_rows\{topology="\w+",table="users"\} 2000\n/);
      assert.match(await daemon.metrics(), /millrace_table_ready\{topology="\w+",table="users"\} 1\n/);
      if (on === 'Kafka') {
        await backend.use(async (broker) => {
          await put(broker, its.topics.users, [['user-7', { name: 'Seven', version: 3 }]]);
          await untilEnriched(broker, its, 'user-7', (user) => user?.version === 3);
          await put(broker, its.topics.users, [['user-7', null]]);
          await untilEnriched(broker, its, 'user-7', (user) => user === null);
        });
      }
      assert.equal(await daemon.stop(), 0, daemon.output);
      await backend.use(async (broker) => {
        const backlog = (await outputs(broker, its)).filter(({ id }) => id < 1_000_000);
        assert.equal(backlog.length, 3000);
        assert.deepEqual(backlog.filter(({ id, user }) => user?.name !== `Name ${id % 2000}` || user.version !== 2), []);
      });
    });

    it('reads on after a kill from where the table was: what is not in the topic any more is still in the table', { timeout: 120_000 }, async (t) => {
      const backend = await open(t);
      if (backend === null) return;
      const its = enriched(backend);
      const state = stateDir();
      const file = writeTopology(its.yaml);
      const start = async (records: number): Promise<DaemonProcess> => {
        const daemon = new DaemonProcess(file, { stateDir: state, args: ['--session-timeout', '2'] });
        await daemon.caughtUp();
        await daemon.until(({ topologies }) => topologies.every(({ tasks }) => tasks.running === partitions));
        assert.match(daemon.output, new RegExp(`"rows":${records},.*table users has ${records} rows`));
        return daemon;
      };
      await backend.use(async (broker) => {
        // Only of topics that are not compacted an operator may delete records.
        await broker.createTopics(Object.values(its.topics).map((topic) => ({ topic, partitions })));
        await put(broker, its.topics.users, users(500, 1));
      });
      await (await start(500)).kill();
      await backend.use(async (broker) => {
        const all = Array.from({ length: partitions }, (_, partition) => ({ topic: its.topics.users, partition }));
        const ends = await broker.listOffsets(all, 'end');
        await broker.deleteRecords(all.map((at, index) => ({ ...at, offset: ends[index] as number })));
        await put(broker, its.topics.users, [['user-1', null], ['user-new', { name: 'New', version: 1 }], ['user-new-too', { name: 'New', version: 1 }]]);
        await put(broker, its.topics.events, [['k', { id: 1, user: 'user-0' }], ['k', { id: 2, user: 'user-new' }], ['k', { id: 3, user: 'user-1' }]]);
      });
      const daemon = await start(501);
      assert.equal(await daemon.stop(), 0, daemon.output);
      await backend.use(async (broker) => {
        const found = (await outputs(broker, its)).toSorted((a, b) => a.id - b.id);
        assert.deepEqual(found.map(({ user }) => user), [{ name: 'Name 0', version: 1 }, { name: 'New', version: 1 }, null]);
      });
    });
  });
}

describe('tables of a daemon', () => {
  let postgres: Postgres | null = null;
  after(async () => { await postgres?.remove(); });

  it('a topic with a record that cannot be a row stops the topology where on_error says fail, and says which', { timeout: 60_000 }, async () => {
    const backend = embeddedBackend();
    const its = enriched(backend);
    await backend.use(async (broker) => {
      await createTopics(broker, its);
      const producer = broker.producer();
      await producer.send([{ topic: its.topics.users, partition: 0, key: bytes('a'), value: bytes('{"name"'), headers: [], timestamp: 1 }], 'none');
      await producer.close();
    });
    const file = writeTopology(its.yaml);
    const strict = new DaemonProcess(file, { stateDir: stateDir() });
    assert.equal((await strict.exited).code, 65, strict.output);
    assert.match(strict.output, /topology failed: record_failed: table users: undecodable: \\"t\w+-users\\" partition 0 offset 0: expected JSON in 7 bytes/);
    const lenient = new DaemonProcess(writeTopology(enriched(backend, { table: `{ type: kafka, topic: ${its.topics.users} }`, more: 'on_error: skip' }).yaml), { stateDir: stateDir() });
    await lenient.caughtUp();
    assert.match(lenient.output, /table users: 1 row left out, the first because: /);
    assert.equal(await lenient.stop(), 0, lenient.output);
  });

  it('waits at its start for a database that is away, says so without its password, and goes on when it is there', { timeout: 120_000 }, async (t) => {
    postgres = await postgresOrSkip(t);
    if (postgres === null) return;
    await postgres.run("create table people (id text primary key, name text); insert into people values ('user-1', 'From the database')");
    await postgres.stop();
    const backend = embeddedBackend();
    const its = enriched(backend, { table: '{ type: postgres, url: "${env:DATABASE_URL}", query: "select * from people", key: id }' });
    await backend.use(async (broker) => {
      await createTopics(broker, its);
      await put(broker, its.topics.events, [['k', { id: 1, user: 'user-1' }], ['k', { id: 2, user: 'user-2' }]]);
    });
    const daemon = new DaemonProcess(writeTopology(its.yaml), { stateDir: stateDir(), env: { DATABASE_URL: postgres.url } });
    await daemon.until(({ ready, topologies }) => !ready && topologies[0]?.failure?.code === 'table_unavailable');
    const [topology] = (await daemon.readiness()).topologies;
    assert.match(topology?.failure?.message ?? '', /^table users: PostgreSQL: connect ECONNREFUSED 127\.0\.0\.1:\d+\.$/);
    assert.equal(topology?.tasks.running, 0);
    await postgres.start();
    await daemon.caughtUp();
    assert.equal(await daemon.stop(), 0, daemon.output);
    assert.ok(!daemon.output.includes(postgres.password) && !daemon.output.includes(encodeURIComponent(postgres.password)), daemon.output);
    await backend.use(async (broker) => {
      assert.deepEqual((await outputs(broker, its)).toSorted((a, b) => a.id - b.id).map(({ user }) => user), [{ id: 'user-1', name: 'From the database' }, null]);
    });
  });
});
