import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { StreamRecord } from '../../../actors/record.ts';
import type { Algebra, Partial } from '../../../actors/window/algebra.ts';
import { Aggregates } from '../../../actors/window/aggregates.ts';
import { aggregateFunctions } from '../../../actors/window/aggregate/functions.ts';
import { hashOf } from '../../../actors/window/aggregate/hash.ts';
import { addHash, addSketch, emptySketch, estimate, sketchToText, textToSketch } from '../../../actors/window/aggregate/sketch.ts';
import { Reduce } from '../../../actors/window/reduce.ts';
import { compileAggregate } from '../../../src/topology/expression/aggregate.ts';
import { compileFold } from '../../../src/topology/expression/fold.ts';
import { recordOf } from '../../topology/harness.ts';

function aggregatesOf(calls: Readonly<Record<string, string>>): Aggregates {
  return new Aggregates(new Map(Object.entries(calls).map(([name, source]) => {
    const { call } = compileAggregate(source);
    if (call === null) throw new Error(source);
    return [name, call];
  })));
}

function reduceOf(step: string, merge: string | null): Reduce {
  const fold = (source: string, names: readonly [string, string]) => compileFold(source, names).run;
  return new Reduce({ step: fold(step, ['acc', 'value']), merge: merge === null ? null : fold(merge, ['left', 'right']), source: { step, merge } });
}

/** The partial result of some records, in the form that a parcel carries. */
function partialOf(algebra: Algebra, records: readonly StreamRecord[]): Partial {
  const working = algebra.create();
  for (const record of records) {
    algebra.read(record, 0);
    algebra.add(working, record);
  }
  return JSON.parse(JSON.stringify(algebra.pack(working))) as Partial;
}

function recordsOf(values: readonly unknown[]): StreamRecord[] {
  return values.map((v, offset) => recordOf({ v }, { offset, time: 100 }));
}

function resultOf(source: string, values: readonly unknown[]): unknown {
  const algebra = aggregatesOf({ x: source });
  return algebra.result(partialOf(algebra, recordsOf(values)))['x'];
}

const every = { count: 'count()', some: 'count(value.v)', sum: 'sum(value.n)', avg: 'avg(value.n)', min: 'min(value.v)', max: 'max(value.v)', first: 'first(value.v)', last: 'last(value.v)', collect: 'collect(value.v, 3)', distinct: 'distinct_count(value.v)' };
const record = fc
  .record({ v: fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constantFrom('a', 'b', 'ä', null)), n: fc.option(fc.integer({ min: -100, max: 100 })), time: fc.nat({ max: 20 }), partition: fc.nat({ max: 2 }), offset: fc.nat({ max: 3 }) })
  .map(({ v, n, time, partition, offset }) => recordOf({ v, n }, { time, offset, origin: { topic: 'in', partition, codec: 'json' } }));
const some = fc.array(record, { minLength: 1, maxLength: 12 });

describe('aggregates', () => {
  it('a test merges every function', () => {
    for (const { name } of aggregateFunctions) assert.ok(Object.values(every).some((call) => call.startsWith(`${name}(`)), name);
  });

  it('property: merging is associative and commutative, and the same as adding one by one', () => {
    const algebra = aggregatesOf(every);
    fc.assert(
      fc.property(some, some, some, (a, b, c) => {
        const [x, y, z] = [a, b, c].map((records) => partialOf(algebra, records)) as [Partial, Partial, Partial];
        const left = algebra.merge(algebra.merge(x, y), z);
        assert.deepEqual(left, algebra.merge(x, algebra.merge(y, z)));
        assert.deepEqual(algebra.merge(x, y), algebra.merge(y, x));
        assert.deepEqual(JSON.parse(JSON.stringify(left)), partialOf(algebra, [...a, ...b, ...c]));
        assert.deepEqual(left, partialOf(algebra, [...c, ...a, ...b].reverse()));
      }),
      { numRuns: 1000 }
    );
  });

  it('give null or nothing where no value came, and take no null', () => {
    for (const [source, expected] of [['count()', 2], ['count(value.v)', 0], ['sum(value.v)', 0], ['avg(value.v)', null], ['min(value.v)', null], ['last(value.v)', null], ['collect(value.v, 2)', []], ['distinct_count(value.v)', 0]] as const) {
      assert.deepEqual(resultOf(source, [null, null]), expected, source);
    }
  });

  it('a sum beyond what a number holds is null, and stays so', () => {
    const algebra = aggregatesOf({ sum: 'sum(value.v)', avg: 'avg(value.v)' });
    const huge = partialOf(algebra, recordsOf([1e308, 1e308]));
    assert.deepEqual(algebra.result(algebra.merge(huge, partialOf(algebra, recordsOf([-1e308, -1e308])))), { sum: null, avg: null });
  });

  it('fail a value they do not take, before anything is added', () => {
    const algebra = aggregatesOf({ a: 'count()', total: 'sum(value.v)' });
    assert.throws(() => { algebra.read(recordOf({ v: '5' }), 0); }, /aggregate total: expected a number, found a text/);
    assert.throws(() => resultOf('min(value.v)', [true]), /number or a text, found a boolean/);
    assert.throws(() => resultOf('max(value.v)', [[1]]), /found a list/);
    assert.throws(() => { aggregatesOf({ x: 'last(value)' }).read(recordOf(Uint8Array.of(1)), 0); }, /found bytes/);
    assert.throws(() => resultOf('sum(value.gone)', [1]), /gone/);
  });

  it('min and max put numbers before texts, in whatever order they come', () => {
    assert.deepEqual([resultOf('min(value.v)', ['a', 7]), resultOf('min(value.v)', [7, 'a'])], [7, 7]);
    assert.deepEqual([resultOf('max(value.v)', ['a', 7]), resultOf('max(value.v)', [7, 'a'])], ['a', 'a']);
  });

  it('results come in the order of the file, the state does not depend on it', () => {
    const [one, two] = [aggregatesOf({ b: 'count()', a: 'sum(value.v)' }), aggregatesOf({ a: 'sum( value.v )', b: 'count()' })];
    assert.deepEqual(Object.keys(one.result(partialOf(one, recordsOf([1])))), ['b', 'a']);
    assert.deepEqual(one.holds, two.holds);
    assert.deepEqual(two.result(partialOf(one, recordsOf([5]))), { a: 5, b: 1 });
  });
});

