import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { interpolate } from '../../src/topology/interpolate.ts';
import { nearest } from '../../src/topology/suggest.ts';
import { secret } from '../support/secrets.ts';

const env = { A: 'one', EMPTY: '', TRICK: '${env:A}: [x]' };

describe('interpolation', () => {
  const cases: readonly (readonly [text: string, result: string, whole: boolean])[] = [
    ['${env:A}', 'one', true],
    ['x-${env:A}-${env:A}', 'x-one-one', false],
    ['${env:NONE:-two}', 'two', true],
    ['${env:NONE:-}', '', true],
    ['${env:EMPTY:-two}', 'two', true],
    ['${env:EMPTY}', '', true],
    ['${env:NONE:-a:-b}', 'a:-b', true],
    ['$${env:A}', '${env:A}', false],
    ['$ {x} $x', '$ {x} $x', false],
    ['${env:TRICK}', '${env:A}: [x]', true]
  ];
  for (const [text, result, whole] of cases) {
    it(`makes ${result} of ${text}`, () => {
      const actual = interpolate(text, { env });
      assert.deepEqual([actual.text, actual.whole, actual.problems], [result, whole, []]);
    });
  }

  it('reports every reference that cannot be resolved', () => {
    const codes = (text: string) => interpolate(text, { env }).problems.map(({ code }) => code);
    assert.deepEqual(codes('${env:NONE} ${file:/does/not/exist} ${A} ${env:A B} ${env:'), ['unset_variable', 'unreadable_file', 'bad_interpolation', 'bad_interpolation', 'bad_interpolation']);
    assert.deepEqual(codes('${env:toString}'), ['unset_variable']);
  });

  it('keeps as a secret what a variable holds whose name says so, but no address and no default', () => {
    const env = { DB_PASSWORD: secret('number-one'), API_TOKEN: secret('number-two', 'token'), KAFKA_BROKERS: 'three' };
    assert.deepEqual(interpolate('${env:DB_PASSWORD} ${env:API_TOKEN} ${env:KAFKA_BROKERS} ${env:SECRET:-four}', { env }).secrets, ['number-one', 'number-two']);
  });

  it('property: a text without ${ stays itself, and a value is put in as it is', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (text, value) => {
        const plain = text.replaceAll('${', '');
        assert.equal(interpolate(plain, { env: {} }).text, plain);
        assert.equal(interpolate('<${env:X}>', { env: { X: value } }).text, `<${value}>`);
      })
    );
  });
});

describe('suggestions', () => {
  it('finds what is near, and nothing else', () => {
    assert.equal(nearest('delivry', ['name', 'delivery']), 'delivery');
    assert.equal(nearest('Topic', ['topic']), 'topic');
    assert.equal(nearest('compress', ['compression', 'codec']), 'compression');
    assert.equal(nearest('xyz', ['abc', 'topic']), null);
    assert.equal(nearest('c', ['a']), null);
    assert.equal(nearest('', ['a']), null);
  });
});
