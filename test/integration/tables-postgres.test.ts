import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { postgresOrSkip } from '../support/postgres.ts';
import type { Postgres } from '../support/postgres.ts';
import { TableWorld, until } from '../tables/support.ts';
import type { Opened, OpenOptions } from '../tables/support.ts';
import { ManualClock } from '../support/clock.ts';
import { secret } from '../support/secrets.ts';

let shared: Promise<Postgres | null> | undefined;

/** Tests of tables over one server, which the first of them starts. */
function test(what: string, body: (postgres: Postgres) => Promise<void>): void {
  it(what, async (t) => {
    const postgres = await (shared ??= postgresOrSkip(t));
    if (postgres === null) t.skip('no PostgreSQL');
    else await body(postgres);
  });
}

/** The table of a query. */
function tableOf({ url }: Postgres, query: string, more: object = {}, options: OpenOptions = {}): Opened {
  return new TableWorld().open({ users: { type: 'postgres', url, query, key: 'id', ...more } }, options);
}

describe('a table of a query of PostgreSQL', () => {
  after(async () => { await (await shared)?.remove(); });

  test('has the rows of the answer, in the values of JSON', async (postgres) => {
    await postgres.run(`create table typed (id int8 primary key, name text, ok bool, price numeric(10,2), ratio float8, born date, seen timestamptz, raw bytea, tags text[], extra jsonb);
      insert into typed values (9007199254740993, 'Zoë', true, 12.50, 0.1, '1999-12-31', '2026-11-24 10:00:00+02', '\\x00ff', '{a,"b,c"}', '{"x":[1,null]}'), (2, null, null, null, null, null, null, null, null, null)`);
    const { set, get, status } = tableOf(postgres, 'select * from typed');
    await set.ready();
    assert.deepEqual(get('9007199254740993'), {
      id: '9007199254740993', name: 'Zoë', ok: true, price: '12.50', ratio: 0.1, born: '1999-12-31', seen: '2026-11-24T08:00:00Z', raw: 'AP8=', tags: ['a', 'b,c'], extra: { x: [1, null] }
    });
    assert.equal((get('2') as { name: null }).name, null);
    assert.equal(status().rows, 2);
  });

  test('takes the next answer all at once, and tells it only where it is another', async (postgres) => {
    await postgres.run('create table changing (id int primary key, name text); insert into changing values (1, \'a\'), (2, \'b\')');
    const { set, get, loaded, status } = tableOf(postgres, 'select * from changing', { refresh: '1s' }, { follow: true });
    await set.ready();
    await set.refresh();
    assert.equal(loaded.length, 1);
    await postgres.run('begin; update changing set name = \'c\' where id = 1; delete from changing where id = 2; commit');
    await until(() => get('2') === undefined, 'the next answer');
    assert.deepEqual([get('1'), status().rows], [{ id: 1, name: 'c' }, 1]);
    await set.close();
  });

  test('takes a hundred thousand rows without holding them all, and not twice where tasks ask again', async (postgres) => {
    const clock = new ManualClock(1_000_000);
    const { set, get, status } = tableOf(postgres, 'select n as id, repeat(\'x\', 50) as text from generate_series(1, 100001) n', {}, { clock });
    await set.ready();
    assert.equal(status().rows, 100_001);
    assert.deepEqual(get('100001'), { id: 100_001, text: 'x'.repeat(50) });
    clock.advance(59_000);
    await set.ready();
    assert.equal(status().current, 1_059_000);
  });

  test('keeps the rows where the answer cannot be used, and says why without the password', async (postgres) => {
    for (const [query, options, why] of [
      ['select 1 as id from generate_series(1, 2)', {}, /^table users: The query gives the key "1" more than once in id\.$/],
      ['select null::int as id', {}, /^table users: PostgreSQL: expected a key in column id of each row, found null in row 1\.$/],
      ['select 1 as a, 2 as b', {}, /^table users: PostgreSQL: expected a column id, the query gives a, b\.$/],
      ['select * from none', {}, /^table users: PostgreSQL: relation "none" does not exist\.$/],
      ['create table x (id int)', {}, /^table users: PostgreSQL: cannot execute CREATE TABLE in a read-only transaction\.$/],
      ['select 1 as id; select 2 as id', {}, /^table users: PostgreSQL: cannot insert multiple commands into a prepared statement\.$/],
      ['select 1 as id, pg_sleep(30)', { timeout: '1s' }, /^table users: PostgreSQL: canceling statement due to statement timeout\.$/],
      ['select 1 as id', { url: postgres.wrongUrl }, /^table users: PostgreSQL: password authentication failed for user "millrace"\.$/],
      ['select 1 as id', { url: `${postgres.url.slice(0, postgres.url.lastIndexOf('/'))}/none` }, /^table users: PostgreSQL: database "none" does not exist\.$/],
      [`select '${postgres.password}'::int as id`, {}, /^table users: PostgreSQL: invalid input syntax for type integer: "\*\*\*"\.$/],
      ['select 1 as id', { url: `postgres://millrace:${secret('s3cret-of-nobody')}@127.0.0.1:1/none` }, /^table users: PostgreSQL: connect ECONNREFUSED 127\.0\.0\.1:1\.$/]
    ] as const) {
      const { set, status, troubles } = tableOf(postgres, query, options);
      await assert.rejects(set.ready(), { code: 'table_unavailable', message: why });
      assert.deepEqual([status().ready, troubles.length], [false, 1]);
    }
  });

  test('keeps the rows while the database is away, says how old they are, and goes on when it is back', async (postgres) => {
    await postgres.run('create table people (id text primary key, name text); insert into people values (\'a\', \'before\')');
    const clock = new ManualClock(1_000_000);
    const { set, get, status, troubles } = tableOf(postgres, 'select * from people', {}, { clock });
    await set.ready();
    await postgres.stop();
    clock.advance(65_000);
    await assert.rejects(set.refresh(), { code: 'table_unavailable', message: /ECONNREFUSED/ });
    assert.deepEqual(get('a'), { id: 'a', name: 'before' });
    assert.match(status().trouble ?? '', /^PostgreSQL: connect ECONNREFUSED .* The rows are 65s old\.$/);
    await postgres.start();
    await postgres.run('update people set name = \'after\'');
    await set.refresh();
    assert.deepEqual([get('a'), status().trouble, status().current], [{ id: 'a', name: 'after' }, null, 1_065_000]);
    assert.deepEqual(troubles.map((trouble) => trouble?.code ?? null), ['table_unavailable', null]);
  });
});
