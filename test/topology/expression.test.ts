import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Failure } from '../../actors/failure.ts';
import type { StreamRecord } from '../../actors/record.ts';
import { celFunctions } from '../../src/topology/expression/cel-functions.ts';
import { compileExpression } from '../../src/topology/expression/compile.ts';
import { functions } from '../../src/topology/expression/environment.ts';
import { deepFreeze, recordOf } from './harness.ts';

function evaluate(source: string, value: unknown, parts: Partial<StreamRecord> = {}): unknown {
  const { problems, create } = compileExpression(source, 'any');
  assert.deepEqual(problems, [], source);
  return create()(recordOf(value, parts), 5000);
}

function failureOf(source: string, value: unknown, parts: Partial<StreamRecord> = {}): Failure {
  try {
    evaluate(source, value, parts);
  } catch (error) {
    assert.ok(error instanceof Failure);
    assert.equal(error.code, 'expression_failed');
    return error;
  }
  assert.fail(`${source} did not fail`);
}

describe('numbers', () => {
  const operators: Record<string, (a: number, b: number) => number | boolean> = {
    '+': (a, b) => a + b,
    '-': (a, b) => a - b,
    '*': (a, b) => a * b,
    '/': (a, b) => a / b,
    '%': (a, b) => a % b,
    '<': (a, b) => a < b,
    '<=': (a, b) => a <= b,
    '>': (a, b) => a > b,
    '>=': (a, b) => a >= b,
    '==': (a, b) => a === b,
    '!=': (a, b) => a !== b
  };
  for (const [operator, expected] of Object.entries(operators)) {
    it(`mixes JSON numbers and literals with ${operator}, on both sides`, () => {
      for (const n of [7, -3, 2.5, 2]) {
        assert.equal(evaluate(`value.n ${operator} 2`, { n }), expected(n, 2));
        assert.equal(evaluate(`value.n ${operator} 2.5`, { n }), expected(n, 2.5));
        assert.equal(evaluate(`2 ${operator} value.n`, { n }), expected(2, n));
        assert.equal(evaluate(`2.5 ${operator} value.n`, { n }), expected(2.5, n));
        assert.equal(evaluate(`value.n ${operator} value.m`, { n, m: 2 }), expected(n, 2));
        assert.equal(evaluate(`partition ${operator} 3`, {}), expected(3, 3));
        assert.equal(evaluate(`double(value.n) ${operator} 2`, { n }), expected(n, 2));
        assert.equal(evaluate(`2 ${operator} double(value.n)`, { n }), expected(2, n));
      }
    });
  }

  it('mixes them in sizes, negation, lists and added functions', () => {
    const value = { n: 2, l: [1, 2, 3] };
    assert.equal(evaluate('-value.n', value), -2);
    assert.equal(evaluate('size(value.l) + value.n', value), 5);
    assert.equal(evaluate('size(value.l) > value.n', value), true);
    assert.equal(evaluate('value.n in [1, 2]', value), true);
    assert.equal(evaluate('offset in [7, 8]', value), true);
    assert.equal(evaluate('value.l == [1, 2, 3]', value), true);
    assert.equal(evaluate('value.l[value.n]', value), 3);
    assert.equal(evaluate('min(value.n, 1) + max(3, value.n) + abs(-1)', value), 5);
    assert.equal(evaluate('round(2.5) == 3 && floor(value.n / 4) == 0 && ceil(value.n / 4) == 1', value), true);
    assert.equal(evaluate('now() - timestamp', value), 4000);
  });

  it('gives plain numbers, lists and objects', () => {
    assert.deepEqual(evaluate('{"a": 1, "b": [2, {"c": 3}]}', {}), { a: 1, b: [2, { c: 3 }] });
    assert.equal(evaluate('9007199254740991', {}), 9007199254740991);
    assert.equal(evaluate('9007199254740993', {}), 9007199254740993n);
    assert.match(failureOf('value.n / 0', { n: 1 }).message, /Infinity/);
    assert.match(failureOf('value.n % 0', { n: 1 }).message, /NaN/);
    assert.equal(evaluate('timestamp("2024-01-01T00:00:00Z")', {}), '2024-01-01T00:00:00.000Z');
    assert.equal(evaluate('duration("5m")', {}), 300_000);
    assert.match(failureOf('timestamp("9999-12-31T00:00:00Z") + duration("9999999999h")', {}).message, /time/);
  });

  it('property: an expression over random JSON either gives a value or a poison failure, and changes nothing', () => {
    const sources = ['value.a', 'value.a + 1', 'value.a == value.b', 'has(value.a.b)', '[value.a, 1]', 'value.a.map(x, x)', 'size(value.a)', '{"x": value}'];
    fc.assert(
      fc.property(fc.constantFrom(...sources), fc.jsonValue(), (source, value) => {
        deepFreeze(value);
        try {
          const result = compileExpression(source, 'any').create()(recordOf(value), 1);
          assert.doesNotThrow(() => JSON.stringify(result));
        } catch (error) {
          assert.ok(error instanceof Failure && error.kind === 'poison', String(error));
        }
      })
    );
  });
});

