import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { StreamRecord } from '../../../actors/record.ts';
import { recordOf } from '../../topology/harness.ts';
import { KeyedNode, textOf } from '../keyed/task.ts';
import { logicOf, Team } from './team.ts';

const utf8 = (text: string): Uint8Array => Buffer.from(text);
const value = ({ value: found }: StreamRecord): unknown => found;
const headersOf = (record: StreamRecord | undefined): unknown => record?.headers.map(([name, bytes]) => [name, String(Buffer.from(bytes ?? []))]);

/** A team with a table of these options, and a join of those. */
function teamOf(join: object, table: object = {}): Team {
  return new Team(logicOf('table', table), logicOf('join', { table: 'table', into: 'row', kind: 'left', ...join }));
}

describe('a join with a table as it is now', () => {
  it('property: finds the last row to come before the record, through checkpoints and kills', () => {
    const keys = ['a', 'b', '\xff', ''];
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('row' as const), key: fc.constantFrom(...keys), deletes: fc.nat({ max: 3 }).map((n) => n === 0), time: fc.nat({ max: 100 }) }) },
      { weight: 5, arbitrary: fc.record({ kind: fc.constant('record' as const), key: fc.option(fc.constantFrom(...keys, 'z'), { freq: 8 }), empty: fc.nat({ max: 7 }).map((n) => n === 0), time: fc.nat({ max: 100 }) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('barrier' as const, 'barrier' as const, 'kill' as const, 'kill in checkpoint' as const) }) }
    );
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 60 }), fc.boolean(), (list, inner) => {
        const team = teamOf({ kind: inner ? 'inner' : 'left' });
        let rows = new Map<string, number>();
        let committed = rows;
        const expected: unknown[] = [];
        let epoch: unknown[] = [];
        list.forEach((each, n) => {
          if (each.kind === 'row') {
            rows = new Map(rows);
            if (each.deletes) rows.delete(each.key);
            else rows.set(each.key, n);
            team.table.feed([recordOf(each.deletes ? undefined : n, { key: Buffer.from(each.key, 'latin1'), time: each.time })]);
          } else if (each.kind === 'record') {
            const row = each.key === null ? undefined : rows.get(each.key);
            if (!each.empty && !(inner && row === undefined)) epoch.push({ n, row: row ?? null });
            team.join.feed([recordOf(each.empty ? undefined : { n }, { key: each.key === null ? null : Buffer.from(each.key, 'latin1'), time: each.time })]);
          } else {
            if (each.kind === 'barrier') {
              team.barrier();
              expected.push(...epoch);
              committed = rows;
            } else {
              team.kill(each.kind === 'kill' ? undefined : {});
              rows = committed;
            }
            epoch = [];
          }
        });
        assert.deepEqual(team.join.committed.results.map(value), expected);
        assert.equal(team.join.store.size, 0);
      }),
      { numRuns: 2000 }
    );
  });

  it('leaves the record as it is otherwise, and says when the row was updated, and by what trace', () => {
    const team = teamOf({ into: 'user.row' });
    team.table.feed([recordOf({ name: 'ann' }, { time: 77, headers: [['traceparent', utf8('00-aa')], ['tracestate', utf8('x=1')], ['other', utf8('2')]] })]);
    const record = recordOf({ id: 1, user: { a: 0 } }, { time: 50, timestamp: 60, offset: 9, stamp: 40, headers: [['traceparent', utf8('00-bb')]] });
    team.join.feed([record]);
    const [result] = team.barrier().join.sent.forwarded;
    assert.deepEqual(result?.value, { id: 1, user: { a: 0, row: { name: 'ann' } } });
    assert.deepEqual(headersOf(result), [['traceparent', '00-bb'], ['millrace.right.timestamp', '77'], ['millrace.right.traceparent', '00-aa'], ['millrace.right.tracestate', 'x=1']]);
    assert.deepEqual({ ...result, value: record.value, headers: record.headers, changed: false }, record);
    assert.deepEqual(record.value, { id: 1, user: { a: 0 } });
  });

  it('counts what has no row, no key or no value, and fails what cannot take a row', () => {
    const codes = (options: object, ...records: StreamRecord[]): unknown => {
      const team = teamOf(options);
      team.table.feed([recordOf(7, { key: utf8('x'), time: -1 })]);
      team.join.feed(records);
      const { forwarded, filtered, failed, absorbed } = team.barrier().join.sent;
      assert.equal(absorbed, 0);
      return [forwarded.map(value), filtered.length, failed.map(({ failure }) => failure.message)];
    };
    const records = [recordOf({ n: 1 }), recordOf({ n: 2 }, { key: null }), recordOf(undefined), recordOf({ n: 3 }, { key: utf8('x') })];
    assert.deepEqual(codes({}, ...records), [[{ n: 1, row: null }, { n: 2, row: null }, { n: 3, row: 7 }], 1, []]);
    assert.deepEqual(codes({ kind: 'inner' }, ...records), [[{ n: 3, row: 7 }], 3, []]);
    assert.deepEqual(codes({ key: 'value.id' }, recordOf({ id: 'x' }), recordOf({ id: null })), [[{ id: 'x', row: 7 }, { id: null, row: null }], 0, []]);
    const bad = codes({ into: 'a.b' }, recordOf(null), recordOf([1]), recordOf('text'), recordOf({ a: 1 }), recordOf({ a: { b: 1 } }));
    const noObject = 'into: expected an object as the value, found something else';
    assert.deepEqual(bad, [[{ a: { b: null } }], 0, [noObject, noObject, noObject, 'into: expected an object on the way to a.b, found something else']]);
  });

  it('a row that is null is a row, one without a time has none in the headers', () => {
    const team = teamOf({ kind: 'inner' });
    team.table.feed([recordOf(null, { time: -1 })]);
    team.join.feed([recordOf({})]);
    const [result] = team.barrier().join.sent.forwarded;
    assert.deepEqual([result?.value, result?.headers], [{ row: null }, []]);
  });

  it('works behind a hop on records as they were before it, and passes on how far those before it are', () => {
    const logic = logicOf('join', { table: 'table', into: 'row', key: 'value.id' });
    const before = new KeyedNode((task) => logic.before(task, 1, 0));
    before.feed([recordOf({ id: 'x' }, { time: 8, key: null }), recordOf(undefined), recordOf(5)]);
    const { sent } = before.barrier({ watermark: 6 });
    assert.deepEqual([sent.filtered.length, sent.failed.map(({ record }) => record.value), sent.absorbed], [1, [5], 1]);
    const team = new Team(logicOf('table', {}), logic, true);
    team.table.store.put('rx', [1, 'row']);
    team.join.feed(sent.results.map((record) => ({ ...record, value: JSON.parse(JSON.stringify(record.value)) as unknown })));
    const { join } = team.barrier({ stream: { watermark: 1000, idle: false } });
    assert.deepEqual([join.sent.forwarded.map(value), join.sent.forwarded[0]?.key, join.passed.watermark], [[{ id: 'x', row: 'row' }], null, 6]);
    team.kill();
    assert.equal(team.barrier().join.passed.watermark, 6);
  });

  it('a key that is forgotten has no row, also while its history is kept', () => {
    for (const history of [{}, { history: '10ms' }]) {
      const team = teamOf({}, { ttl: '20ms', ...history });
      const look = (watermark: number): unknown => {
        team.barrier({ table: { watermark, idle: false } });
        team.join.feed([recordOf({})]);
        return team.barrier({ table: { watermark, idle: false } }).join.sent.forwarded.map(value);
      };
      team.table.feed([recordOf('v', { time: 100, key: utf8('k') })]);
      assert.deepEqual([look(119), look(120), look(1000)], [[{ row: 'v' }], [{ row: null }], [{ row: null }]]);
      // It comes back with its next update.
      team.table.feed([recordOf('w', { time: 995, key: utf8('k') })]);
      assert.deepEqual(look(1000), [{ row: 'w' }]);
    }
  });
});

