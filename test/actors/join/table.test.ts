import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Parcel } from '../../../actors/keyed/parcel.ts';
import { VersionedRows } from '../../../actors/join/table-keeper.ts';
import type { PackedRow } from '../../../actors/join/table-row.ts';
import type { PackedVersion } from '../../../actors/join/table-rows.ts';
import { TableRows } from '../../../actors/join/table-rows.ts';
import type { StreamRecord } from '../../../actors/record.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { applyEpoch, identity, stateDirectory } from '../../support/state.ts';
import { recordOf } from '../../topology/harness.ts';
import { KeyedNode, textOf } from '../keyed/task.ts';
import { logicOf } from './team.ts';

/** Keys of one byte, some of them no UTF-8, one of none, one that begins as entries of the store do, and one as long as none should be. */
const keys = ['a', '', '\xff', 'r\x00\x80', 'k'.repeat(1900)];
const longest = 120;

/** Something that happens to a table. */
type Step =
  | { readonly kind: 'update'; readonly key: string; readonly advance: number; readonly back: number; readonly deletes: boolean }
  | { readonly kind: 'barrier'; readonly readers: number | null }
  | { readonly kind: 'kill'; readonly inCheckpoint: boolean };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constant('update' as const),
        key: fc.constantFrom(...keys),
        advance: fc.nat({ max: 12 }),
        back: fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.nat({ max: 40 }) }, { weight: 1, arbitrary: fc.nat({ max: longest }) }),
        deletes: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) })
      })
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('barrier' as const), readers: fc.option(fc.nat({ max: 60 })) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('kill' as const), inCheckpoint: fc.boolean() }) }
  ),
  { maxLength: 60 }
);

/** An update as it was taken in, or a deletion: without a value. */
interface Update {
  readonly key: string;
  readonly time: number;
  readonly value: number | null;
}

/** A table, and what a list of its updates says it has to be. */
class Watched {
  readonly node: KeyedNode;
  readonly rows: TableRows;
  readonly #history: number | null;
  readonly #ttl: number;
  #cursor = 200;
  #watermark = -Infinity;
  #taken: Update[] = [];
  /** Watermark of the last barrier, by which keys are forgotten, and the earliest time that may still be asked for. */
  #forgotten = -Infinity;
  #floor = -Infinity;
  #committed: { readonly cursor: number; readonly watermark: number; readonly taken: readonly Update[] };
  #number = 0;

  constructor(history: number | null, ttl: number | null) {
    const logic = logicOf('table', { ...(history !== null && { history: `${history}ms` }), ...(ttl !== null && { ttl: `${ttl}ms` }) });
    this.node = new KeyedNode((task) => logic.open(task));
    this.rows = new TableRows(this.node.store);
    this.#history = history;
    this.#ttl = ttl ?? Infinity;
    this.#committed = { cursor: this.#cursor, watermark: this.#watermark, taken: [] };
  }

