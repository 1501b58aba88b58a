import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Failure } from '../../actors/failure.ts';
import { csvCodec } from '../../src/codec/csv.ts';
import type { CsvOptions } from '../../src/codec/csv.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const read = (text: string, columns: CsvOptions['columns'], delimiter = ','): unknown => csvCodec({ columns, delimiter }).decode(utf8(text));
const written = (value: unknown, columns: CsvOptions['columns'], delimiter = ','): string => Buffer.from(csvCodec({ columns, delimiter }).encode(value)).toString();
function fails(run: () => unknown, code: string): string {
  let message = '';
  assert.throws(run, (error: unknown) => {
    if (!(error instanceof Failure)) return false;
    message = error.message;
    return error.code === code;
  });
  return message;
}

describe('a line of CSV', () => {
  it('has a field for each column, with or without the end of the line', () => {
    for (const end of ['', '\n', '\r\n']) assert.deepEqual(read(`1,"a ""b"", c",${end}`, ['x', 'y', 'z']), { x: '1', y: 'a "b", c', z: '' });
    assert.deepEqual(read('"two\nlines";b', ['x', 'y'], ';'), { x: 'two\nlines', y: 'b' });
    assert.deepEqual(read('', ['x']), { x: '' });
  });

  it('has types, exactly', () => {
    const columns = { s: 'string', n: 'number', i: 'integer', b: 'boolean' } as const;
    assert.deepEqual(read('01,1.5e3,-12,TRUE', columns), { s: '01', n: 1500, i: -12, b: true });
    assert.deepEqual(read(',,,', columns), { s: '', n: null, i: null, b: null });
    assert.deepEqual(read('9007199254740993', { i: 'integer' }), { i: 9007199254740993n });
    for (const line of ['a,x,1,true', 'a,1,1.5,true', 'a,1,1,yes', 'a,Infinity,1,true', 'a,0x10,1,true']) fails(() => read(line, columns), 'undecodable');
  });

  it('with more or fewer fields, more lines, broken quotes or no UTF-8 is refused, without its data', () => {
    for (const line of ['1', '1,2,3', '1,2\n3,4', '"1,2', '1,"2"3', 'secret,"hunter2']) assert.doesNotMatch(fails(() => read(line, ['a', 'b']), 'undecodable'), /hunter2/);
    fails(() => csvCodec({ columns: ['a'], delimiter: ',' }).decode(Uint8Array.of(0xff)), 'undecodable');
    assert.match(fails(() => read(`${'9'.repeat(5000)}x`, { n: 'number' }), 'undecodable'), /^n: expected a number, found "9{60}"?/);
  });

  it('keeps names such as __proto__ fields', () => {
    const row = read('a,b', ['__proto__', 'toString']) as object;
    assert.deepEqual(Object.entries(row), [['__proto__', 'a'], ['toString', 'b']]);
    assert.equal(Object.getPrototypeOf(row), Object.prototype);
    assert.equal(written(row, ['__proto__', 'toString']), 'a,b');
    assert.equal(written({}, ['toString', 'constructor']), ',');
  });

  it('is written from values that have a text, and from no other', () => {
    assert.equal(written({ a: 'x,"y"', b: 1.5, c: null, d: 2n ** 70n, e: true, more: 1 }, ['a', 'b', 'c', 'd', 'e', 'f']), '"x,""y""",1.5,,1180591620717411303424,true,');
    for (const value of [null, 'a', [], Uint8Array.of(1), { a: {} }, { a: [1] }, { a: '\ud800' }]) fails(() => written(value, ['a']), 'unencodable');
  });

  it('property: texts come back as they were', () => {
    const delimiter = fc.constantFrom(',', ';', '\t', '|');
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 5 }), delimiter, (fields, by) => {
        const columns = fields.map((_, n) => `c${n}`);
        const value = Object.fromEntries(fields.map((field, n) => [`c${n}`, field]));
        assert.deepEqual(read(written(value, columns, by), columns, by), value);
      })
    );
    const special = fc.array(fc.constantFrom('"', ',', '\n', '\r', '\ufeff', ' ', 'a', '')).map((parts) => parts.join(''));
    fc.assert(fc.property(fc.tuple(special, special), ([a, b]) => { assert.deepEqual(read(written({ a, b }, ['a', 'b']), ['a', 'b']), { a, b }); }));
  });

  it('property: any bytes are a row or undecodable', () => {
    const codec = csvCodec({ columns: { a: 'string', b: 'integer', c: 'number' }, delimiter: ',' });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.string().map(utf8)), (bytes) => {
        try {
          codec.decode(bytes);
        } catch (error) {
          assert.ok(error instanceof Failure && error.code === 'undecodable');
        }
      })
    );
    fails(() => codec.decode(Buffer.alloc(1024 * 1024, ',')), 'undecodable');
    fails(() => codec.decode(Buffer.alloc(1024 * 1024, '"')), 'undecodable');
    fails(() => codec.decode(Buffer.alloc(1024 * 1024, '\n')), 'undecodable');
  });
});
