import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Header, StreamRecord } from '../../../actors/record.ts';
import { recordOf } from '../../topology/harness.ts';
import { KeyedNode, textOf } from '../keyed/task.ts';
import { keyedOf } from './build.ts';

const options = { with: 'other', within: { before: '2ms', after: '3ms' }, grace: '1ms', late: 'drop' };

function node(more: object = {}): KeyedNode {
  const logic = keyedOf('join', { ...options, ...more });
  return new KeyedNode((task) => logic.open(task));
}

/** Both sides are complete up to here. */
function barrier(task: KeyedNode, watermark: number): ReturnType<KeyedNode['barrier']> {
  const time = { watermark, idle: false };
  return task.barrier({ ...time, inputs: [time, time] });
}

/** A record at a time; its value is its name. */
function at(time: number, value: unknown = 'x', parts: Partial<StreamRecord> = {}): StreamRecord {
  return recordOf(value, { time, timestamp: time, ...parts });
}

function header(name: string, value: string): Header {
  return [name, Buffer.from(value)];
}

function headersOf({ headers }: StreamRecord): string[] {
  return headers.map(([name, value]) => `${name}=${textOf(value)}`);
}

const stored = (task: KeyedNode, tag: 'l' | 'r'): unknown[] => [...task.store.range(tag, String.fromCharCode(tag.charCodeAt(0) + 1))].map(([, row]) => row);
const [left, right] = [0, 1];

describe('the bounds of a join', () => {
  // One record, a checkpoint at every watermark, then one of the other side: each of them against the definition.
  for (const [name, first, ahead, back] of [['left first', left, 3, 2], ['right first', right, 2, 3]] as const) {
    it(`${name}: pairs, late records, what waits and what comes out alone are told to the millisecond`, () => {
      const logic = keyedOf('join', { ...options, kind: 'outer' });
      const second = 1 - first;
      const tag = second === left ? 'l' : 'r';
      for (let time = 5; time <= 9; time++) {
        for (let watermark = 0; watermark <= 20; watermark++) {
          for (let other = 0; other <= 20; other++) {
            const task = new KeyedNode((place) => logic.open(place));
            task.feed([at(time, 'first')], 0, first);
            const alone = barrier(task, watermark).sent.results.length;
            task.feed([at(other, 'second', { stamp: watermark })], 0, second);
            const waits = stored(task, tag).length;
            const { sent } = barrier(task, watermark);
            const distance = other - time;
            const isLate = watermark > other + 6;
            const isPair = distance >= -back && distance <= ahead && watermark <= time + ahead + 1;
            // Those of the other side may be `back` younger than the second one.
            const isOver = watermark > other + back + 1;
            const expected = {
              alone: Number(watermark > time + ahead + 1),
              pairs: Number(isPair),
              late: Number(isLate),
              waits: Number(!isOver && !isLate),
              over: Number(!isLate && !isPair && isOver)
            };
            const pairs = sent.results.filter(({ value }) => (value as { left: unknown }).left !== null && (value as { right: unknown }).right !== null).length;
            assert.deepEqual({ alone, pairs, late: sent.late.length, waits, over: sent.results.length - pairs }, expected, `${time}, then ${watermark}, then ${other}`);
          }
        }
      }
    });
  }

  it('what is promised to readers is as far behind the watermark as a result can be, and no farther', () => {
    for (const [kind, hold] of [['inner', 4], ['left', 6], ['right', 6], ['outer', 6]] as const) {
      assert.deepEqual(barrier(node({ kind }), 100).passed, { own: 100, watermark: 100 - hold, idle: false, again: null }, kind);
    }
  });

  it('the watermark is that of the slower side; an idle side holds nobody back', () => {
    const task = node({ kind: 'left' });
    task.feed([at(5)], 0, left);
    const stands = (...watermarks: readonly [number, boolean][]) => ({ inputs: watermarks.map(([watermark, idle]) => ({ watermark, idle })) });
    assert.deepEqual(task.barrier(stands([100, false], [9, false])).passed, { own: 9, watermark: 3, idle: false, again: null });
    assert.equal(task.barrier(stands([100, false], [9, true])).sent.results.length, 1);
    assert.deepEqual(task.barrier(stands([100, true], [9, true])).passed, { own: 100, watermark: 94, idle: true, again: null });
  });
});