describe('variables', () => {
  it('reads key, headers and the position', () => {
    const headers = [
      ['h', Buffer.from('first')],
      ['h', Buffer.from('last')],
      ['__proto__', Buffer.from('p')],
      ['none', null]
    ] as const;
    assert.equal(evaluate('key', {}), 'k');
    assert.equal(evaluate('key', {}, { key: null }), null);
    assert.equal(evaluate('headers.h', {}, { headers }), 'last');
    assert.equal(evaluate('headers["__proto__"]', {}, { headers }), 'p');
    assert.equal(evaluate('headers.none', {}, { headers }), null);
    assert.equal(evaluate('has(headers.other)', {}, { headers }), false);
    assert.equal(evaluate('topic + ":" + string(partition) + ":" + string(offset)', {}), 'in:3:7');
  });

  it('refuses a key that is not UTF-8, and only when it is read', () => {
    const key = Uint8Array.of(0xff);
    assert.match(failureOf('key == "a"', {}, { key }).message, /UTF-8/);
    assert.equal(evaluate('value.a', { a: 1 }, { key }), 1);
  });

  it('does not keep the last record alive in what it reads', () => {
    const run = compileExpression('key + ":" + string(value.a)', 'any').create();
    assert.equal(run(recordOf({ a: 1 }), 0), 'k:1');
    assert.equal(run(recordOf({ a: 2 }, { key: Buffer.from('z') }), 0), 'z:2');
  });

  it('reads bytes of codec raw and texts of codec text', () => {
    assert.equal(evaluate('value.size()', Buffer.from('abc')), 3);
    assert.equal(evaluate('value.startsWith("a")', 'abc'), true);
    assert.equal(evaluate('value.size()', new Uint8Array(2)), 2);
  });
});

describe('hostile data', () => {
  it('takes inherited names for missing fields', () => {
    for (const field of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
      assert.match(failureOf(`value["${field}"]`, {}).message, /No such key/);
      assert.match(failureOf(`value.a["${field}"]`, { a: {} }).message, /No such key/);
    }
    assert.equal(evaluate('has(value.constructor)', {}), false);
  });

  it('reads fields that are called like them', () => {
    const value: unknown = JSON.parse('{"__proto__": {"x": 1}, "constructor": "Ferrari", "a": {"constructor": null, "b": 2}, "l": [{"constructor": 1}]}');
    assert.equal(evaluate('value.constructor', value), 'Ferrari');
    assert.equal(evaluate('value.a.b', value), 2);
    assert.equal(evaluate('value["__proto__"].x', value), 1);
    assert.equal(evaluate('has(value.x)', value), false);
    assert.equal(evaluate('value.l.exists(e, e.constructor == 1)', value), true);
    assert.equal(JSON.stringify(evaluate('value', value)), JSON.stringify(value));
    assert.equal(({} as Record<string, unknown>)['x'], undefined);
  });

  it('bounds what a pattern can cost', () => {
    const value = { t: `${'a'.repeat(40)}!` };
    const started = performance.now();
    assert.equal(evaluate('value.t.matches("^(a+)+$")', value), false);
    assert.ok(performance.now() - started < 500);
  });
});

