import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Bytes } from '../../../src/codec/bytes.ts';
import { again, failureOf, hex, read, recordOf, unhex, write } from './support.ts';

const big = 2n ** 53n;

describe('Avro: values', () => {
  it('longs are what the option says, never rounded', () => {
    const bytes = write('long', big + 1n);
    assert.equal(read('long', bytes), big + 1n);
    assert.equal(read('long', bytes, { long: 'bigint' }), big + 1n);
    assert.equal(read('long', bytes, { long: 'string' }), '9007199254740993');
    assert.match(failureOf('undecodable', () => read('long', bytes, { long: 'number' })), /9007199254740993/);
    for (const [long, value] of [['auto', 5], ['number', 5], ['bigint', 5n], ['string', '5']] as const) assert.equal(read('long', write('long', 5), { long }), value);
    for (const value of [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]) assert.equal(again('long', value), value);
    assert.equal(again('long', -big), -big);
  });

  it('a long is written from a safe integer, a big integer or digits; what is rounded already is refused', () => {
    for (const value of [2 ** 53, 1.5, NaN, Infinity, 2n ** 63n, -(2n ** 63n) - 1n, '9223372036854775808', '1.5', '', '1e3', ' 1', true, null]) failureOf('unencodable', () => write('long', value));
    for (const value of ['-9223372036854775808', '9223372036854775807', '0']) assert.equal(String(again('long', value)), value);
    for (const value of [2 ** 31, -(2 ** 31) - 1, 0.5, '2147483648', 2n ** 31n, NaN]) failureOf('unencodable', () => write('int', value));
    assert.equal(again('int', '-5'), -5);
    assert.equal(again('int', 7n), 7);
  });

  it('floats and doubles have what is not a number, and floats refuse what would be infinite', () => {
    for (const value of [NaN, Infinity, -Infinity, -0, 1e-45]) {
      assert.ok(Object.is(again('double', value), value));
      assert.ok(Object.is(again('float', Math.fround(value)), Math.fround(value)));
    }
    assert.equal(again('float', 0.1), Math.fround(0.1));
    failureOf('unencodable', () => write('float', 1e300));
    failureOf('unencodable', () => write('double', '1.5'));
    assert.equal(again('double', 2n ** 60n), 2 ** 60);
    failureOf('unencodable', () => write('double', 2n ** 60n + 1n));
  });

  it('bytes are written from bytes and from base64, and come as a copy that JSON writes as base64', () => {
    const fixed = { type: 'fixed', name: 'F', size: 2 };
    assert.equal(hex(write('bytes', 'AQI=')), '040102');
    assert.equal(hex(write(fixed, 'AQI=')), '0102');
    assert.equal(hex(write(fixed, Buffer.from([1, 2]))), '0102');
    for (const value of ['AQ', 'A?==', 5, [1, 2]]) failureOf('unencodable', () => write('bytes', value));
    failureOf('unencodable', () => write(fixed, 'AQ=='));
    const payload = unhex('040102');
    const value = read('bytes', payload) as Bytes;
    payload[1] = 9;
    assert.equal(JSON.stringify({ value }), '{"value":"AQI="}');
    assert.deepStrictEqual(read('bytes', new Uint8Array([4, 1, 2])), Bytes.view(new Uint8Array([1, 2])));
  });

  it('text that UTF-8 has not is refused', () => {
    failureOf('unencodable', () => write('string', 'a\ud800'));
    assert.equal(again('string', '\u{1f600}'.repeat(100)), '\u{1f600}'.repeat(100));
    assert.equal(again('string', 'é'), 'é');
  });

  it('a record takes defaults for what is missing, then null, and leaves out what it has no field for', () => {
    const schema = {
      type: 'record',
      name: 'R',
      fields: [
        { name: 'a', type: 'int', default: 7 },
        { name: 'b', type: ['null', 'string'] },
        { name: 'c', type: ['string', 'null'], default: 'x' },
        { name: 'd', type: { type: 'array', items: 'int' }, default: [1, 2] },
        { name: 'e', type: 'bytes', default: '\u00ff\u0000' },
        { name: 'f', type: recordOf(['null', 'double'], 'S'), default: { v: null } },
        { name: 'g', type: { type: 'int', logicalType: 'date' }, default: 1 }
      ]
    };
    const defaults = { a: 7, b: null, c: 'x', d: [1, 2], e: Bytes.view(new Uint8Array([255, 0])), f: { v: null }, g: '1970-01-02' };
    assert.deepStrictEqual(again(schema, {}), defaults);
    assert.deepStrictEqual(again(schema, { unknown: 1, c: null, a: undefined }), { ...defaults, c: null });
    // As the second type of a union, which other writers take too.
    assert.deepStrictEqual(again({ type: 'record', name: 'R', fields: [{ name: 'v', type: ['string', 'null'], default: null }] }, {}), { v: null });
    assert.match(failureOf('unencodable', () => write(recordOf('int'), {})), /at v: .*found nothing/);
  });

  it('a failure says where, what was expected and what was found, and no more of it than 60 characters', () => {
    const schema = { type: 'record', name: 'Order', fields: [{ name: 'lines', type: { type: 'array', items: recordOf({ type: 'map', values: ['null', 'int'] }, 'Line') } }] };
    const message = failureOf('unencodable', () => write(schema, { lines: [{ v: {} }, { v: { key: 'secret'.repeat(1000) } }] }));
    assert.match(message, /at lines\[1\]\.v\.key: expected an int.*, found the text "secret/);
    assert.ok(message.length < 250);
    for (const value of [null, 5, 'x', [], new Uint8Array(2), undefined]) failureOf('unencodable', () => write(recordOf('int'), value));
    assert.match(failureOf('unencodable', () => write({ type: 'enum', name: 'E', symbols: ['A', 'B'] }, 'toString')), /a symbol of E: A, B, found the text "toString"/);
  });

  it('a value that is nested too deeply, or contains itself, is refused', () => {
    const list = { type: 'record', name: 'List', fields: [{ name: 'next', type: ['null', 'List'] }] };
    const circle: { next: unknown } = { next: null };
    circle.next = circle;
    assert.match(failureOf('unencodable', () => write(list, circle)), /nested at most 500 levels/);
    let deep: unknown = [];
    for (let level = 0; level < 501; level++) deep = { next: deep };
    failureOf('unencodable', () => write(list, deep));
  });
});