describe('the results of a join', () => {
  it('have both values under the names of the sides, both times, the higher timestamp and the key of the group', () => {
    const task = node({ as: { left: 'order', right: 'payment' }, within: '1m', key: { left: 'value.id', right: 'value.order' } });
    task.feed([at(5000, { id: 7 }, { timestamp: 9000 })], 0, left);
    task.feed([at(6000, { order: '7' }, { timestamp: 100 }), at(6000, { order: 8 })], 0, right);
    const { results } = barrier(task, 0).sent;
    assert.deepEqual(results.map(({ value, time, timestamp, key }) => ({ value, time, timestamp, key: textOf(key) })), [
      { value: { key: '7', order: { id: 7 }, payment: { order: '7' }, time: { order: 5000, payment: 6000 } }, time: 6000, timestamp: 9000, key: '7' }
    ]);
  });

  it('carry the headers of the left record and both trace contexts, whichever came first', () => {
    const order = at(5, 'l', { headers: [header('app', 'shop'), header('traceparent', '00-left')] });
    const payment = at(5, 'r', { headers: [header('app', 'bank'), header('traceparent', '00-right'), header('tracestate', 'a=1')] });
    const expected = ['app=shop', 'traceparent=00-left', 'millrace.right.traceparent=00-right', 'millrace.right.tracestate=a=1'];
    for (const [first, second] of [[left, right], [right, left]] as const) {
      const task = node();
      for (const side of [first, second]) task.feed([side === left ? order : payment], 0, side);
      assert.deepEqual(barrier(task, 0).sent.results.map(headersOf), [expected]);
    }
  });

  it('without a left record carry the headers of the right one', () => {
    const task = node({ kind: 'right' });
    task.feed([at(5, 'r', { headers: [header('app', 'bank'), header('traceparent', '00-right')] })], 0, right);
    assert.deepEqual(barrier(task, 9).sent.results.map(headersOf), [['app=bank', 'traceparent=00-right']]);
  });

  it('of what waits nothing is kept that no result will have', () => {
    const headers = [header('app', 'x'), header('traceparent', '00-a')];
    for (const [kind, kept] of [['left', ['traceparent']], ['outer', ['app', 'traceparent']]] as const) {
      const task = node({ kind });
      task.feed([at(5, 'r', { headers })], 0, right);
      assert.deepEqual((stored(task, 'r') as { h: [string][] }[]).map(({ h }) => h.map(([name]) => name)), [kept]);
    }
  });

  it('equal records are as many records', () => {
    const task = node();
    task.feed([at(5, 'a'), at(5, 'a')], 0, left);
    task.feed([at(5, 'b'), at(5, 'b')], 0, right);
    assert.equal(barrier(task, 0).sent.results.length, 4);
  });

  it('a JSON null is a value, a tombstone is none', () => {
    const task = node({ kind: 'outer' });
    task.feed([at(5, null), { ...at(4, null), bytes: null }], 0, left);
    task.feed([at(5, 'b')], 0, right);
    const { results, filtered } = barrier(task, 0).sent;
    assert.deepEqual(results.map(({ value }) => value), [{ key: 'k', left: null, right: 'b', time: { left: 5, right: 5 } }]);
    assert.deepEqual(filtered.map(({ time }) => time), [4]);
  });

  it('a record without a key has no partner: it comes out at once where its side is kept, and nowhere else', () => {
    for (const [kind, sides] of [['inner', []], ['left', ['left']], ['right', ['right']], ['outer', ['left', 'right']]] as const) {
      const task = node({ kind });
      task.feed([at(5, 'l', { key: null })], 0, left);
      task.feed([at(5, 'r', { key: null })], 0, right);
      const { results, filtered } = barrier(task, 0).sent;
      assert.deepEqual(results.map(({ key, value }) => [key, (value as { key: null }).key, (value as { left: unknown }).left === null ? 'right' : 'left']), sides.map((side) => [null, null, side]));
      assert.equal(filtered.length, 2 - sides.length);
      assert.equal(task.store.size, 0);
    }
  });

  it('what a script made is what a sink would write, whichever side came first; what has no such form fails', () => {
    const made = at(5, 'x', { value: { when: new Date(0), big: 7n, none: undefined, odd: NaN, zero: -0 }, changed: true });
    const plain = { when: '1970-01-01T00:00:00.000Z', big: 7, odd: null, zero: 0 };
    for (const [first, second] of [[left, right], [right, left]] as const) {
      const task = node();
      task.feed([made], 0, first);
      task.feed([{ ...made, value: { nested: [made.value] } }], 0, second);
      const { results } = barrier(task, 0).sent;
      assert.deepEqual(results.map(({ value }) => (first === left ? value : { ...(value as object), left: (value as { right: unknown }).right, right: (value as { left: unknown }).left })), [
        { key: 'k', left: plain, right: { nested: [plain] }, time: { left: 5, right: 5 } }
      ]);
    }
    const circle: { self?: unknown } = {};
    circle.self = circle;
    const task = node();
    task.feed([{ ...made, value: circle }, { ...made, value: 2n ** 60n }, { ...made, value: undefined }]);
    assert.deepEqual(barrier(task, 0).sent.failed.map(({ failure }) => failure.code), ['unencodable', 'unencodable', 'unencodable']);
  });

  it('bytes as a value and a record without an event time fail', () => {
    const task = node();
    task.feed([at(-1), at(5, Buffer.from('raw'))], 0, left);
    task.feed([{ ...at(5), value: Buffer.from('raw') }], 0, right);
    assert.deepEqual(barrier(task, 0).sent.failed.map(({ failure }) => failure.code), ['event_time_missing', 'unencodable', 'unencodable']);
  });
});

