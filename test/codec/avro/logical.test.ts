import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { again, failureOf, hex, read, write } from './support.ts';

const long = (logicalType: string) => ({ type: 'long', logicalType });
const int = (logicalType: string) => ({ type: 'int', logicalType });
const decimal = (precision: number, scale: number) => ({ type: 'bytes', logicalType: 'decimal', precision, scale });

describe('Avro: times', () => {
  it('timestamps are what Date makes of them, as far as Date goes', () => {
    const schema = long('timestamp-millis');
    fc.assert(
      fc.property(fc.date({ noInvalidDate: true }), (date) => {
        const text = date.toISOString();
        assert.equal(read(schema, write('long', date.getTime())), text);
        assert.equal(read('long', write(schema, text)), date.getTime());
      }),
      { numRuns: 2000 }
    );
  });

  it('every count of 64 bits has a text, which is the same count', () => {
    for (const name of ['timestamp-millis', 'timestamp-micros', 'timestamp-nanos', 'local-timestamp-millis', 'local-timestamp-micros', 'local-timestamp-nanos']) {
      const schema = long(name);
      fc.assert(fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (count) => assert.equal(read('long', write(schema, read(schema, write('long', count))), { long: 'bigint' }), count)), { numRuns: 300 });
    }
    fc.assert(fc.property(fc.integer(), (days) => assert.equal(read('int', write(int('date'), read(int('date'), write('int', days)))), days)));
  });

  const texts: [unknown, string | number | bigint, string][] = [
    [long('timestamp-millis'), 0, '1970-01-01T00:00:00.000Z'],
    [long('timestamp-millis'), '2026-11-27T14:34:56+02:00', '2026-11-27T12:34:56.000Z'],
    [long('timestamp-millis'), '2026-11-27 12:34Z', '2026-11-27T12:34:00.000Z'],
    [long('timestamp-millis'), '2026-11-27T12:34:56.789000000Z', '2026-11-27T12:34:56.789Z'],
    [long('timestamp-millis'), '2024-02-29T00:00:00-00:30', '2024-02-29T00:30:00.000Z'],
    [long('timestamp-millis'), 9_223_372_036_854_775_807n, '+292278994-08-17T07:12:55.807Z'],
    [long('timestamp-millis'), -62_167_219_200_001, '-000001-12-31T23:59:59.999Z'],
    [long('timestamp-micros'), '2026-11-27T12:34:56.5Z', '2026-11-27T12:34:56.500000Z'],
    [long('timestamp-micros'), -1, '1969-12-31T23:59:59.999999Z'],
    [long('timestamp-nanos'), 1_795_782_896_123_456_789n, '2026-11-27T12:34:56.123456789Z'],
    [long('local-timestamp-millis'), '2026-11-27T12:34:56.789', '2026-11-27T12:34:56.789'],
    [long('local-timestamp-micros'), '2026-11-27T12:34', '2026-11-27T12:34:00.000000'],
    [int('date'), 20_784, '2026-11-27'],
    [int('date'), '+012026-02-28', '+012026-02-28'],
    [int('time-millis'), '12:34', '12:34:00.000'],
    [int('time-millis'), 86_399_999, '23:59:59.999'],
    [long('time-micros'), '00:00:00.000001', '00:00:00.000001']
  ];
  for (const [schema, value, text] of texts) it(`${(schema as { logicalType: string }).logicalType}: ${value} is ${text}`, () => assert.equal(again(schema, value), text));

  it('what is no such time, or has more digits, is refused', () => {
    for (const value of ['2026-11-27T12:34:56.789', '2026-11-27', '2026-02-29T00:00:00Z', '2026-13-01T00:00:00Z', '2026-11-27T24:00:00Z', '2026-11-27T12:34:56.7891Z', '2026-11-27T12:34:56+25:00', 'now', '', 1.5, 2 ** 60, true, null, {}, `${'9'.repeat(100)}Z`, '2026-1x-27T12:34:56.789Z', '2026-11-27T12:34:56.7x9Z']) {
      assert.match(failureOf('unencodable', () => write(long('timestamp-millis'), value)), /a timestamp such as 1970-01-01T00:00:00.000Z/);
    }
    failureOf('unencodable', () => write(long('timestamp-nanos'), '2263-01-01T00:00:00Z'));
    failureOf('unencodable', () => write(long('local-timestamp-millis'), '2026-11-27T12:34:56Z'));
    for (const value of ['2026-02-30', '26-01-01', '2026-1-1', 2 ** 31, '+999999999-01-01']) failureOf('unencodable', () => write(int('date'), value));
    for (const value of [-1, 86_400_000, '24:00', '12:34:56.7891', '12:60']) failureOf('unencodable', () => write(int('time-millis'), value));
    for (const value of [-1, 86_400_000]) failureOf('undecodable', () => read(int('time-millis'), write('int', value)));
  });

  it('with logical_types none they are numbers', () => {
    assert.equal(again(long('timestamp-millis'), 5, { logicalTypes: 'none' }), 5);
    failureOf('unencodable', () => write(int('date'), '2026-11-27', { logicalTypes: 'none' }));
    assert.equal(read(long('timestamp-micros'), write('long', 5), { logicalTypes: 'none', long: 'bigint' }), 5n);
  });
});

