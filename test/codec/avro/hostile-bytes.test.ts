import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Failure } from '../../../actors/failure.ts';
import { cases, schemaOf, shapes } from './model.ts';
import { failureOf, format, read, recordOf, textOf, unhex, write } from './support.ts';

/** A long, as Avro writes it. */
function long(value: bigint): number[] {
  let zigzag = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  const bytes: number[] = [];
  for (; zigzag > 0x7fn; zigzag >>= 7n) bytes.push(Number(zigzag & 0x7fn) | 0x80);
  return [...bytes, Number(zigzag)];
}

function bytesOf(...parts: readonly (bigint | readonly number[])[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => (typeof part === 'bigint' ? long(part) : part)));
}

/** A value, or a poison failure: nothing else may come of bytes. */
function readOrFail(schema: unknown, bytes: Uint8Array, reader: unknown = null): void {
  try {
    format({ readAs: reader === null ? null : textOf(reader) }).reader(textOf(schema)).read(bytes);
  } catch (error) {
    assert.ok(error instanceof Failure && error.kind === 'poison', `expected a poison Failure, found ${String(error)}`);
  }
}

const anything = { type: 'record', name: 'Outer', fields: [] };

describe('Avro: bytes that nobody wrote', () => {
  it('random bytes are a value or a poison failure, read or skipped, and no prototype is touched', () => {
    const before = Object.getOwnPropertyNames(Object.prototype).join();
    fc.assert(
      fc.property(shapes, fc.uint8Array({ maxLength: 60 }), (shape, bytes) => {
        const schema = schemaOf(shape);
        readOrFail(schema, bytes);
        readOrFail({ ...anything, fields: [{ name: 'gone', type: schema }] }, bytes, anything);
      }),
      { numRuns: 1500 }
    );
    assert.equal(Object.getOwnPropertyNames(Object.prototype).join(), before);
  });

  it('bytes with one bit turned are a value or a poison failure', () => {
    fc.assert(
      fc.property(cases, fc.nat(), ({ shape, value }, at) => {
        const schema = schemaOf(shape);
        const bytes = write(schema, value);
        if (bytes.length === 0) return;
        const bit = at % (bytes.length * 8);
        bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
        readOrFail(schema, bytes);
      }),
      { numRuns: 1500 }
    );
  });

  it('bytes that end too early, or too late, are refused', () => {
    fc.assert(
      fc.property(cases, fc.nat(), ({ shape, value }, at) => {
        const schema = schemaOf(shape);
        const bytes = write(schema, value);
        failureOf('undecodable', () => read(schema, Buffer.concat([bytes, unhex('00')])));
        if (bytes.length > 0) failureOf('undecodable', () => read(schema, bytes.subarray(0, at % bytes.length)));
      }),
      { numRuns: 800 }
    );
  });

  it('lengths that are negative or larger than the payload are refused before anything is made for them', () => {
    for (const type of ['string', 'bytes']) {
      for (const length of [-1n, 2n ** 40n, 2n ** 62n, -(2n ** 63n)]) failureOf('undecodable', () => read(recordOf(type), bytesOf(length, [1, 2, 3])));
    }
    failureOf('undecodable', () => read({ type: 'fixed', name: 'F', size: 0x7fffffff }, unhex('0102')));
    failureOf('undecodable', () => read({ type: 'map', values: 'int' }, bytesOf(1n, 2n ** 50n)));
  });

  it('a count of items that the bytes cannot hold is refused', () => {
    for (const items of ['int', 'string', recordOf('double')]) {
      for (const count of [2n ** 40n, 2n ** 62n, 100n]) {
        failureOf('undecodable', () => read({ type: 'array', items }, bytesOf(count, [0, 0, 0])));
        failureOf('undecodable', () => read({ type: 'array', items }, bytesOf(-count, 3n, [0, 0, 0])));
        failureOf('undecodable', () => read({ type: 'map', values: items }, bytesOf(count, [0, 0, 0])));
      }
    }
  });

  it('items that take no bytes are bounded by their count, over all arrays of a payload', () => {
    const emptyRecord = { type: 'record', name: 'Empty', fields: [] };
    for (const items of ['null', emptyRecord, recordOf('null'), { type: 'fixed', name: 'Nothing', size: 0 }]) {
      const array = { type: 'array', items };
      for (const count of [2n ** 40n, 2n ** 62n, 1_000_001n]) {
        assert.match(failureOf('undecodable', () => read(array, bytesOf(count, [0]))), /at most 1000000 items that take no bytes/);
        failureOf('undecodable', () => read({ ...anything, fields: [{ name: 'gone', type: array }] }, bytesOf(count, [0]), { readAs: textOf(anything) }));
      }
      const many = Array.from({ length: 20 }, () => [...long(60_000n), 0]).flat();
      assert.match(failureOf('undecodable', () => read({ type: 'array', items: array }, bytesOf(20n, many, [0]))), /items that take no bytes/);
    }
    assert.equal((read({ type: 'array', items: 'null' }, bytesOf(1_000_000n, [0])) as unknown[]).length, 1_000_000);
  });

  it('a block whose size leads backwards neither hangs nor is believed', () => {
    const array = { type: 'array', items: 'int' };
    const skipping = { ...anything, fields: [{ name: 'gone', type: array }] };
    for (const size of [-1n, -2n, -5n, -(2n ** 40n)]) {
      for (const schema of [array, skipping]) {
        assert.match(failureOf('undecodable', () => read(schema, bytesOf(-1n, size, [0, 0]), { readAs: schema === skipping ? textOf(anything) : null })), /the size of a block/);
      }
    }
  });

  it('values nested deeper than 500 levels are refused, and 500 are read', () => {
    const list = { type: 'record', name: 'List', fields: [{ name: 'next', type: ['null', 'List'] }] };
    const nested = (levels: number) => Buffer.concat([Buffer.alloc(levels - 1, 2), unhex('00')]);
    failureOf('undecodable', () => read(list, nested(501)));
    failureOf('undecodable', () => read(list, nested(1_000_000)));
    failureOf('undecodable', () => read({ ...anything, fields: [{ name: 'gone', type: list }] }, nested(1_000_000), { readAs: textOf(anything) }));
    let value = read(list, nested(500));
    for (let level = 0; level < 500; level++) value = (value as { next: unknown }).next;
    assert.equal(value, null);
  });

  it('numbers of more than 64 bits, or of more than 32 for an int, are refused', () => {
    failureOf('undecodable', () => read('long', unhex('ffffffffffffffffff02')));
    failureOf('undecodable', () => read('long', unhex('ff'.repeat(30))));
    failureOf('undecodable', () => read('int', bytesOf(2n ** 31n)));
    failureOf('undecodable', () => read('int', bytesOf(-(2n ** 31n) - 1n)));
    assert.equal(read('int', bytesOf(-(2n ** 31n))), -(2 ** 31));
    assert.equal(read('long', bytesOf(-(2n ** 63n))), -(2n ** 63n));
  });

  it('what is not one of few is refused: booleans, symbols, types of a union', () => {
    failureOf('undecodable', () => read('boolean', unhex('02')));
    for (const index of [-1n, 1n, 2n ** 60n]) {
      failureOf('undecodable', () => read({ type: 'enum', name: 'E', symbols: ['A'] }, bytesOf(index)));
      failureOf('undecodable', () => read(['null'], bytesOf(index)));
    }
  });

  it('text that is not UTF-8 is refused, and the character that stands for such text is not', () => {
    failureOf('undecodable', () => read('string', unhex('04c328')));
    failureOf('undecodable', () => read('string', unhex('06eda080')));
    assert.equal(read('string', write('string', 'a\ufffdb')), 'a\ufffdb');
  });

  it('keys of maps and names of fields that objects inherit are properties like others', () => {
    const map = { type: 'map', values: { type: 'map', values: 'int' } };
    const bytes = bytesOf(2n, 9n, [...Buffer.from('__proto__')], 1n, 1n, [0x78], 7n, [0], 11n, [...Buffer.from('constructor')], [0], [0]);
    const value = read(map, bytes) as Record<string, unknown>;
    assert.deepEqual(Object.keys(value), ['__proto__', 'constructor']);
    assert.equal(Object.getPrototypeOf(value), Object.prototype);
    assert.equal(({} as { x?: unknown }).x, undefined);
  });

  it('hostile decimals are bounded', () => {
    const decimal = { type: 'bytes', logicalType: 'decimal', precision: 5, scale: 2 };
    failureOf('undecodable', () => read(decimal, write('bytes', Buffer.alloc(200_000, 0x7f))));
    const big = { type: 'bytes', logicalType: 'big-decimal' };
    for (const inner of [bytesOf(1n, [1], 2n ** 31n - 1n), bytesOf(1n, [1], -(2n ** 31n)), bytesOf(2n ** 40n), bytesOf(1n, [1], 2n, [0])]) failureOf('undecodable', () => read(big, write('bytes', inner)));
  });

  it('a failure says where: the field, the index, the key', () => {
    const schema = { type: 'record', name: 'Order', fields: [{ name: 'lines', type: { type: 'array', items: recordOf({ type: 'map', values: 'boolean' }, 'Line') } }] };
    assert.match(failureOf('undecodable', () => read(schema, bytesOf(2n, [0], 1n, 1n, [0x6b, 5], [0]))), /at lines\[1\]\.v\.k: expected 0 or 1 for a boolean, found 5/);
  });
});