describe('mistakes', () => {
  const cases: readonly (readonly [source: string, code: string, offset: number, message: RegExp])[] = [
    ['value.a >', 'bad_expression', 9, /EOF/],
    ['value.a = 1', 'bad_expression', 8, /=/],
    ['valu.a', 'unknown_variable', 0, /valu/],
    ['value.a && amount > 1', 'unknown_variable', 11, /amount/],
    ['value.l.all(x, x > y)', 'unknown_variable', 19, /found y/],
    ['nothere(1)', 'bad_expression', 0, /nothere/],
    ['value.t.matches("(")', 'bad_expression', 16, /matches/],
    ['value.t.matches("(?=a)")', 'bad_expression', 16, /RE2/],
    ['value.t.matches(value.p)', 'bad_expression', 16, /computed/],
    ['topic + 1', 'bad_expression', 0, /overload/]
  ];
  for (const [source, code, offset, message] of cases) {
    it(`reports ${source}`, () => {
      const [problem, second] = compileExpression(source, 'any').problems;
      assert.equal(second, undefined);
      assert.equal(problem?.code, code);
      assert.equal(problem.offset, offset);
      assert.match(problem.message, message);
    });
  }

  it('names every unknown variable', () => {
    assert.equal(compileExpression('a + b == c.d', 'any').problems.length, 3);
    assert.match(compileExpression('amount.net > 1', 'bool').problems[0]?.hint ?? '', /value\.amount\.net/);
  });

  it('refuses what can never be a boolean where one is wanted', () => {
    for (const source of ['1', '"a"', 'value.a > 1 ? 1 : 2', 'size(value.l)', 'string(value.a)']) {
      assert.equal(compileExpression(source, 'bool').problems[0]?.code, 'bad_expression', source);
    }
    for (const source of ['value.a', 'value.a > 1', 'has(value.a)', 'dyn(value.a)', 'value.a in [1]']) {
      assert.deepEqual(compileExpression(source, 'bool').problems, [], source);
    }
  });

  it('knows which variables an expression reads', () => {
    assert.deepEqual([...compileExpression('value.a > 1 && headers.b == key', 'any').uses].sort(), ['headers', 'key', 'value']);
    assert.deepEqual([...compileExpression('[1].all(value, value > 0)', 'any').uses], []);
    assert.deepEqual([...compileExpression('cel.bind(v, topic, v == "a")', 'any').uses].includes('value'), false);
  });

  it('keeps data out of messages', () => {
    assert.doesNotMatch(failureOf('value.secret.x', { secret: 'hunter2' }).message, /hunter2/);
    assert.doesNotMatch(failureOf('value.secret > 1', { secret: 'hunter2' }).message, /hunter2/);
  });
});

describe('the reference', () => {
  const value = { user: { name: 'a', id: 'b' }, items: [1, 2, 3], tags: ['a', 'b'], n: 1, text: 'ab,c', digits: '12', at: '2024-01-01T05:00:00Z' };
  for (const { example } of celFunctions) it(`shows ${example}, which works`, () => assert.notEqual(evaluate(example, value), undefined));
  for (const { signature } of functions) {
    it(`shows ${signature}, which works`, () => {
      const call = signature.replace(/:.*$/, '').replaceAll('dyn', 'value.n');
      assert.equal(typeof evaluate(call, value), 'number');
    });
  }
});