describe('Avro: decimals', () => {
  const texts: [ReturnType<typeof decimal>, unknown, string][] = [
    [decimal(4, 2), '12.34', '12.34'],
    [decimal(4, 2), 12.34, '12.34'],
    [decimal(4, 2), 12n, '12.00'],
    [decimal(4, 2), '-0.05', '-0.05'],
    [decimal(4, 2), '.5', '0.50'],
    [decimal(4, 2), '1.5000', '1.50'],
    [decimal(4, 2), '1e1', '10.00'],
    [decimal(4, 0), '1200e-2', '12'],
    [decimal(38, 10), '1234567890123456789012345678.0123456789', '1234567890123456789012345678.0123456789'],
    [decimal(38, 10), '-1234567890123456789012345678.0123456789', '-1234567890123456789012345678.0123456789']
  ];
  for (const [schema, value, text] of texts) it(`${String(value)} with ${schema.precision} digits, ${schema.scale} behind the point, is ${text}`, () => assert.equal(again(schema, value), text));

  it('what would lose digits, or has too many, or is no number, is refused', () => {
    for (const value of ['12.345', 12.345, 0.1 + 0.2, '100', 100n, 'x', '', '.', '1e', '1e99999', '1e999999', NaN, Infinity, true, null, '1'.repeat(20_000), Buffer.from([1])]) failureOf('unencodable', () => write(decimal(4, 2), value));
  });

  it('bytes are the shortest of two\'s complement, as those of Java\'s BigInteger', () => {
    for (const [value, bytes] of [['0', '0200'], ['127', '027f'], ['128', '040080'], ['-128', '0280'], ['-129', '04ff7f'], ['255', '0400ff'], ['256', '040100'], ['-1', '02ff'], ['32767', '047fff'], ['-32768', '048000'], ['32768', '06008000']] as const) {
      assert.equal(hex(write(decimal(10, 0), value)), bytes);
    }
    const fixed = { type: 'fixed', name: 'D', size: 4, logicalType: 'decimal', precision: 9, scale: 2 };
    assert.equal(hex(write(fixed, '-0.01')), 'ffffffff');
    assert.equal(hex(write(fixed, '2.56')), '00000100');
    assert.equal(again(fixed, '-9999999.99'), '-9999999.99');
    failureOf('unencodable', () => write(fixed, '10000000.00'));
  });

  it('any number of digits comes back', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }), fc.integer({ min: 0, max: 70 }), (unscaled, scale) => {
        const schema = decimal(70, scale);
        const text = again(schema, again({ type: 'bytes', logicalType: 'big-decimal' }, `${unscaled}e-${scale}`)) as string;
        assert.equal(BigInt(text.replace('.', '')), unscaled);
        assert.equal(text.split('.')[1]?.length ?? 0, scale);
      })
    );
  });

  it('no bytes are 0, as they are elsewhere', () => assert.equal(read(decimal(4, 2), write('bytes', new Uint8Array(0))), '0.00'));

  it('a big decimal has a scale of its own', () => {
    const schema = { type: 'bytes', logicalType: 'big-decimal' };
    for (const value of ['1.20', '-0.001', '12']) assert.equal(again(schema, value), value);
    assert.equal(read(schema, write('bytes', Buffer.from([2, 5, 3]))), '500');
  });
});

describe('Avro: uuids and durations', () => {
  const id = '123e4567-e89b-12d3-a456-426614174000';
  it('a uuid is a text, in a string and in 16 bytes', () => {
    const fixed = { type: 'fixed', name: 'U', size: 16, logicalType: 'uuid' };
    assert.equal(again({ type: 'string', logicalType: 'uuid' }, id), id);
    assert.equal(again(fixed, id.toUpperCase()), id);
    assert.equal(hex(write(fixed, id)), id.replaceAll('-', ''));
    for (const value of ['x', id.slice(1), 5, null]) for (const schema of [fixed, { type: 'string', logicalType: 'uuid' }]) failureOf('unencodable', () => write(schema, value));
  });

  it('a duration is months, days and milliseconds', () => {
    const schema = { type: 'fixed', name: 'D', size: 12, logicalType: 'duration' };
    assert.equal(hex(write(schema, { months: 1, days: 2, millis: 0xffffffff })), '0100000002000000ffffffff');
    assert.deepStrictEqual(again(schema, { months: 1, days: 2, millis: 3 }), { months: 1, days: 2, millis: 3 });
    for (const value of [{ months: 1, days: 2 }, { months: -1, days: 0, millis: 0 }, { months: 1.5, days: 0, millis: 0 }, { months: 2 ** 32, days: 0, millis: 0 }, 'P1M', null]) failureOf('unencodable', () => write(schema, value));
  });
});