  step(step: Step): void {
    if (step.kind === 'update') this.#update(step);
    else if (step.kind === 'barrier') this.barrier(step.readers);
    else {
      this.node.kill(step.inCheckpoint ? { watermark: this.#watermark } : undefined);
      this.#cursor = this.#committed.cursor;
      this.#watermark = this.#committed.watermark;
      this.#taken = [...this.#committed.taken];
    }
  }

  /** Those that look up are `readers` behind the table; null: there are none. */
  barrier(readers: number | null, watermark = this.#watermark): void {
    this.#watermark = watermark;
    const asked = readers === null ? Infinity : watermark - readers;
    this.node.barrier({ watermark, readers: readers === null ? null : { watermark: asked, idle: false } });
    this.#forgotten = watermark;
    this.#floor = Math.max(this.#floor, Math.min(watermark, asked) - (this.#history ?? 0));
    if (this.#history === null) this.#taken = this.#lasts().filter(({ time, value }) => value !== null && time + this.#ttl > watermark);
    this.#committed = { cursor: this.#cursor, watermark, taken: [...this.#taken] };
  }

  #update({ key, advance, back, deletes }: Extract<Step, { readonly kind: 'update' }>): void {
    this.#cursor += advance;
    const time = this.#cursor - back;
    const value = deletes ? null : this.#number++;
    this.node.feed([recordOf(value ?? undefined, { key: Buffer.from(key, 'latin1'), time, stamp: this.#watermark })]);
    const tooOld = (this.#history !== null && time < this.#watermark - this.#history) || time + this.#ttl <= this.#watermark;
    if (!tooOld) this.#taken.push({ key, time, value });
    this.#watermark = Math.max(this.#watermark, this.#cursor - 5);
  }

  /** The last of each key: to come, or by time. */
  #lasts(): Update[] {
    const lasts = new Map<string, Update>();
    for (const update of this.#taken) {
      const known = lasts.get(update.key);
      if (this.#history === null || known === undefined || update.time >= known.time) lasts.set(update.key, update);
    }
    return [...lasts.values()];
  }

  /** The row of a key as of a time, naively. */
  #asOf(key: string, time: number): number | undefined {
    let last: Update | null = null;
    for (const update of this.#taken) if (update.key === key && update.time <= time && (last === null || update.time >= last.time)) last = update;
    return last === null || last.value === null || last.time + this.#ttl <= time ? undefined : last.value;
  }

  check(): void {
    const lasts = new Map(this.#lasts().map((update) => [update.key, update]));
    for (const key of keys) {
      const last = lasts.get(key);
      // What was taken in since the last barrier is not forgotten before the next one.
      const gone = last === undefined || last.value === null || last.time + this.#ttl <= this.#forgotten;
      assert.equal(this.rows.get(key)?.value, gone ? undefined : last.value, `${key} now`);
      if (this.#history === null) continue;
      for (let time = Math.max(80, this.#floor); time <= this.#cursor + 1; time += 3) assert.equal(this.rows.asOf(key, time)?.value, this.#asOf(key, time), `${key} as of ${time}`);
    }
  }

  /** Right behind a barrier: no version is there that nobody may ask for any more, and none stays for longer than what its key was last told. */
  checkSize(): void {
    for (const [place, version] of this.node.store.range('v', 'w')) {
      const [until] = version as unknown as PackedVersion;
      const last = Math.max(...this.#taken.filter(({ key }) => key === place.slice(5, -8)).map(({ time }) => time));
      assert.ok(until > this.#floor && until <= last, `a version until ${until}, with ${this.#floor} the earliest time and ${last} the last`);
    }
  }
}

function run(history: number | null, ttl: number | null, list: readonly Step[]): Watched {
  const table = new Watched(history, ttl);
  for (const step of list) {
    table.step(step);
    table.check();
    if (step.kind === 'barrier' && history !== null) table.checkSize();
  }
  return table;
}

describe('a table', () => {
  it('property: has the last value of each key to come, whatever its time, through kills; and nothing else is stored', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const table = run(null, null, list);
        table.barrier(null);
        assert.equal(table.node.store.size, [...table.rows.all()].length);
      }),
      { numRuns: 1500 }
    );
  });

  it('property: forgets keys whose last update is ttl behind the watermark, and keeps nothing of them', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 60 }), (list, ttl) => {
        const table = run(null, ttl, list);
        table.barrier(null, 10_000);
        assert.equal(table.node.store.size, 0);
      }),
      { numRuns: 1500 }
    );
  });

  it('property: with history has the value of each key at any time that it reaches back to, and no version that nobody can ask for', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: longest }), (list, history) => {
        const table = run(history, null, list);
        table.barrier(null, 10_000);
        assert.equal(table.node.store.size, [...table.rows.all()].length);
      }),
      { numRuns: 1500 }
    );
  });

  it('property: with history and ttl a key is forgotten for the times behind its end alone', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60 }), (list, history, more) => {
        const table = run(history, history + more, list);
        table.barrier(null, 10_000);
        table.barrier(null, 10_000);
        assert.equal(table.node.store.size, 0);
      }),
      { numRuns: 1500 }
    );
  });
});

const value = ({ value: found }: StreamRecord): unknown => found;

/** A table alone. */
function tableWith(options: object): KeyedNode {
  const logic = logicOf('table', options);
  return new KeyedNode((task) => logic.open(task));
}

