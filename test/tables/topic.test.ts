import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { toBinary } from '../../actors/keyed/binary.ts';
import type { Broker } from '../../actors/port.ts';
import { ManualClock } from '../support/clock.ts';
import { bytes, TableWorld, until } from './support.ts';

const users = { users: { type: 'kafka', topic: 'users' } };

/** A broker that notes from where it is read, and may be away. */
function watched(broker: Broker): { readonly broker: Broker; readonly reads: number[]; away: boolean } {
  const seen = { reads: [] as number[], away: false };
  const refuse = (): void => {
    if (seen.away) throw new Error('connection refused');
  };
  return Object.assign(seen, {
    broker: {
      ...broker,
      describeTopics: async (topics: readonly string[]) => { refuse(); return broker.describeTopics(topics); },
      listOffsets: async (...args: Parameters<Broker['listOffsets']>) => { refuse(); return broker.listOffsets(...args); },
      readRange: (...args: Parameters<Broker['readRange']>) => {
        seen.reads.push(args[1]);
        return broker.readRange(...args);
      }
    }
  });
}

describe('a table of a topic', () => {
  it('has the last value of each key once it is ready, and follows changes and tombstones', async () => {
    const world = new TableWorld();
    await world.topic('users', 2);
    await world.put('users', [['a', { n: 1 }], ['b', { n: 1 }, 1], ['a', { n: 2 }], ['c', { n: 1 }], ['c', null]]);
    const { set, get, status, loaded } = world.open(users, { follow: true });
    assert.equal(status().ready, false);
    await set.ready();
    assert.deepEqual([get('a'), get('b'), get('c')], [{ n: 2 }, { n: 1 }, undefined]);
    assert.deepEqual([status().rows, status().ready, status().trouble], [2, true, null]);
    assert.equal(loaded.length, 1);
    await world.put('users', [['c', { n: 3 }], ['b', null, 1]]);
    await until(() => status().rows === 2 && get('c') !== undefined, 'the change');
    assert.deepEqual([get('b'), get('c')], [undefined, { n: 3 }]);
    assert.equal(loaded.length, 1);
  });

  it('is ready only with what was there when that was asked', async () => {
    const world = new TableWorld();
    await world.topic('users');
    const { set, get } = world.open(users);
    await set.ready();
    for (let n = 0; n < 20; n++) {
      await world.put('users', [['a', { n }]]);
      await set.ready();
      assert.deepEqual(get('a'), { n });
    }
  });

  it('reads on from where it was after a restart, without what it has', async () => {
    const world = new TableWorld();
    await world.topic('users');
    await world.put('users', [['a', { n: 1 }], ['b', { n: 1 }]]);
    const first = world.open(users);
    await first.set.ready();
    await first.set.close();
    await world.put('users', [['a', null], ['c', { n: 1 }]]);
    const { broker, reads } = watched(world.broker);
    const second = world.open(users, { broker });
    await second.set.ready();
    assert.deepEqual(reads, [2]);
    assert.deepEqual([second.get('a'), second.get('b'), second.get('c')], [undefined, { n: 1 }, { n: 1 }]);
  });

  for (const [what, tables, options] of [
    ['another topic', { users: { type: 'kafka', topic: 'others' } }, {}],
    ['another key', { users: { type: 'kafka', topic: 'users', key: 'value.id' } }, {}],
    ['another codec', { users: { type: 'kafka', topic: 'users', codec: 'text' } }, {}],
    ['another broker', users, { cluster: 'there' }]
  ] as const) {
    it(`reads all anew where rows on disk come from ${what}`, async () => {
      const world = new TableWorld();
      for (const topic of ['users', 'others']) {
        await world.topic(topic);
        await world.put(topic, [['a', { id: `${topic}-a` }], ['b', { id: `${topic}-b` }]]);
      }
      const first = world.open(users);
      await first.set.ready();
      await first.set.close();
      const { broker, reads } = watched(world.broker);
      const second = world.open(tables, { broker, ...options });
      await second.set.ready();
      assert.deepEqual(reads, [0]);
      assert.equal(second.status().rows, 2);
    });
  }

  it('begins anew where the topic was made anew, and keeps the rows until it is read', async () => {
    const world = new TableWorld();
    await world.topic('users');
    await world.put('users', [['a', { n: 1 }], ['b', { n: 1 }]]);
    const { set, get, loaded } = world.open(users);
    await set.ready();
    await world.broker.deleteTopics(['users']);
    await assert.rejects(set.ready(), { code: 'table_unavailable' });
    assert.deepEqual(get('a'), { n: 1 });
    await world.topic('users', 2);
    await world.put('users', [['c', { n: 1 }, 1], ['c', { n: 2 }, 1], ['d', { n: 1 }]]);
    await set.ready();
    assert.deepEqual([get('a'), get('c'), get('d')], [undefined, { n: 2 }, { n: 1 }]);
    assert.equal(loaded.length, 2);
  });

  it('begins anew where records were deleted that it had not read', async () => {
    const world = new TableWorld();
    await world.topic('users');
    await world.put('users', [['a', { n: 1 }]]);
    const first = world.open(users);
    await first.set.ready();
    await first.set.close();
    await world.put('users', [['a', null], ['b', { n: 1 }]]);
    await world.broker.deleteRecords([{ topic: 'users', partition: 0, offset: 2 }]);
    const second = world.open(users, { follow: true });
    await second.set.ready();
    assert.deepEqual([second.get('a'), second.get('b')], [undefined, { n: 1 }]);
  });

  it('begins anew where it was away for so long that tombstones may be gone', async () => {
    const world = new TableWorld();
    const clock = new ManualClock(1_000_000);
    await world.topic('users');
    await world.put('users', [['a', { n: 1 }]]);
    const first = world.open(users, { clock });
    await first.set.ready();
    await first.set.close();
    clock.advance(13 * 3_600_000);
    const { broker, reads } = watched(world.broker);
    const second = world.open(users, { clock, broker });
    await second.set.ready();
    assert.deepEqual(reads, [0]);
  });

  it('waits for a broker that is away with the rows it has, and says once that it does', async () => {
    const world = new TableWorld();
    await world.topic('users');
    await world.put('users', [['a', { n: 1 }]]);
    const seen = watched(world.broker);
    const clock = new ManualClock(1_000_000);
    const { set, get, status, troubles } = world.open(users, { broker: seen.broker, clock });
    await set.ready();
    seen.away = true;
    clock.advance(75_000);
    for (let n = 0; n < 3; n++) await assert.rejects(set.refresh());
    assert.equal(troubles.length, 1);
    assert.match(status().trouble ?? '', /connection refused.* The rows are 75s old\.$/);
    assert.equal(status().current, 1_000_000);
    assert.deepEqual(get('a'), { n: 1 });
    seen.away = false;
    await set.refresh();
    assert.deepEqual([troubles.length, troubles[1], status().trouble, status().current], [2, null, null, 1_075_000]);
  });

  it('leaves out what cannot be used, also the row that was there before, and tells it', async () => {
    const world = new TableWorld();
    await world.topic('users');
    await world.put('users', [['a', { n: 1 }], ['b', { n: 1 }], ['a', 'no JSON'], [null, { n: 1 }]]);
    const { set, get, status, skipped } = world.open(users);
    await set.ready();
    assert.deepEqual([get('a'), get('b'), status().rows], [undefined, { n: 1 }, 1]);
    assert.deepEqual(skipped.map(({ rows, reason }) => [rows, reason.code]), [[2, 'undecodable']]);
    assert.match(skipped[0]?.reason.message ?? '', /^"users" partition 0 offset 2: expected JSON/);
  });

  it('is not used at all with on_error: fail, from the first record that cannot be', async () => {
    const world = new TableWorld();
    await world.topic('users');
    await world.put('users', [['a', { n: 1 }]]);
    const { set, get } = world.open(users, { onError: 'fail', follow: true });
    await set.ready();
    await world.put('users', [[null, { n: 1 }]]);
    await assert.rejects(async () => { for (;;) await set.ready(); }, { code: 'record_failed', message: /^table users: row_unusable: "users" partition 0 offset 1: expected a key/ });
    assert.throws(() => get('a'), { code: 'table_unavailable' });
    await assert.rejects(set.ready(), { code: 'record_failed' });
  });

  it('goes by an expression, whose rows tombstones leave alone', async () => {
    const world = new TableWorld();
    await world.topic('users');
    await world.put('users', [['x', { id: 7 }], ['y', { id: 'b' }], ['z', { id: null }], ['x', null]]);
    const { set, get, skipped } = world.open({ users: { type: 'kafka', topic: 'users', key: 'value.id' } });
    await set.ready();
    assert.deepEqual([get('7'), get('b'), get('x')], [{ id: 7 }, { id: 'b' }, undefined]);
    assert.deepEqual(skipped.map(({ reason }) => reason.message), ['"users" partition 0 offset 2: expected a key, value.id gives null']);
  });

  it('takes keys of any bytes and length, and values of any size', async () => {
    const world = new TableWorld();
    await world.topic('users');
    const keys = ['', '\0', '\0\0', 'ü', 'k'.repeat(1900), 'k'.repeat(1901), `${'k'.repeat(1901)}2`, `\0${'k'.repeat(3000)}`];
    await world.put('users', keys.map((key, n) => [key, { n, text: 'x'.repeat(n * 20_000) }]));
    const { set, get, status } = world.open(users);
    await set.ready();
    assert.equal(status().rows, keys.length);
    for (const [n, key] of keys.entries()) assert.equal((get(key) as { n: number }).n, n);
  });

  it('property: is what a plain map would be, over restarts and new partitions', { timeout: 120_000 }, async () => {
    const key = fc.constantFrom('', 'a', 'b', 'ab', '\0');
    const value = fc.oneof(fc.constant(null), fc.constant('not JSON'), fc.record({ n: fc.integer() }, { noNullPrototype: true }), fc.constant('null'), fc.constant('"text"'));
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ kind: fc.constant('put' as const), rows: fc.array(fc.tuple(key, value), { maxLength: 6 }) }) },
      { weight: 1, arbitrary: fc.constantFrom({ kind: 'restart' as const }, { kind: 'kill' as const }, { kind: 'look' as const }) }
    );
    let round = 0;
    const world = new TableWorld();
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const topic = `users-${++round}`;
        await world.topic(topic, 2);
        const tables = { [`table_${round}`]: { type: 'kafka', topic } };
        const model = new Map<string, unknown>();
        let opened = world.open(tables);
        for (const each of steps) {
          if (each.kind === 'put') {
            await world.put(topic, each.rows.map(([k, v]) => [k, v, k.length % 2]));
            for (const [k, v] of each.rows) {
              if (v === null || v === 'not JSON') model.delete(k);
              else model.set(k, typeof v === 'string' ? JSON.parse(v) : v);
            }
          } else if (each.kind === 'look') await opened.set.ready();
          else {
            if (each.kind === 'kill') await world.kill(opened);
            else await opened.set.close();
            opened = world.open(tables);
          }
        }
        await opened.set.ready();
        const view = opened.set.view(`table_${round}`);
        for (const k of ['', 'a', 'b', 'ab', '\0']) assert.deepEqual(view.get(toBinary(bytes(k))), model.get(k), JSON.stringify(k));
        assert.equal(opened.status().rows, model.size);
        await opened.set.close();
      }),
      { numRuns: 60 }
    );
  });
});
