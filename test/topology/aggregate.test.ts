import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileAggregate } from '../../src/topology/expression/aggregate.ts';
import { compileFold } from '../../src/topology/expression/fold.ts';
import { problemsOf, recordOf, withTransform } from './harness.ts';

describe('the call of an aggregate function', () => {
  it('keeps the text of its arguments, with brackets and whatever is in them', () => {
    const texts = (source: string): string[] => (compileAggregate(source).call?.args ?? []).map((argument) => argument.source);
    assert.deepEqual(texts('count()'), []);
    assert.deepEqual(texts('sum((value.a + 1) * 2)'), ['(value.a + 1) * 2']);
    assert.deepEqual(texts('sum(2 * (value.a))'), ['2 * (value.a)']);
    assert.deepEqual(texts('collect(value.a.join(","), 10)'), ['value.a.join(",")', '10']);
    assert.deepEqual(texts('max( value.a ? (1) : (2) )'), [' value.a ? (1) : (2) ']);
  });

  it('evaluates its argument', () => {
    const call = compileAggregate('sum((value.a + 1) * 2)').call;
    assert.equal(call?.args[0]?.evaluate(recordOf({ a: 4 }), 0), 10);
  });

  const mistakes: readonly (readonly [source: string, offset: number, message: RegExp, hint: RegExp])[] = [
    ['sun(value.a)', 0, /no aggregate function sun/, /did you mean sum\?/],
    ['COUNT_DISTINCT(value.a)', 0, /no aggregate function/, /distinct_count/],
    ['median(value.a)', 0, /no aggregate function/, /known here: count, sum/],
    ['sum()', 0, /expected one argument, found 0/, /sum\(x\)/],
    ['count(value.a, value.b)', 0, /0 or 1 arguments, found 2/, /count\(\)/],
    ['collect(value.a)', 0, /expected 2 arguments/, /collect\(x, n\)/],
    ['collect(value.a, 0)', 17, /whole number from 1 to 10000/, /collect\(value\.id, 10\)/],
    ['collect(value.a, value.n)', 17, /whole number/, /10/],
    ['collect(value.a, 1.5)', 17, /whole number/, /10/],
    ['sum(value.a) + 1', 0, /one call of an aggregate function/, /in a map behind/],
    ['sum(  valu.a)', 6, /found valu/, /did you mean value/],
    ['sum(value.a', 11, /RPAREN/, /bracket is not closed/]
  ];
  for (const [source, offset, message, hint] of mistakes) {
    it(`is told what is wrong with ${source}`, () => {
      const { problems, call } = compileAggregate(source);
      assert.equal(call, null);
      assert.equal(problems.length, 1);
      assert.equal(problems[0]?.offset, offset);
      assert.match(problems[0]?.message ?? '', message);
      assert.match(problems[0]?.hint ?? '', hint);
    });
  }
});

describe('a fold', () => {
  it('sees its two variables', () => {
    const { run, problems } = compileFold('{"n": acc.n + value.n, "last": value}', ['acc', 'value']);
    assert.deepEqual(problems, []);
    assert.deepEqual(run({ n: 1 }, { n: 2 }), { n: 3, last: { n: 2 } });
  });

  it('reads data with a field called constructor', () => {
    const { run } = compileFold('acc.n + value.n', ['acc', 'value']);
    assert.equal(run({ n: 1, constructor: 1 }, { n: 2 }), 3);
  });

  it('is told about other variables, and fails with its own text', () => {
    assert.match(compileFold('acc + amount', ['acc', 'value']).problems[0]?.hint ?? '', /value\.amount/);
    assert.match(compileFold('left + key', ['left', 'right']).problems[0]?.message ?? '', /one of the variables left, right, found key/);
    assert.throws(() => compileFold('acc.n + value.n', ['acc', 'value']).run({}, {}), /acc\.n \+ value\.n/);
  });
});

describe('the options of a window', () => {
  const good = { type: 'window', window: { type: 'tumbling', size: '1m' }, aggregate: { n: 'count()' }, late: 'drop' };
  const { window: _window, late: _late, ...unbounded } = good;
  const cases: readonly (readonly [title: string, options: object, code: string, message: RegExp])[] = [
    ['no late', { ...unbounded, window: good.window }, 'missing_option', /late: a topic/],
    ['no late beside ttl', { ...unbounded, ttl: '7d' }, 'missing_option', /late: a topic/],
    ['late where nothing is', { ...unbounded, late: 'drop' }, 'bad_value', /no late/],
    ['no aggregate', { ...good, aggregate: {} }, 'missing_option', /at least one aggregate/],
    ['neither aggregate nor reduce', { type: 'window', window: good.window, late: 'drop' }, 'missing_option', /at least one aggregate/],
    ['both', { ...good, reduce: { step: 'acc' } }, 'bad_value', /found both/],
    ['an aggregate called key', { ...good, aggregate: { key: 'count()' } }, 'duplicate_name', /field of every result/],
    ['an aggregate called window', { ...good, aggregate: { window: 'count()' } }, 'duplicate_name', /field of every result/],
    ['gaps between windows', { ...good, window: { type: 'hopping', size: '1m', every: '2m' } }, 'bad_value', /at most size/],
    ['too many windows a record', { ...good, window: { type: 'hopping', size: '1d', every: '1s' } }, 'bad_value', /86400 here/],
    ['a session without merge', { type: 'window', window: { type: 'session', gap: '1m' }, late: 'drop', reduce: { step: 'acc' } }, 'missing_option', /merge/],
    ['final for ever', { ...unbounded, emit: 'final' }, 'bad_value', /without window nothing is ever final/],
    ['grace without end', { ...unbounded, grace: '1m' }, 'bad_value', /no grace/],
    ['ttl of a window', { ...good, ttl: '1d' }, 'bad_value', /no ttl/],
    ['a mistake in the key', { ...good, key: 'valu.a' }, 'unknown_variable', /found valu/],
    ['a size without unit', { ...good, window: { type: 'tumbling', size: 60 } }, 'bad_value', /with its unit/],
    ['an option of another window', { ...good, window: { type: 'tumbling', size: '1m', gap: '1m' } }, 'unknown_key', /gap/]
  ];
  for (const [title, options, code, message] of cases) {
    it(`are refused: ${title}`, () => {
      const problems = problemsOf(withTransform(options));
      assert.deepEqual(problems.map((problem) => problem.code), [code], JSON.stringify(problems));
      assert.match(problems[0]?.message ?? '', message);
    });
  }

  it('take windows of years, and a topic of late records', () => {
    assert.deepEqual(problemsOf(withTransform({ ...good, window: { type: 'tumbling', size: '365d', offset: '22h' }, late: 'late-events', grace: '30d' })), []);
  });
});
