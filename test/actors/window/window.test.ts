import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { StreamRecord } from '../../../actors/record.ts';
import { isTombstone } from '../../../actors/record.ts';
import { recordOf } from '../../topology/harness.ts';
import { windowOf } from './build.ts';
import { textOf, KeyedNode } from '../keyed/task.ts';

const utf8 = new TextEncoder();
const second = { window: { type: 'tumbling', size: '1s' }, aggregate: { n: 'count()' }, late: 'drop' };

function local(options: object): KeyedNode {
  const logic = windowOf(options);
  return new KeyedNode((context) => logic.open(context));
}

function at(time: number, value: unknown = { v: 1 }, parts: Partial<StreamRecord> = {}): StreamRecord {
  return recordOf(value, { time, ...parts });
}

function shown(records: readonly StreamRecord[]): unknown[] {
  return records.map((record) => [textOf(record.key), isTombstone(record) ? null : record.value]);
}

describe('a result', () => {
  it('has key, value and times as the reference says', () => {
    const task = local(second);
    task.feed([at(1500), at(1900), at(1600, {}, { timestamp: 7000 })]);
    const [result] = task.barrier({ watermark: 1000 }).sent.results;
    assert.deepEqual(result, {
      key: Uint8Array.from(utf8.encode('k-1000')), bytes: null, value: { key: 'k', n: 3, window: { start: 1000, end: 2000 } }, headers: [],
      timestamp: 7000, offset: 0, origin: { topic: 'node', partition: 0, codec: 'json' }, changed: true, time: 1900, stamp: -Infinity
    });
  });

  it('of events of 2001 has the timestamp of the records, not of the events; state keeps one number where both are the same', () => {
    const stored = (task: KeyedNode): unknown[] => [...task.store.range('', '\xff')].map(([, value]) => value);
    const old = Date.parse('2001-01-01T00:00:00Z');
    const task = local(second);
    task.feed([at(old, {}, { timestamp: 1000 }), at(old + 1, {}, { timestamp: -1 }), at(old, {}, { timestamp: 3000 })]);
    const [result] = task.barrier().sent.results;
    assert.deepEqual([result?.time, result?.timestamp], [old + 1, 3000]);
    assert.deepEqual(stored(task), [[[old + 1, 3000], 3]]);
    const same = local(second);
    same.feed([at(1500, {}, { timestamp: 1500 }), at(1600, {}, { timestamp: 1600 })]);
    same.barrier();
    assert.deepEqual(stored(same), [[1600, 2]]);
  });

  it('is stamped with what the node promised at the barrier before, and keeps the promise', () => {
    const task = local({ ...second, grace: '3s' });
    task.feed([at(1500)]);
    assert.equal(task.barrier({ watermark: 5000 }).passed.watermark, 1000);
    task.feed([at(1200, {}, { stamp: 4900 })]);
    const [result] = task.barrier({ watermark: 6000 }).sent.lateCopies;
    assert.equal(result, undefined);
    task.feed([at(2500)]);
    for (const { time, stamp } of task.barrier({ watermark: 7000 }).sent.results) assert.ok(stamp === 2000 && time > stamp);
  });

  it('is keyed by what the expression gives: texts, numbers, booleans, JSON', () => {
    const task = local({ ...second, key: 'value.v' });
    task.feed([at(0, { v: 'ä-€' }), at(0, { v: 5 }), at(0, { v: '5' }), at(0, { v: false }), at(0, { v: { a: [1] } })]);
    const { results } = task.barrier().sent;
    assert.deepEqual(results.map(({ value }) => (value as { key: string; n: number }).key), ['ä-€', '5', 'false', '{"a":[1]}']);
    assert.deepEqual(results.map(({ key }) => Buffer.from(key ?? []).toString('utf8')), ['ä-€-0', '5-0', 'false-0', '{"a":[1]}-0']);
    assert.equal((results[1]?.value as { n: number }).n, 2);
  });

  it('keeps a key that is not UTF-8 byte for byte, and shows it as base64', () => {
    const task = local(second);
    task.feed([at(0, {}, { key: Uint8Array.of(255, 0, 128) }), at(0, {}, { key: Uint8Array.of(255, 0) })]);
    const { results } = task.barrier().sent;
    assert.deepEqual(results.map(({ key }) => [...(key ?? [])]), [[255, 0, 128, 45, 48], [255, 0, 45, 48]]);
    assert.deepEqual(results.map(({ value }) => (value as { key: string }).key), ['/wCA', '/wA=']);
  });
});

