import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { InputTime } from '../../../actors/component.ts';
import type { StreamRecord } from '../../../actors/record.ts';
import { recordOf } from '../../topology/harness.ts';
import { KeyedNode } from '../keyed/task.ts';
import { logicOf, Team } from './team.ts';

/* Joins as of event time, held against lists of updates and a search for the last one at or before. */

/** A step forward in time, and how far the record falls back behind it. */
interface Move {
  readonly key: number;
  readonly advance: number;
  readonly back: number;
  readonly kind: number;
}

const keys = ['a', 'b', '\xff'];

function move(back: number): fc.Arbitrary<Move> {
  return fc.record({
    key: fc.nat({ max: keys.length }),
    advance: fc.oneof({ weight: 5, arbitrary: fc.nat({ max: 9 }) }, { weight: 1, arbitrary: fc.nat({ max: 80 }) }),
    back: fc.oneof({ weight: 1, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat({ max: back }) }),
    kind: fc.nat({ max: 9 })
  });
}

/** A record of either side; without a value it deletes, or joins nothing. */
interface Datum {
  readonly key: string | null;
  readonly time: number;
  readonly value: number | null;
  readonly stamp: number;
}

/** Records with their stamps, and the watermark behind each. */
function sideOf(moves: readonly Move[], delay: number, last: number | null): { readonly data: Datum[]; readonly watermarks: number[] } {
  const data: Datum[] = [];
  const watermarks = [-Infinity];
  let cursor = 100;
  let highest = -Infinity;
  const add = (datum: Omit<Datum, 'stamp'>): void => {
    data.push({ ...datum, stamp: highest });
    highest = Math.max(highest, datum.time - delay);
    watermarks.push(highest);
  };
  moves.forEach(({ key, advance, back, kind }, n) => {
    cursor += advance;
    add({ key: keys[key] ?? null, time: cursor - back, value: kind === 0 ? null : n });
  });
  if (last !== null) add({ key: 'last', time: last, value: -1 });
  return { data, watermarks };
}

function recordsOf(data: readonly Datum[], topic: string): StreamRecord[] {
  return data.map(({ key, time, value, stamp }, offset) => recordOf(value === null ? undefined : { n: value }, { key: key === null ? null : Buffer.from(key, 'latin1'), time, stamp, offset, origin: { topic, partition: 0, codec: 'json' } }));
}

/** The row of a key as of a time. */
function rowAt(updates: readonly Datum[], key: string | null, time: number): number | null {
  let last: Datum | null = null;
  for (const update of updates) if (key !== null && update.key === key && update.time <= time && (last === null || update.time >= last.time)) last = update;
  return last?.value ?? null;
}

/** What was found, by the offset of the record. */
function found(results: readonly StreamRecord[]): [offset: number, row: number | null][] {
  return results.map(({ value, offset }) => [offset, (value as { row: { n: number } | null }).row?.n ?? null]);
}

interface Step {
  readonly kind: 'table' | 'stream' | 'barrier' | 'kill' | 'kill in checkpoint';
  readonly count: number;
}

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    kind: fc.oneof({ weight: 5, arbitrary: fc.constantFrom('table' as const, 'stream' as const) }, { weight: 4, arbitrary: fc.constant('barrier' as const) }, { weight: 1, arbitrary: fc.constantFrom('kill' as const, 'kill in checkpoint' as const) }),
    count: fc.integer({ min: 1, max: 6 })
  }),
  { minLength: 5, maxLength: 40 }
);

/** A side of the join as it is read: directly, or by a task before a hop, whose parcels are in a log. */
class Lane {
  readonly records: readonly StreamRecord[];
  readonly #watermarks: readonly number[];
  readonly #before: KeyedNode | null;
  #read = 0;
  #log: StreamRecord[] | null;
  #position = 0;
  #committed = 0;

  constructor(side: ReturnType<typeof sideOf>, topic: string, before: KeyedNode | null) {
    this.records = recordsOf(side.data, topic);
    this.#watermarks = side.watermarks;
    this.#before = before;
    this.#log = before === null ? null : [];
  }