describe('distinct_count', () => {
  it('is exact up to 1,000 and within a few hundredths of the truth beyond', () => {
    for (const n of [1, 999, 1000]) assert.equal(resultOf('distinct_count(value.v)', [...Array(n).keys(), ...Array(n).keys()]), n);
    for (const n of [1001, 3000, 10_000, 50_000]) {
      const estimated = resultOf('distinct_count(value.v)', [...Array(n).keys()].map((i) => `user-${i}`)) as number;
      assert.ok(Math.abs(estimated / n - 1) < 0.05, `${estimated} for ${n}`);
    }
  });

  it('has the standard error that the docs name', () => {
    const errors: number[] = [];
    for (let run = 0; run < 60; run++) {
      const sketch = emptySketch();
      for (let i = 0; i < 8000; i++) addHash(sketch, hashOf(`${run}/${i}`));
      errors.push(estimate(sketch) / 8000 - 1);
    }
    const rms = Math.sqrt(errors.reduce((sum, error) => sum + error ** 2, 0) / errors.length);
    assert.ok(rms > 0.008 && rms < 0.024, `${rms}`);
    assert.ok(Math.abs(errors.reduce((sum, error) => sum + error, 0) / errors.length) < 0.008);
  });

  it('is the same sketch whichever way the values came', () => {
    const algebra = aggregatesOf({ x: 'distinct_count(value.v)' });
    const values = [...Array(3000).keys()];
    const whole = partialOf(algebra, recordsOf(values));
    const parts = [0, 700, 1900, 3000].slice(0, 3).map((from, i) => partialOf(algebra, recordsOf(values.slice(from, [700, 1900, 3000][i]))));
    const merged = parts.reduceRight((a, b) => algebra.merge(a, b));
    assert.deepEqual(merged, whole);
  });

  it('counts values, not forms of them', () => {
    assert.equal(resultOf('distinct_count(value.v)', [{ a: 1, b: [2] }, { b: [2], a: 1 }, '1', 1, true, 'true', [1], ['1']]), 7);
  });

  it('a sketch survives its text, and takes another in', () => {
    const [one, two] = [emptySketch(), emptySketch()];
    for (let i = 0; i < 5000; i++) addHash(i % 2 === 0 ? one : two, hashOf(i));
    assert.deepEqual(textToSketch(sketchToText(one)), one);
    addSketch(one, two);
    assert.ok(Math.abs(estimate(one) / 5000 - 1) < 0.05);
    assert.equal(estimate(emptySketch()), 0);
  });
});

describe('reduce', () => {
  it('begins with the first value, as Kafka Streams does, and merges what came apart', () => {
    const algebra = reduceOf('{"n": acc.n + value.n}', '{"n": left.n + right.n}');
    const part = (numbers: readonly number[]): Partial => partialOf(algebra, numbers.map((n) => recordOf({ n })));
    assert.deepEqual(algebra.result(part([5])), { value: { n: 5 } });
    assert.deepEqual(algebra.result(algebra.merge(part([1, 2]), part([3]))), { value: { n: 6 } });
  });

  it('without merge folds values in the order they came, where they are stored', () => {
    const algebra = reduceOf('acc + value', null);
    const part = (...texts: string[]): Partial => partialOf(algebra, texts.map((text) => recordOf(text)));
    const stored = algebra.settle(part('a', 'b'));
    assert.deepEqual(algebra.result(algebra.settle(algebra.merge(stored, algebra.merge(part('c'), part('d'))))), { value: 'abcd' });
    assert.ok(algebra.grows);
  });

  it('fails what cannot be folded with itself; what does not fit together gives null, either way round', () => {
    const algebra = reduceOf('acc + value', 'left + right');
    assert.throws(() => { algebra.read(recordOf({ a: 1 })); }, { code: 'expression_failed' });
    const [text, number] = [partialOf(algebra, [recordOf('a')]), partialOf(algebra, [recordOf(1)])];
    assert.deepEqual(algebra.result(algebra.merge(text, number)), { value: null });
    assert.deepEqual(algebra.merge(algebra.merge(text, number), text), algebra.merge(algebra.merge(number, text), text));
    assert.deepEqual(algebra.result(partialOf(algebra, [recordOf('a'), recordOf(1), recordOf('b')])), { value: null });
  });
});
