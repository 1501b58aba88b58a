import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { again, failureOf, write } from './support.ts';

const fixed = (name: string, size: number) => ({ type: 'fixed', name, size });
const record = (name: string, ...fields: (string | [string, unknown])[]) => ({ type: 'record', name, fields: fields.map((field) => (typeof field === 'string' ? { name: field, type: 'int' } : { name: field[0], type: field[1] })) });

/** The index of the type that a value is written with. */
function chosen(union: unknown[], value: unknown): number {
  return (write(union, value)[0] as number) / 2;
}

describe('Avro: which type of a union a value is written with', () => {
  const cases: [string, unknown[], unknown, number][] = [
    ['null', ['int', 'null', 'string'], null, 1],
    ['a boolean', ['string', 'boolean'], true, 1],
    ['a small integer: int before long, float, double', ['double', 'float', 'long', 'int'], 5, 3],
    ['an integer beyond 32 bits: long', ['double', 'float', 'long', 'int'], 2 ** 40, 2],
    ['an integer beyond 2^53: double, for it may be rounded', ['long', 'double'], 2 ** 60, 1],
    ['a big integer: long', ['double', 'long'], 2n ** 60n, 1],
    ['a number that a float has exactly', ['double', 'float', 'int'], 0.5, 1],
    ['a number that it has not', ['float', 'double'], 0.1, 1],
    ['a number that only a float is near', ['string', 'float'], 0.1, 1],
    ['-0, which integers have not', ['int', 'double'], -0, 1],
    ['a number where there is a date and a long: long', [{ type: 'int', logicalType: 'date' }, 'long'], 5, 1],
    ['a number where there is a date alone', ['string', { type: 'int', logicalType: 'date' }], 5, 1],
    ['a number for a decimal, exactly', [{ type: 'bytes', logicalType: 'decimal', precision: 4, scale: 2 }, 'string'], 1.25, 0],
    ['a text: string before enum', [{ type: 'enum', name: 'E', symbols: ['A'] }, 'string'], 'A', 1],
    ['a symbol', ['null', { type: 'enum', name: 'E', symbols: ['A'] }, { type: 'enum', name: 'F', symbols: ['B'] }], 'B', 2],
    ['the text of a date', ['int', { type: 'long', logicalType: 'timestamp-millis' }], '2026-11-27T00:00:00Z', 1],
    ['a uuid', [{ type: 'int', logicalType: 'date' }, { type: 'string', logicalType: 'uuid' }], '123e4567-e89b-12d3-a456-426614174000', 1],
    ['digits for a decimal: the scale that they have', [{ type: 'fixed', name: 'F', size: 8, logicalType: 'decimal', precision: 9, scale: 4 }, { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 2 }], '1.50', 1],
    ['digits of a long', ['boolean', 'long'], '9223372036854775807', 1],
    ['base64 of the length of a fixed', ['bytes', fixed('A', 1), fixed('B', 2)], 'AQI=', 2],
    ['base64 of another length', [fixed('A', 1), 'bytes'], 'AQI=', 1],
    ['bytes of the length of a fixed', ['bytes', fixed('A', 1), fixed('B', 2)], new Uint8Array(2), 2],
    ['bytes of another length', [fixed('A', 1), 'bytes'], new Uint8Array(2), 1],
    ['an array', [{ type: 'map', values: 'int' }, { type: 'array', items: 'int' }], [1], 1],
    ['an object: the record that has its properties', [record('A', 'a'), record('B', 'b')], { b: 1 }, 1],
    ['of two that are met the one that leaves out less', [record('A', 'a'), record('B', 'a', 'b')], { a: 1, b: 2 }, 1],
    ['the one whose fields are of the kind', [record('A', ['a', 'string']), record('B', ['a', 'int'])], { a: 1 }, 1],
    ['of equals the first', [record('A', 'a'), record('B', 'a')], { a: 1 }, 0],
    ['a map before a record that would leave something out', [record('A', 'a'), { type: 'map', values: 'int' }], { a: 1, b: 2 }, 1],
    ['a record before a map where it is met', [{ type: 'map', values: 'int' }, record('A', 'a')], { a: 1 }, 1],
    ['a record that leaves something out, where there is no map', ['null', 'int', record('A', 'a')], { a: 1, b: 2 }, 2],
    ['an optional field that is not there', [record('A', 'a', ['n', ['null', 'int']]), record('B', 'b')], { a: 1 }, 0],
    ['a duration', [{ type: 'map', values: 'long' }, { type: 'fixed', name: 'D', size: 12, logicalType: 'duration' }], { months: 1, days: 2, millis: 3 }, 1],
    ['properties that objects inherit do not count', [record('A', 'constructor'), record('B', 'a')], { a: 1 }, 1]
  ];
  for (const [name, union, value, index] of cases) it(name, () => assert.equal(chosen(union, value), index));

  it('a value that fits none is refused, with the names of all', () => {
    for (const value of ['x', 1.5, 2n ** 70n, {}, [], new Uint8Array(1)]) assert.match(failureOf('unencodable', () => write(['null', 'int', 'boolean'], value)), /one of null, int, boolean, found/);
    failureOf('unencodable', () => write([record('A', 'a'), record('B', 'b')], { c: 1 }));
    assert.match(failureOf('unencodable', () => write(['null', 'int', record('A', 'a', 'b')], { a: 1 })), /at b: /);
    failureOf('unencodable', () => write(['null'], 1));
    failureOf('unencodable', () => write(['int', 'string'], null));
  });

  it('no value has a wrapper, whatever the union', () => {
    const union = ['null', 'int', 'long', 'float', 'double', 'string', 'bytes', 'boolean', { type: 'array', items: ['int', 'string'] }, { type: 'map', values: ['null', 'long'] }];
    for (const value of [null, 1, 2 ** 40, 0.5, 0.1, 'x', true, [1, 'a'], { a: null, b: 2 }]) assert.deepStrictEqual(again(union, value), value);
  });

  it('the work is bounded for unions inside of unions', () => {
    const names = ['A', 'B', 'C'];
    const union = names.map((name) => ({ type: 'record', name, fields: [{ name: 'next', type: name === 'A' ? ['null', 'A'] : ['null', 'A', ...names.slice(1, names.indexOf(name) + 1)] }] }));
    let value: unknown = null;
    for (let level = 0; level < 450; level++) value = { next: value };
    assert.deepStrictEqual(again(union, value), value);
  });
});