  /** So many records go to a node. */
  feed(node: KeyedNode, count: number): void {
    if (this.#log !== null) this.#ship(count);
    const log = this.#log ?? this.records;
    const end = Math.min(log.length, this.#position + count);
    node.feed(log.slice(this.#position, end));
    this.#position = end;
  }

  get time(): InputTime {
    return { watermark: this.#log === null ? (this.#watermarks[this.#position] as number) : -Infinity, idle: false };
  }

  commit(): void {
    this.#committed = this.#position;
  }

  goBack(): void {
    this.#position = this.#committed;
  }

  #ship(count: number): void {
    if (this.#before === null) return;
    const end = Math.min(this.records.length, this.#read + count);
    this.#before.feed(this.records.slice(this.#read, end));
    this.#read = end;
    const { sent } = this.#before.barrier({ watermark: this.#watermarks[end] as number, now: end * 1000 });
    for (const record of sent.results) this.#log?.push({ ...record, value: JSON.parse(JSON.stringify(record.value)) as unknown });
  }
}

describe('a join as of event time', () => {
  const times = fc.record({ history: fc.integer({ min: 1, max: 40 }), delay: fc.integer({ min: 0, max: 15 }), streamDelay: fc.integer({ min: 0, max: 15 }), hop: fc.boolean(), inner: fc.boolean() });

  it('property: is a function of both inputs, however fast each is read, with whatever checkpoints and kills; records may be late by history', () => {
    fc.assert(
      fc.property(fc.array(move(15), { maxLength: 25 }), fc.array(move(50), { maxLength: 25 }), times, steps, (updates, moves, { history, delay, streamDelay, hop, inner }, list) => {
        // Updates are in time, and have a key.
        const table = sideOf(updates.map((each) => ({ ...each, key: each.key % keys.length, back: Math.min(each.back, delay) })), delay, 10_000);
        const stream = sideOf(moves.map((each) => ({ ...each, back: Math.min(each.back, streamDelay + history) })), streamDelay, 10_000);
        const made = { table: logicOf('table', { history: `${history}ms`, ...(hop && { key: 'key' }) }), join: logicOf('join', { table: 'table', into: 'row', as_of: 'event_time', kind: inner ? 'inner' : 'left' }) };
        const team = new Team(made.table, made.join, hop);
        const lanes = { table: new Lane(table, 'table', hop ? new KeyedNode((task) => made.table.before(task, 1, 0)) : null), stream: new Lane(stream, 'stream', hop ? new KeyedNode((task) => made.join.before(task, 1, 0)) : null) };
        let promised = -Infinity;
        const barrier = (): void => {
          const { join } = team.barrier({ table: lanes.table.time, stream: lanes.stream.time });
          lanes.table.commit();
          lanes.stream.commit();
          for (const { time, stamp } of join.sent.results) assert.ok(time >= promised || time < stamp, `${time} came after ${promised} was promised`);
          const held = join.sent.results.filter((record) => !join.sent.forwarded.includes(record));
          assert.deepEqual(held.map(({ time }) => time), held.map(({ time }) => time).sort((a, b) => a - b));
          promised = join.passed.watermark;
        };
        for (const { kind, count } of list) {
          if (kind === 'table' || kind === 'stream') lanes[kind].feed(team[kind === 'table' ? 'table' : 'join'], count);
          else if (kind === 'barrier') barrier();
          else {
            team.kill(kind === 'kill' ? undefined : { table: lanes.table.time, stream: lanes.stream.time });
            lanes.table.goBack();
            lanes.stream.goBack();
          }
        }
        lanes.stream.feed(team.join, 1000);
        lanes.table.feed(team.table, 1000);
        barrier();
        barrier();
        const expected = stream.data.flatMap(({ key, time, value }, offset): [number, number | null][] => {
          const row = rowAt(table.data, key, time);
          return value === null || (inner && row === null) || key === 'last' ? [] : [[offset, row]];
        });
        assert.deepEqual(found(team.join.committed.results).filter(([offset]) => offset < moves.length).sort(([a], [b]) => a - b), expected);
        // What waits is the last record, which no watermark is past.
        assert.ok([...team.join.store.range('q', 'r')].length <= 1);
      }),
      { numRuns: 2500 }
    );
  });

  /** What a side of the naive join knows, all of which a kill takes back. */
  interface Known {
    readonly updates: readonly Datum[];
    readonly held: readonly { readonly datum: Datum; readonly offset: number }[];
    readonly positions: { readonly table: number; readonly stream: number };
    readonly table: number;
    readonly stream: number;
    readonly floor: number;
  }

  const idleStep = fc.record({ step: steps, flags: fc.array(fc.record({ table: fc.boolean(), stream: fc.boolean() }), { minLength: 1, maxLength: 8 }) });

  it('property: with late updates and idle sides it is what a naive join does at the same checkpoints, and holds what that one holds', () => {
    fc.assert(
      fc.property(fc.array(move(60), { maxLength: 25 }), fc.array(move(60), { maxLength: 25 }), times, idleStep, (updates, moves, { history, delay, streamDelay, inner }, { step, flags }) => {
        const sides = { table: sideOf(updates.map((each) => ({ ...each, key: each.key % keys.length })), delay, null), stream: sideOf(moves, streamDelay, null) };
        const records = { table: recordsOf(sides.table.data, 'table'), stream: recordsOf(sides.stream.data, 'stream') };
        const team = new Team(logicOf('table', { history: `${history}ms` }), logicOf('join', { table: 'table', into: 'row', as_of: 'event_time', kind: inner ? 'inner' : 'left' }));
        let now: Known = { updates: [], held: [], positions: { table: 0, stream: 0 }, table: -Infinity, stream: -Infinity, floor: -Infinity };
        let committed = now;
        /** The earliest time that the join may still ask for, as of the last barrier. */
        let asked = -Infinity;
        const expected: (readonly [offset: number, row: number | null])[] = [];
        let epoch: (readonly [offset: number, row: number | null])[] = [];
        const answer = ({ key, time }: Datum, offset: number): void => {
          if (time < now.floor) {
            // Beyond history: whatever comes.
            epoch.push([offset, -1]);
            return;
          }
          const row = rowAt(now.updates, key, time);
          if (!inner || row !== null) epoch.push([offset, row]);
        };
        const take = (side: 'table' | 'stream', datum: Datum, offset: number): void => {
          if (side === 'table') {
            if (datum.time >= Math.max(datum.stamp, now.table) - history) now = { ...now, updates: [...now.updates, datum] };
          } else if (datum.value !== null && !(inner && datum.key === null)) {
            if (datum.time <= now.stream && datum.time < now.table) answer(datum, offset);
            else now = { ...now, held: [...now.held, { datum, offset }] };
          }
        };
        const feed = (side: 'table' | 'stream', count: number): void => {
          const from = now.positions[side];
          const data = sides[side].data.slice(from, from + count);
          data.forEach((datum, i) => { take(side, datum, from + i); });
          team[side === 'table' ? 'table' : 'join'].feed(records[side].slice(from, from + data.length));
          now = { ...now, positions: { ...now.positions, [side]: from + data.length } };
        };
        const timesOf = (n: number): { table: InputTime; stream: InputTime } => {
          const of = (side: 'table' | 'stream'): InputTime => ({ watermark: sides[side].watermarks[now.positions[side]] as number, idle: flags[n % flags.length]?.[side] ?? false });
          return { table: of('table'), stream: of('stream') };
        };
        step.forEach(({ kind, count }, n) => {
          if (kind === 'table' || kind === 'stream') feed(kind, count);
          else if (kind === 'barrier') {
            const ends = timesOf(n);
            const { join, table } = team.barrier(ends);
            assert.deepEqual([join.passed.again, table.passed.again], [null, null]);
            now = { ...now, table: Math.max(now.table, ends.table.watermark), stream: Math.max(now.stream, ends.stream.watermark) };
            now = { ...now, floor: Math.max(now.floor, Math.min(now.table, asked) - history) };
            const due = now.held.filter(({ datum: { time } }) => (ends.stream.idle || time <= now.stream) && (ends.table.idle || time < now.table));
            now = { ...now, held: now.held.filter((each) => !due.includes(each)) };
            for (const { datum, offset } of due.sort((a, b) => a.datum.time - b.datum.time)) answer(datum, offset);
            assert.equal([...team.join.store.range('q', 'r')].length, now.held.length);
            assert.equal(join.passed.idle, ends.stream.idle && now.held.length === 0);
            assert.ok(join.passed.watermark <= Math.min(now.stream, ...now.held.map(({ datum }) => Math.max(datum.time, committed.stream))));
            asked = join.passed.idle ? Infinity : join.passed.watermark;
            expected.push(...epoch);
            epoch = [];
            committed = now;
          } else {
            team.kill(kind === 'kill' ? undefined : timesOf(n));
            // What it knows of the watermarks it hears of anew.
            now = { ...committed, stream: -Infinity };
            asked = team.join.own;
            epoch = [];
          }
        });
        const beyond = new Set(expected.flatMap(([offset, row]) => (row === -1 ? [offset] : [])));
        const known = (rows: readonly (readonly [offset: number, row: number | null])[]): typeof rows => rows.filter(([offset]) => !beyond.has(offset));
        assert.deepEqual(known(found(team.join.committed.results)), known(expected));
      }),
      { numRuns: 2500 }
    );
  });
});
