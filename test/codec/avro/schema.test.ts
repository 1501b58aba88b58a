import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Failure } from '../../../actors/failure.ts';
import type { SchemaText } from '../../../src/codec/registry/schema-text.ts';
import { again, failureOf, format, hex, recordOf, textOf, write } from './support.ts';

function compile(schema: unknown): void {
  format().reader(textOf(schema));
  format().writer(textOf(schema));
}

const unusable = (schema: unknown) => failureOf('schema_unusable', () => compile(schema));

/** A record with a field of each type. */
function fields(types: readonly unknown[], name = 'R'): unknown {
  return { type: 'record', name, fields: types.map((type, index) => ({ name: `f${index}`, type })) };
}

describe('Avro: schemas', () => {
  it('names are those of the specification: qualified, by namespace, inherited, and global where Java finds them', () => {
    const schema = {
      type: 'record',
      name: 'shop.Order',
      fields: [
        { name: 'a', type: { type: 'enum', name: 'Kind', symbols: ['A'] } },
        { name: 'b', type: 'Kind' },
        { name: 'c', type: 'shop.Kind' },
        { name: 'd', type: { type: 'record', name: 'Line', namespace: 'other', fields: [{ name: 'k', type: { type: 'fixed', name: 'F', size: 1 } }, { name: 'l', type: 'F' }] } },
        { name: 'e', type: 'other.F' },
        { name: 'f', type: { type: 'other.Line' } }
      ]
    };
    const line = { k: 'AA==', l: 'AA==' };
    assert.equal(hex(write(schema, { a: 'A', b: 'A', c: 'A', d: line, e: 'AA==', f: line })), '0000000000000000');
    assert.equal(format().writer(textOf(schema)).name, 'shop.Order');
    const global = [{ type: 'fixed', name: 'Plain', size: 1 }, { type: 'record', name: 'a.b.C', fields: [{ name: 'p', type: 'Plain' }] }];
    assert.equal(hex(write(global, { p: 'AA==' })), '0200');
    assert.match(unusable({ type: 'record', name: 'x.R', fields: [{ name: 'v', type: 'other.Missing' }] }), /at v: .*Missing/);
  });

  it('a schema without a name has none; one of a primitive type is a schema', () => {
    assert.equal(format().writer(textOf('string')).name, null);
    assert.equal(format().writer(textOf({ type: 'array', items: 'int' })).name, null);
    assert.equal(format().writer(textOf({ type: 'enum', name: 'E', namespace: 'n', symbols: ['A'] })).name, 'n.E');
  });

  it('types that others refer to come from the references, each once, however often it is named', () => {
    const money: SchemaText = textOf({ type: 'record', name: 'shop.Money', fields: [{ name: 'cents', type: 'long' }] });
    const price: SchemaText = { text: JSON.stringify({ type: 'record', name: 'shop.Price', fields: [{ name: 'net', type: 'shop.Money' }] }), references: [{ name: 'shop.Money', schema: money }] };
    const order: SchemaText = {
      text: JSON.stringify({ type: 'record', name: 'shop.Order', fields: [{ name: 'price', type: 'Price' }, { name: 'fee', type: 'shop.Money' }] }),
      references: [{ name: 'shop.Price', schema: price }, { name: 'shop.Money', schema: { ...money } }, { name: 'shop.Money', schema: money }]
    };
    const value = { price: { net: { cents: 1 } }, fee: { cents: 2 } };
    assert.deepStrictEqual(format().reader(order).read(format().writer(order).write(value)), value);
    assert.match(failureOf('schema_unusable', () => format().reader({ ...order, references: [] })), /Price/);
  });

  it('references that refer to themselves, or disagree about a name, are refused', () => {
    const circle: { text: string; references: { name: string; schema: SchemaText }[] } = { text: '"int"', references: [] };
    circle.references.push({ name: 'self', schema: circle });
    assert.equal(format().reader(circle).read(Buffer.from([2])), 1);
    const a = textOf(recordOf('int', 'Same'));
    const b = textOf(recordOf('long', 'Same'));
    assert.match(failureOf('schema_unusable', () => format().reader({ text: '"Same"', references: [{ name: 'Same', schema: a }, { name: 'Same', schema: b }] })), /reference Same/);
  });

  it('logical types are taken where schemas have them, in all four ways of writing, also in unions', () => {
    const value = { v: '2026-11-27T12:34:56.789Z' };
    const inner = { type: 'long', logicalType: 'timestamp-millis' };
    const field = (type: unknown, more: object = {}) => ({ type: 'record', name: 'R', fields: [{ name: 'v', type, ...more }] });
    const outer = { logicalType: 'timestamp-millis' };
    for (const schema of [field(inner), field('long', outer), field({ type: 'long' }, outer), field({ type: inner })]) assert.deepEqual(again(schema, value), value);
    for (const schema of [field(['null', inner]), field(['null', 'long'], outer), field(['null', { type: inner }]), field(['null', { type: 'long' }], outer), field({ type: ['null', 'long'], ...outer })]) {
      assert.deepEqual(again(schema, value), value);
      assert.deepEqual(again(schema, { v: null }), { v: null });
    }
  });

  it('a logical type that is unknown, or not valid, is ignored', () => {
    for (const schema of [
      { type: 'int', logicalType: 'timestamp-millis' },
      { type: 'long', logicalType: 'date' },
      { type: 'int', logicalType: 'toString' },
      { type: 'int', logicalType: 7 },
      { type: 'long', logicalType: 'something-of-ours' }
    ]) {
      assert.equal(again(schema, 5), 5);
    }
    for (const parameters of [{}, { precision: 0 }, { precision: -1 }, { precision: 2, scale: 3 }, { precision: 1.5 }, { precision: '4' }, { precision: 4, scale: -1 }]) {
      assert.equal(hex(write({ type: 'bytes', logicalType: 'decimal', ...parameters }, Buffer.from([5]))), '0205');
    }
    assert.equal(hex(write({ type: 'fixed', name: 'F', size: 1, logicalType: 'decimal', precision: 3 }, Buffer.from([5]))), '05');
    assert.equal(hex(write({ type: 'fixed', name: 'F', size: 1, logicalType: 'uuid' }, Buffer.from([5]))), '05');
  });

  it('mistakes are refused, with their place', () => {
    for (const schema of [null, 5, true, {}, [], { type: 'nothing' }, { type: 5 }, { type: 'array' }, { type: 'map', values: 'nothing' }, 'record', 'constructor', '__proto__', { type: 'constructor' }, { type: '__proto__' }]) unusable(schema);
    for (const size of [-1, 1.5, '1', 2 ** 31, null]) unusable({ type: 'fixed', name: 'F', size });
    for (const symbols of [[], ['A', 'A'], ['a-b'], [1], 'A', undefined]) unusable({ type: 'enum', name: 'E', symbols });
    unusable({ type: 'enum', name: 'E', symbols: ['A'], default: 'B' });
    for (const name of ['', 'a b', '1a', 'a.', 'a..b', 'int', undefined, 5, "x'];process.exit();//"]) unusable({ type: 'record', name, fields: [] });
    for (const name of ['', 'a b', 'a.b', "x'];process.exit();//", 'é', undefined, 5]) unusable({ type: 'record', name: 'R', fields: [{ name, type: 'int' }] });
    assert.match(unusable(fields(['int', ['null', 'null']])), /at f1/);
    assert.match(unusable(fields([[['int']]])), /at f0: expected no union directly in a union/);
    assert.match(unusable(fields([recordOf('int', 'S'), recordOf('int', 'S')])), /at f1/);
    unusable({ type: 'record', name: 'R', fields: [{ name: 'a', type: 'int' }, { name: 'a', type: 'int' }] });
    unusable({ type: 'record', name: 'R', fields: 'none' });
    unusable({ type: 'record', name: 'R', aliases: 'x', fields: [] });
    failureOf('schema_unusable', () => format().reader({ text: '{', references: [] }));
  });

  it('names that JavaScript has meanings for are names like others', () => {
    const names = ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'prototype', 'arguments', 'eval', 'await', 'function', 'undefined', 'input', 'reads', 'v0', 'names'];
    const schema = { type: 'record', name: 'constructor', fields: names.map((name) => ({ name, type: { type: 'enum', name: `E.${name}`, symbols: names } })) };
    const value = JSON.parse(`{${names.map((name) => `"${name}":"${name}"`).join()}}`) as Record<string, unknown>;
    const result = again(schema, value) as object;
    assert.deepStrictEqual(result, value);
    assert.deepEqual(Object.keys(result), names);
    assert.equal(Object.getPrototypeOf(result), Object.prototype);
    // What an object inherits is not what it says.
    for (const name of names.slice(0, 4)) {
      failureOf('unencodable', () => write({ type: 'record', name: 'R', fields: [{ name, type: 'string' }] }, {}));
      assert.deepStrictEqual(again({ type: 'record', name: 'R', fields: [{ name, type: 'string', default: 'x' }] }, {}), JSON.parse(`{"${name}":"x"}`));
    }
  });

  it('a record that contains itself without end is refused, and one that may end is not', () => {
    assert.match(unusable(recordOf('R')), /contains itself/);
    unusable({ type: 'record', name: 'A', fields: [{ name: 'b', type: { type: 'record', name: 'B', fields: [{ name: 'a', type: 'A' }] } }] });
    unusable(recordOf(['R']));
    const tree = { type: 'record', name: 'Tree', fields: [{ name: 'nodes', type: { type: 'array', items: 'Tree' } }, { name: 'named', type: { type: 'map', values: 'Tree' } }, { name: 'one', type: ['null', 'Tree'] }] };
    const leaf = { nodes: [], named: {}, one: null };
    const value = { nodes: [leaf, { ...leaf, one: leaf }], named: { x: leaf }, one: { ...leaf, nodes: [leaf] } };
    assert.deepStrictEqual(again(tree, value), value);
  });

  it('defaults that do not fit are refused where they are needed: by a writer, and by a schema that is read as', () => {
    for (const [type, fallback] of [['int', 'x'], ['int', 2 ** 31], ['null', 5], [['null', 'int'], 'x'], ['bytes', '\u0100'], [{ type: 'fixed', name: 'F', size: 2 }, 'x'], [{ type: 'enum', name: 'E', symbols: ['A'] }, 'B'], [recordOf('int', 'S'), {}], [{ type: 'array', items: 'int' }, [1, 'x']]] as const) {
      const schema = { type: 'record', name: 'R', fields: [{ name: 'v', type, default: fallback }] };
      assert.match(failureOf('schema_unusable', () => format().writer(textOf(schema))), /at v/);
      format().reader(textOf(schema));
      failureOf('schema_unusable', () => format({ readAs: textOf(schema) }).reader(textOf({ type: 'record', name: 'R', fields: [] })));
    }
  });

  it('random JSON is a schema or a failure', () => {
    const word = fc.constantFrom('type', 'record', 'enum', 'fixed', 'array', 'map', 'name', 'fields', 'items', 'values', 'symbols', 'size', 'int', 'string', 'null', 'R', 'default', 'logicalType', 'decimal', 'precision', 'namespace', 'aliases', '__proto__');
    const { json } = fc.letrec<{ json: unknown }>((tie) => ({
      json: fc.oneof({ maxDepth: 5 }, word, fc.constantFrom(null, true, 0, 1, -1, 1e9), fc.array(tie('json'), { maxLength: 4 }), fc.dictionary(word, tie('json'), { maxKeys: 5 }), fc.record({ type: word, name: word, fields: fc.array(fc.record({ name: word, type: tie('json'), default: tie('json') })), items: tie('json'), values: tie('json'), symbols: fc.array(word), size: fc.integer() }))
    }));
    fc.assert(
      fc.property(json, (schema) => {
        try {
          compile(schema);
        } catch (error) {
          assert.ok(error instanceof Failure && error.code === 'schema_unusable', String(error));
        }
      }),
      { numRuns: 2000 }
    );
  });
});