describe('a window', () => {
  it('fails records without a key, without an event time or with a failing expression, and drops tombstones', () => {
    const task = local({ ...second, aggregate: { n: 'count()', total: 'sum(value.v)' } });
    task.feed([at(0, {}, { key: null }), at(-1), at(0, {}), at(0, { v: 'x' }), recordOf(undefined, { time: 0 }), at(0, { v: 4 })]);
    const { sent } = task.barrier();
    assert.deepEqual(sent.failed.map(({ failure }) => [failure.code, failure.kind]), [['key_missing', 'poison'], ['event_time_missing', 'poison'], ['expression_failed', 'poison'], ['expression_failed', 'poison']]);
    assert.deepEqual([sent.filtered.length, sent.absorbed], [1, 1]);
    assert.deepEqual(shown(sent.results), [['k-0', { key: 'k', n: 1, total: 4, window: { start: 0, end: 1000 } }]]);
    const keyed = local({ ...second, key: 'value.k' });
    keyed.feed([at(0, { k: null })]);
    assert.match(keyed.barrier().sent.failed[0]?.failure.message ?? '', /value\.k gives null/);
  });

  it('says what its state depends on, and what it does not', () => {
    const holds = (options: object): string => JSON.stringify(windowOf(options).holds);
    assert.equal(holds({ ...second, grace: '5s', emit: 'final', late: 'topic' }), holds(second));
    assert.notEqual(holds({ ...second, window: { type: 'tumbling', size: '2s' } }), holds(second));
    assert.notEqual(holds({ ...second, aggregate: { n: 'count(value.a)' } }), holds(second));
    assert.notEqual(holds({ ...second, key: 'value.v' }), holds(second));
    assert.equal(holds({ ...second, key: ' key ' }), holds(second));
  });

  it('regroups where its key is not the record\'s own; drop is no topic', () => {
    assert.deepEqual([second, { ...second, key: ' key ' }, { ...second, key: 'value.v' }].map((options) => windowOf(options).regroups), [[false], [false], [true]]);
    assert.deepEqual([windowOf(second).late, windowOf({ ...second, late: 'l' }).late], [null, 'l']);
    assert.deepEqual([windowOf(second).unhurried, windowOf({ ...second, emit: 'complete' }).unhurried], [false, true]);
  });

  it('of days begins where offset says', () => {
    const task = local({ ...second, window: { type: 'tumbling', size: '24h', offset: '22h' } });
    task.feed([at(Date.parse('2026-11-01T21:59:59Z')), at(Date.parse('2026-11-01T22:00:00Z'))]);
    const starts = task.barrier().sent.results.map(({ value }) => new Date((value as { window: { start: number } }).window.start).toISOString());
    assert.deepEqual(starts, ['2026-10-31T22:00:00.000Z', '2026-11-01T22:00:00.000Z']);
  });

  it('goes by its own watermark where that of a source that was idle is behind it, after a restart too', () => {
    const task = local(second);
    task.barrier({ watermark: 5000 });
    for (const restart of [false, true]) {
      if (restart) task.kill();
      task.feed([at(3999, {}, { stamp: 100 }), at(4000, {}, { stamp: 100 })]);
      const { sent } = task.barrier({ watermark: 5000 });
      assert.deepEqual([sent.late.map(({ time }) => time), sent.absorbed], [[3999, 4000], 0]);
    }
  });

  it('10,000 windows are over per checkpoint, each sent once; the next checkpoint goes on, also after a crash', () => {
    const task = local({ ...second, emit: 'final', grace: '1s' });
    task.feed(Array.from({ length: 25_000 }, (_, i) => at(500, {}, { key: utf8.encode(`k${i}`) })));
    const rounds = [task.barrier({ watermark: 10_000 })];
    assert.deepEqual(rounds[0]?.passed, { own: 10_000, watermark: 1999 - 2000, idle: false, again: 0 });
    task.kill();
    rounds.push(task.barrier({ watermark: 10_000 }));
    task.kill({ watermark: 10_000 });
    rounds.push(task.barrier({ watermark: 10_000 }));
    assert.deepEqual(rounds.map(({ sent }) => sent.results.length), [10_000, 10_000, 5000]);
    assert.deepEqual(rounds[2]?.passed, { own: 10_000, watermark: 8000, idle: false, again: null });
    assert.equal(new Set(task.committed.results.map(({ key }) => textOf(key))).size, 25_000);
    assert.equal(task.store.size, 0);
  });

  it('takes nothing into a window that is over and waits for its turn', () => {
    const task = local({ ...second, emit: 'final' });
    task.feed(Array.from({ length: 10_001 }, (_, i) => at(500, {}, { key: utf8.encode(`k${String(i).padStart(5, '0')}`) })));
    assert.equal(task.barrier({ watermark: 1000 }).passed.again, 0);
    task.feed([at(600, {}, { key: utf8.encode('k00001') })]);
    const { sent } = task.barrier({ watermark: 1000 });
    assert.deepEqual([sent.late.length, sent.results.length], [1, 1]);
  });
});