describe('the state of a join', () => {
  it('of more than ten thousand records that are over the rest follows at once, each once, also after a crash', () => {
    const task = node({ kind: 'outer' });
    const side = (from: number) => Array.from({ length: 5200 }, (_, index) => at(100 + index, index + from, { key: Buffer.from(`${index + from}`) }));
    task.feed(side(0), 0, left);
    task.feed(side(10_000), 0, right);
    barrier(task, 50);
    task.kill({ inputs: [{ watermark: 50_000, idle: false }, { watermark: 50_000, idle: false }] });
    const first = barrier(task, 50_000);
    assert.deepEqual([first.sent.results.length, first.passed.again], [10_000, 0]);
    // The oldest that is left, number 4800 of the right ones.
    assert.equal(first.passed.watermark, 4900);
    task.kill();
    const second = barrier(task, 50_000);
    assert.deepEqual([second.sent.results.length, second.passed], [400, { own: 50_000, watermark: 50_000 - 6, idle: false, again: null }]);
    assert.deepEqual(second.sent.results.filter(({ stamp, time }) => time < stamp), []);
    assert.equal(new Set(task.committed.results.map(({ key }) => textOf(key))).size, 10_400);
    assert.deepEqual([...task.store.range('', '\xff')].map(([place]) => place), ['c']);
  });

  it('shows what waits', () => {
    const logic = keyedOf('join', { ...options, as: { left: 'order', right: 'payment' } });
    const task = new KeyedNode((place) => logic.open(place));
    task.feed([at(5, 'l')], 0, left);
    task.feed([at(50, 'r', { key: Buffer.from('other') })], 0, right);
    assert.deepEqual(logic.contents(task.store).map(({ value }) => value), [
      { key: 'k', order: 'l', payment: null, time: { order: 5, payment: null } },
      { key: 'other', order: null, payment: 'r', time: { order: null, payment: 50 } }
    ]);
  });

  it('is described by what it depends on: key, within and kind', () => {
    const { holds, bound, regroups } = keyedOf('join', options);
    for (const change of [{ grace: '5s' }, { late: 'topic' }, { as: { left: 'a' } }, { key: 'key' }]) assert.deepEqual(keyedOf('join', { ...options, ...change }).holds, holds);
    for (const change of [{ within: '2ms' }, { kind: 'left' }, { key: 'value.id' }, { key: { right: 'value.id' } }]) assert.notDeepEqual(keyedOf('join', { ...options, ...change }).holds, holds);
    assert.equal(bound, 'left records until 4ms behind the watermark, right records until 3ms');
    assert.deepEqual(regroups, [false, false]);
    assert.deepEqual(keyedOf('join', { ...options, key: { right: 'value.id' } }).regroups, [false, true]);
  });
});