describe('Avro: schemas that are too much', () => {
  const many = (count: number, make: (index: number) => unknown) => Array.from({ length: count }, (_, index) => make(index));

  it('too deep', () => {
    let deep: unknown = 'int';
    for (let level = 0; level < 300; level++) deep = { type: 'array', items: deep };
    unusable(deep);
    failureOf('schema_unusable', () => format().reader({ text: '['.repeat(500_000), references: [] }));
    failureOf('schema_unusable', () => format().reader({ text: `${'{"type":'.repeat(60_000)}"int"${'}'.repeat(60_000)}`, references: [] }));
  });

  it('too large', () => {
    assert.match(unusable(fields([{ type: 'fixed', name: 'F', size: 1, doc: 'x'.repeat(1024 * 1024) }])), /1048576 characters/);
    unusable(fields(many(5001, () => 'int')));
    unusable(fields(many(2001, (index) => ({ type: 'fixed', name: `F${index}`, size: 1 }))));
    unusable({ type: 'enum', name: 'E', symbols: many(5001, (index) => `S${index}`) });
    compile(fields(many(5000, () => 'int')));
    compile(fields(many(1900, (index) => recordOf(index === 0 ? 'int' : `R${index - 1}`, `R${index}`)), 'All'));
  });

  it('defaults inside of defaults that are many more than their text', () => {
    let type: unknown = recordOf('int', 'S0');
    for (let level = 1; level < 60; level++) {
      const inner = `S${level - 1}`;
      type = { type: 'record', name: `S${level}`, fields: [{ name: 'a', type, default: { v: 1 } }, { name: 'b', type: inner, default: { v: 1 } }] };
    }
    unusable(recordOf(type));
    let empty: unknown = { type: 'record', name: 'S0', fields: [] };
    for (let level = 1; level < 60; level++) empty = { type: 'record', name: `S${level}`, fields: [{ name: 'a', type: empty, default: {} }, { name: 'b', type: `S${level - 1}`, default: {} }] };
    assert.match(unusable({ type: 'record', name: 'Top', fields: [{ name: 'v', type: empty, default: {} }] }), /a default of at most/);
    unusable({ type: 'record', name: 'A', fields: [{ name: 'a', type: ['A', 'null'], default: {} }] });
  });
});