describe('a join with a table as of event time', () => {
  const timed = { as_of: 'event_time' };
  const history = { history: '1h' };
  const at = (watermark: number, idle = false): { watermark: number; idle: boolean } => ({ watermark, idle });
  const results = (team: Team, table: number, stream: number): unknown[] => team.barrier({ table: at(table), stream: at(stream) }).join.sent.results.map(value);

  it('waits until both sides are past the record, and is in order of event time', () => {
    const team = teamOf(timed, history);
    team.join.feed([recordOf({ n: 1 }, { time: 30 }), recordOf({ n: 2 }, { time: 20 }), recordOf({ n: 3 }, { time: 20 }), recordOf({ n: 4 }, { time: 10 })]);
    assert.deepEqual(results(team, -Infinity, 10), []);
    team.table.feed([recordOf('at 10', { time: 10 }), recordOf('at 15', { time: 15 }), recordOf('at 25', { time: 25 })]);
    assert.deepEqual(results(team, 20, 20), [{ n: 4, row: 'at 10' }]);
    // An update of the very time of the watermark may still come.
    team.table.feed([recordOf('at 20', { time: 20 })]);
    assert.deepEqual(results(team, 21, 20), [{ n: 2, row: 'at 20' }, { n: 3, row: 'at 20' }]);
    assert.deepEqual(results(team, 99, 29), []);
    assert.deepEqual(results(team, 99, 30), [{ n: 1, row: 'at 25' }]);
  });

  it('passes on no more than what it still holds, also after a restart', () => {
    const team = teamOf(timed, history);
    const passed = (table: number, stream: number, idle = false): unknown => {
      const { watermark, idle: passedIdle } = team.barrier({ table: at(table), stream: at(stream, idle) }).join.passed;
      return [watermark, passedIdle];
    };
    team.join.feed([recordOf({}, { time: 30 }), recordOf({}, { time: 50 })]);
    assert.deepEqual(passed(5, 45), [30, false]);
    team.kill();
    assert.deepEqual([passed(5, 45, true), passed(31, 45, true), passed(50, 60, true), passed(51, 60, true)], [[30, false], [45, false], [50, false], [60, true]]);
  });

  it('while one side is idle it does not hold the other back, and while both are nothing waits', () => {
    const fresh = (): Team => {
      const team = teamOf(timed, history);
      team.join.feed([recordOf({ n: 1 }, { time: 30 }), recordOf({ n: 2 }, { time: 50 })]);
      return team;
    };
    const count = (times: Parameters<Team['barrier']>[0]): number => fresh().barrier(times).join.sent.results.length;
    assert.equal(count({ table: at(-Infinity, true), stream: at(40) }), 1);
    assert.equal(count({ table: at(31), stream: at(-Infinity, true) }), 1);
    assert.equal(count({ table: at(-Infinity, true), stream: at(-Infinity, true) }), 2);
    // Nor is another checkpoint asked for, again and again.
    assert.equal(fresh().barrier({ table: at(10, true), stream: at(10, true) }).join.passed.again, null);
  });

  it('what was idle may have awoken: then a record waits all the same', () => {
    const team = teamOf(timed, history);
    team.barrier({ table: at(10, true), stream: at(10, true) });
    team.join.feed([recordOf({ n: 1 }, { time: 30 })]);
    team.table.feed([recordOf('at 20', { time: 20 })]);
    assert.deepEqual(results(team, 20, 30), []);
    assert.deepEqual(results(team, 31, 30), [{ n: 1, row: 'at 20' }]);
  });

  it('what comes late is answered at once, with what was there at its time', () => {
    const team = teamOf({ ...timed, kind: 'inner' }, history);
    team.table.feed([recordOf('at 10', { time: 10 }), recordOf('at 15', { time: 15 })]);
    team.barrier({ table: at(100), stream: at(100) });
    team.join.feed([14, 9, 15].map((time) => recordOf({ time }, { time })));
    const { forwarded, filtered, absorbed } = team.barrier({ table: at(100), stream: at(100) }).join.sent;
    assert.deepEqual([forwarded.map(value), filtered.length, absorbed], [[{ time: 14, row: 'at 10' }, { time: 15, row: 'at 15' }], 1, 0]);
  });

  it('a record that was held comes out as it came, with all of its headers', () => {
    const team = teamOf(timed, history);
    const record = recordOf(1, { value: { n: 1, big: 5n }, time: 30, timestamp: -1, offset: 4, stamp: 25, changed: true, key: Buffer.from([255, 0]), headers: [['a', Buffer.from([0, 200])], ['a', null]] });
    team.join.feed([record, recordOf({ n: 2 }, { time: 31, key: null, stamp: 26 })]);
    team.barrier();
    team.kill();
    const [held, other] = team.barrier({ table: at(100), stream: at(100) }).join.sent.results;
    assert.deepEqual(held?.value, { n: 1, big: 5, row: null });
    assert.deepEqual([held?.key && [...held.key], held?.headers, held?.time, held?.timestamp, held?.offset, held?.stamp, held?.origin.topic, held?.origin.partition], [[255, 0], [['a', new Uint8Array([0, 200])], ['a', null]], 30, -1, 4, 25, 'in', 3]);
    assert.deepEqual([other?.value, other?.key, other?.stamp], [{ n: 2, row: null }, null, 26]);
  });

  it('fails at once what could not be joined or stored later, and counts what has no key, no value', () => {
    const team = teamOf({ ...timed, kind: 'inner' }, history);
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    team.join.feed([recordOf(1, { time: 5 }), recordOf({}, { time: -1 }), recordOf(1, { time: 5, value: circular, changed: true }), recordOf(undefined), recordOf({}, { key: null, time: 5 })]);
    const { failed, filtered, absorbed } = team.barrier().join.sent;
    assert.deepEqual([failed.map(({ failure }) => failure.code), filtered.length, absorbed], [['expression_failed', 'event_time_missing', 'unencodable'], 2, 0]);
  });

  it('sends 10,000 per checkpoint, in order, and says that more is due', () => {
    const team = teamOf(timed, history);
    const times = Array.from({ length: 12_000 }, (_, i) => (i * 7919) % 12_000);
    team.join.feed(times.map((time) => recordOf({ time }, { time })));
    assert.equal(team.join.pending, 12_000);
    team.barrier();
    team.join.feed(times.map((time) => recordOf({ time }, { time })));
    const sent: number[] = [];
    const again: unknown[] = [];
    for (let i = 0; i < 3; i++) {
      const { join } = team.barrier({ table: at(1e6), stream: at(1e6) });
      sent.push(...join.sent.results.map(({ time }) => time));
      again.push([join.sent.results.length, join.passed.again, join.passed.watermark]);
    }
    assert.deepEqual(again, [[10_000, 0, 5000], [10_000, 0, 10_000], [4000, null, 1e6]]);
    assert.deepEqual(sent, Array.from({ length: 24_000 }, (_, i) => i >> 1));
    assert.equal(team.join.store.size, 1);
  });

  it('shows what waits', () => {
    const logic = logicOf('join', { table: 'table', into: 'row', as_of: 'event_time' });
    const team = new Team(logicOf('table', {}), logic);
    team.join.feed([recordOf({ n: 1 }, { time: 30 }), recordOf({ n: 2 }, { time: 20 })]);
    team.barrier();
    assert.deepEqual(logic.contents(team.join.store).map((record) => [textOf(record.key), record.value]), [['k', { n: 2 }], ['k', { n: 1 }]]);
  });

  it('of a table without history finds the row there is, where it was there already then', () => {
    const team = teamOf(timed);
    team.table.feed([recordOf('old', { time: 10 }), recordOf('new', { time: 20 })]);
    team.join.feed([15, 25].map((time) => recordOf({ time }, { time })));
    assert.deepEqual(results(team, 100, 100), [{ time: 15, row: null }, { time: 25, row: 'new' }]);
  });
});