describe('sessions', () => {
  const session = { window: { type: 'session', gap: '10s' }, aggregate: { n: 'count()' }, late: 'drop' };

  it('update: a tombstone takes back what was joined, and what begins earlier now', () => {
    const task = local(session);
    task.feed([at(20_000), at(40_000)]);
    assert.deepEqual(shown(task.barrier().sent.results), [['k-20000', { key: 'k', n: 1, window: { start: 20_000, end: 20_000 } }], ['k-40000', { key: 'k', n: 1, window: { start: 40_000, end: 40_000 } }]]);
    task.feed([at(30_000)]);
    assert.deepEqual(shown(task.barrier().sent.results), [['k-40000', null], ['k-20000', { key: 'k', n: 3, window: { start: 20_000, end: 40_000 } }]]);
    task.feed([at(15_000)]);
    assert.deepEqual(shown(task.barrier().sent.results), [['k-20000', null], ['k-15000', { key: 'k', n: 4, window: { start: 15_000, end: 40_000 } }]]);
  });

  it('a tombstone has the timestamp of the result that takes the place of what it deletes', () => {
    const task = local(session);
    task.feed([at(20_000, {}, { timestamp: 7 }), at(40_000, {}, { timestamp: 5 })]);
    task.barrier();
    task.feed([at(30_000, {}, { timestamp: 6 })]);
    assert.deepEqual(task.barrier().sent.results.map(({ timestamp }) => timestamp), [7, 7]);
  });

  it('final: no tombstones, and one result when nothing in time could lengthen it', () => {
    const task = local({ ...session, emit: 'final', grace: '1s' });
    task.feed([at(20_000), at(40_000), at(30_000)]);
    assert.deepEqual(task.barrier({ watermark: 61_000 }).sent.results, []);
    assert.deepEqual(shown(task.barrier({ watermark: 61_001 }).sent.results), [['k-20000', { key: 'k', n: 3, window: { start: 20_000, end: 40_000 } }]]);
    assert.equal(task.store.size, 0);
  });

  it('a session that goes on for long costs no index entry for each record', () => {
    const task = local(session);
    for (let time = 0; time < 1_000_000; time += 5000) {
      task.feed([at(time)]);
      task.barrier({ watermark: time - 5000 });
      assert.ok(task.store.size <= 2);
    }
  });
});

describe('without windows', () => {
  const forever = { aggregate: { n: 'count()', latest: 'last(value.v)' } };

  it('there is one result for each key, over all its records, however old', () => {
    const task = local(forever);
    task.feed([at(5000, { v: 'new' }), at(10, { v: 'old' })]);
    assert.deepEqual(shown(task.barrier({ watermark: 1e9 }).sent.results), [['k', { key: 'k', n: 2, latest: 'new' }]]);
    task.feed([at(20, { v: 'older' }, { stamp: 1e9 })]);
    const { sent, passed } = task.barrier({ watermark: 1e9 });
    assert.deepEqual(shown(sent.results), [['k', { key: 'k', n: 3, latest: 'new' }]]);
    assert.deepEqual([sent.late.length, passed.watermark], [0, 1e9]);
  });

  it('ttl: a key is forgotten after its last record, not its first', () => {
    const task = local({ ...forever, ttl: '10s', late: 'drop' });
    task.feed([at(1000)]);
    task.barrier({ watermark: 1000 });
    task.feed([at(8000)]);
    task.barrier({ watermark: 12_000 });
    assert.equal(task.store.size, 2);
    task.feed([at(9000)]);
    assert.deepEqual(shown(task.barrier({ watermark: 17_000 }).sent.results), [['k', { key: 'k', n: 3, latest: 1 }]]);
    assert.deepEqual(task.barrier({ watermark: 19_000 }).sent.results, []);
    assert.equal(task.store.size, 0);
    task.feed([at(9000), at(9001)]);
    const { sent } = task.barrier({ watermark: 19_000 });
    assert.deepEqual([sent.late.length, shown(sent.results)], [1, [['k', { key: 'k', n: 1, latest: 1 }]]]);
  });

  it('reduce has the accumulator in value', () => {
    const task = local({ reduce: { step: 'acc + value' } });
    task.feed([at(0, 'a'), at(1, 'b')]);
    task.barrier();
    task.feed([at(0, 'c')]);
    assert.equal(task.pending, 1);
    assert.deepEqual(shown(task.barrier().sent.results), [['k', { key: 'k', value: 'abc' }]]);
  });
});