describe('the records of a table', () => {
  const logic = logicOf('table', {});

  it('go on as they came, tombstones too', () => {
    const table = tableWith({});
    const records = [recordOf({ a: 1 }), recordOf(undefined), recordOf(null)];
    table.feed(records);
    assert.deepEqual(table.barrier().sent.forwarded, records);
    assert.deepEqual(logic.contents(table.store).map(value), [null]);
  });

  it('are shown with key, event time and trace context', () => {
    const table = tableWith({});
    const headers = [['other', Buffer.from('1')], ['traceparent', Buffer.from('00-1')], ['traceparent', Buffer.from('00-2')], ['tracestate', Buffer.from('é')]] as const;
    table.feed([recordOf('x', { time: 8, headers }), recordOf([1], { key: Buffer.from([255]), time: -1 })]);
    const [row, other] = logic.contents(table.store);
    assert.deepEqual([textOf(row?.key ?? null), row?.value, row?.time, row?.timestamp, row?.headers.map(([name, bytes]) => [name, String(Buffer.from(bytes ?? []))])], ['k', 'x', 8, 8, [['traceparent', '00-2'], ['tracestate', 'é']]]);
    assert.deepEqual([textOf(other?.key ?? null), other?.value, other?.headers], ['\xff', [1], []]);
  });

  it('fail without a key, without a time where it goes by time, and where they are no JSON', () => {
    const codes = (options: object, ...records: StreamRecord[]): string[] => {
      const table = tableWith(options);
      table.feed(records);
      const { sent } = table.barrier();
      assert.deepEqual([sent.forwarded, [...table.store.range('r', 's')]], [[], []]);
      return sent.failed.map(({ failure }) => failure.code);
    };
    const circular: unknown[] = [];
    circular.push(circular);
    assert.deepEqual(codes({}, recordOf(1, { key: null }), recordOf(1, { value: Buffer.from('x') }), recordOf(1, { value: circular, changed: true })), ['key_missing', 'row_unusable', 'unencodable']);
    for (const timed of [{ ttl: '1h' }, { history: '1h' }]) assert.deepEqual(codes(timed, recordOf(1), recordOf(undefined)), ['event_time_missing', 'event_time_missing']);
    // A tombstone has no value to take a key from.
    assert.deepEqual(codes({ key: 'value.id' }, recordOf(undefined), recordOf({ id: null })), ['expression_failed', 'key_missing']);
  });

  it('that a script made are stored as a sink would write them', () => {
    const table = tableWith({});
    table.feed([recordOf(1, { value: { at: new Date(0), n: 5n }, changed: true })]);
    assert.deepEqual(logic.contents(table.store).map(value), [{ at: '1970-01-01T00:00:00.000Z', n: 5 }]);
  });

  it('older than history or ttl behind the watermark are filtered, before a hop too', () => {
    const records = [200, 189, 190].map((time) => recordOf({ time }, { time, stamp: 200 }));
    const filtered = (options: object, before: boolean): unknown[] => {
      const made = logicOf('table', options);
      const node = new KeyedNode((task) => (before ? made.before(task, 1, 0) : made.open(task)));
      node.feed(records);
      return node.barrier({ watermark: 200 }).sent.filtered.map(({ time }) => time);
    };
    for (const before of [false, true]) {
      assert.deepEqual(filtered({ history: '10ms' }, before), [189]);
      assert.deepEqual(filtered({ ttl: '10ms' }, before), [189, 190]);
      assert.deepEqual(filtered({}, before), []);
    }
  });

  it('cross a hop whole, and the watermarks of the tasks before it are kept', () => {
    const made = logicOf('table', { key: 'value.id' });
    const before = new KeyedNode((task) => made.before(task, 1, 0));
    before.feed([recordOf({ id: 'x', n: 1 }, { time: 4, headers: [['traceparent', Buffer.from('00-1')]] })]);
    const parcels = before.barrier({ watermark: 3 }).sent.results.map((record) => ({ ...record, value: JSON.parse(JSON.stringify(record.value)) as Parcel }));
    const behind = new KeyedNode((task) => made.open({ ...task, shipped: [true] }));
    behind.feed(parcels);
    const { sent, passed } = behind.barrier({ watermark: 99 });
    assert.deepEqual([sent.forwarded.map(value), sent.forwarded.map(({ key }) => textOf(key)), passed.watermark], [[{ id: 'x', n: 1 }], ['k'], 3]);
    assert.deepEqual([...behind.store.range('r', 's')], [['rx', [4, { id: 'x', n: 1 }, { p: '00-1' }] satisfies PackedRow]]);
    behind.kill();
    assert.equal(behind.barrier().passed.watermark, 3);
  });

  it('forgotten in part, because there are many, are not mistaken for older ones', () => {
    const store = new MemoryStore();
    const keeper = new VersionedRows(store);
    keeper.put('k', [10, 'v']);
    keeper.put('k', [20]);
    keeper.expire(100, 20, 1);
    assert.deepEqual([new TableRows(store).asOf('k', 20), new TableRows(store).get('k'), keeper.overdue(100, 20)], [undefined, undefined, true]);
    keeper.put('k', [30, 'w']);
    assert.deepEqual([25, 30].map((time) => new TableRows(store).asOf('k', time)?.value), [undefined, 'w']);
    keeper.expire(100, 20, 1);
    assert.deepEqual([store.size, keeper.overdue(100, 20)], [1, false]);
  });

  it('with keys so long that they lie on disk in another order are found by time all the same', () => {
    const state = stateDirectory().directory.open(identity());
    const store = state.store('counts');
    const keeper = new VersionedRows(store);
    const key = 'k'.repeat(1895);
    for (let time = 1; time <= 40; time++) keeper.put(key, [time * 10, time]);
    applyEpoch(state, 1, {});
    applyEpoch(state, 2, {});
    const rows = new TableRows(store);
    for (let time = 10; time < 410; time += 3) assert.equal(rows.asOf(key, time)?.value, Math.floor(time / 10), `as of ${time}`);
    keeper.expire(400, 200, 1000);
    assert.deepEqual([[...store.range('v', 'w')].length, rows.asOf(key, 200)?.value], [20, 20]);
    state.close();
  });

  it('that are many to forget are forgotten in several checkpoints, which come at once', () => {
    const table = tableWith({ ttl: '1s' });
    table.feed(Array.from({ length: 25_000 }, (_, i) => recordOf(i, { key: Buffer.from(String(i)), time: i })));
    const again: unknown[] = [];
    for (const watermark of [900, 60_000, 60_000, 60_000]) again.push([table.barrier({ watermark }).passed.again, table.store.size]);
    assert.deepEqual(again, [[null, 50_000], [0, 30_000], [0, 10_000], [null, 0]]);
  });
});
