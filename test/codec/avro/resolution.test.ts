import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Bytes } from '../../../src/codec/bytes.ts';
import { cases, namer, objectOf, schemaOf } from './model.ts';
import { failureOf, format, read, readAs, recordOf, textOf, write } from './support.ts';

type Json = Record<string, unknown>;
/** A schema that another one was changed to, and what the change makes of a value. */
interface Change {
  schema: unknown;
  expected: (value: unknown) => unknown;
}

/** A field of the changed record, and the one that it comes from. */
interface Part {
  from: string | null;
  field: Json & { name: string };
  expected: (value: unknown) => unknown;
}

/** Numbers from 0 to `below`, the same for the same seed. */
function chooser(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Changes a schema as owners of schemas do, in ways that can be resolved. */
function changed(schema: unknown, choose: (below: number) => number): Change {
  const inner = changedType(schema, choose);
  if (Array.isArray(inner.schema) || choose(4) > 0) return inner;
  return { schema: ['null', inner.schema].slice(inner.schema === 'null' ? 1 : 0), expected: inner.expected };
}

function changedType(schema: unknown, choose: (below: number) => number): Change {
  const same: Change = { schema, expected: (value) => value };
  if (Array.isArray(schema)) return changedUnion(schema);
  if (schema === 'int' && choose(2) > 0) return { schema: ['long', 'double'][choose(2)], expected: (value) => value };
  if (schema === 'float' && choose(2) > 0) return { schema: 'double', expected: (value) => value };
  if (schema === 'string' && choose(2) > 0) return { schema: 'bytes', expected: (value) => Bytes.view(new TextEncoder().encode(value as string)) };
  if (typeof schema !== 'object') return same;
  const json = schema as Json;
  if (json['type'] === 'array') {
    const { schema: items, expected } = changed(json['items'], choose);
    return { schema: { type: 'array', items }, expected: (value) => (value as unknown[]).map(expected) };
  }
  if (json['type'] === 'map') {
    const { schema: values, expected } = changed(json['values'], choose);
    return { schema: { type: 'map', values }, expected: (value) => objectOf(Object.entries(value as Json).map(([key, item]) => [key, expected(item)])) };
  }
  if (json['type'] === 'enum' && choose(2) > 0) {
    const symbols = json['symbols'] as string[];
    const left = symbols.slice(choose(symbols.length));
    return { schema: { ...json, symbols: ['OTHER', ...left.toReversed()], default: 'OTHER' }, expected: (value) => (left.includes(value as string) ? value : 'OTHER') };
  }
  return json['type'] === 'record' ? changedRecord(json, choose) : same;
}

/** Its order is changed, which changes no value. */
function changedUnion(branches: unknown[]): Change {
  return { schema: branches.toReversed(), expected: (value) => value };
}

function changedRecord(json: Json, choose: (below: number) => number): Change {
  const parts = (json['fields'] as { name: string; type: unknown }[]).flatMap((field, index): Part[] => {
    if (choose(5) === 0) return [];
    const { schema, expected } = changed(field.type, choose);
    const name = choose(4) === 0 ? `renamed_${index}` : field.name;
    return [{ from: field.name, field: { name, type: schema, ...(name === field.name ? {} : { aliases: [field.name] }) }, expected }];
  });
  if (choose(2) > 0) parts.splice(choose(parts.length + 1), 0, { from: null, field: { name: 'added', type: { type: 'array', items: ['null', 'int'] }, default: [1, null] }, expected: () => [1, null] });
  if (choose(2) > 0) parts.reverse();
  return {
    schema: { ...json, fields: parts.map(({ field }) => field) },
    expected: (value) => objectOf(parts.map(({ from, field, expected }) => [field.name, expected(from === null ? null : (value as Json)[from])]))
  };
}

describe('Avro: records read as another schema', () => {
  it('whatever was changed on the way, a value is what the changes make of it', () => {
    fc.assert(
      fc.property(cases, fc.nat(), ({ shape, value }, seed) => {
        const writer = schemaOf(shape, namer());
        const { schema, expected } = changed(writer, chooser(seed));
        assert.deepStrictEqual(readAs(writer, schema, value), expected(value));
      }),
      { numRuns: 2000 }
    );
  });

  const enumOf = (symbols: string[], more: object = {}) => ({ type: 'enum', name: 'E', symbols, ...more });
  const fixed = (name: string, size: number, more: object = {}) => ({ type: 'fixed', name, size, ...more });
  const record = (name: string, ...fields: object[]) => ({ type: 'record', name, fields });
  const logical = (type: string, logicalType: string, more: object = {}) => ({ type, logicalType, ...more });

  const readings: [string, unknown, unknown, unknown, unknown][] = [
    ['an int as a long', 'int', 'long', 5, 5],
    ['an int as a float', 'int', 'float', 16_777_217, 16_777_216],
    ['a long as a double', 'long', 'double', 2 ** 40, 2 ** 40],
    ['a long beyond 2^53 as a double, rounded as everywhere', 'long', 'double', 2n ** 60n + 1n, 2 ** 60],
    ['a float as a double', 'float', 'double', 0.5, 0.5],
    ['bytes as a string', 'bytes', 'string', Buffer.from('é'), 'é'],
    ['a string as bytes', 'string', 'bytes', 'é', Bytes.view(new TextEncoder().encode('é'))],
    ['a type as a union with it', 'int', ['null', 'int'], 5, 5],
    ['of a union the same type before a promotion', 'int', ['double', 'int', 'string'], 5, 5],
    ['the same type before a promotion: bytes', 'bytes', ['string', 'bytes'], Buffer.from('x'), Bytes.view(new Uint8Array([0x78]))],
    ['one type of a union as that type', ['null', 'int'], 'long', 5, 5],
    ['a union as one with more', ['null', 'int'], ['string', 'long', 'null'], null, null],
    ['an enum without its symbol, by the default', enumOf(['A', 'B']), enumOf(['B', 'X'], { default: 'X' }), 'A', 'X'],
    ['a record by an alias', recordOf('int', 'Old'), { ...recordOf('int', 'New'), aliases: ['Old'] }, { v: 1 }, { v: 1 }],
    ['a record of another namespace', recordOf('int', 'a.R'), recordOf('int', 'b.R'), { v: 1 }, { v: 1 }],
    ['an enum by an alias', enumOf(['A']), { ...enumOf(['A']), name: 'F', aliases: ['E'] }, 'A', 'A'],
    ['of two records of a union the one of the name', recordOf('int', 'n.B'), [recordOf('int', 'm.B'), { type: 'record', name: 'n.B', fields: [{ name: 'v', type: 'int' }, { name: 'w', type: 'int', default: 2 }] }], { v: 1 }, { v: 1, w: 2 }],
    ['a field by its alias', recordOf('int'), record('R', { name: 'w', type: 'int', aliases: ['x', 'v'] }), { v: 1 }, { w: 1 }],
    ['a name before an alias', recordOf('int'), record('R', { name: 'w', type: 'int', aliases: ['v'], default: 0 }, { name: 'v', type: 'int' }), { v: 1 }, { w: 0, v: 1 }],
    ['a default for the second type of a union', recordOf('int'), record('R', { name: 'w', type: ['null', 'string'], default: 'x' }), { v: 1 }, { w: 'x' }],
    ['a date as an int', logical('int', 'date'), 'int', '1970-01-03', 2],
    ['an int as a date', 'int', logical('int', 'date'), 2, '1970-01-03'],
    ['an int as a timestamp', 'int', logical('long', 'timestamp-millis'), 2, '1970-01-01T00:00:00.002Z'],
    ['a timestamp with the digits that were written', logical('long', 'timestamp-micros'), logical('long', 'timestamp-millis'), '1970-01-01T00:00:00.000002Z', '1970-01-01T00:00:00.000002Z'],
    ['a time of day as a longer one', logical('int', 'time-millis'), logical('long', 'time-micros'), '12:34:56.789', '12:34:56.789'],
    ['bytes as a decimal', 'bytes', logical('bytes', 'decimal', { precision: 4, scale: 2 }), Buffer.from([5]), '0.05'],
    ['a decimal of more digits', logical('bytes', 'decimal', { precision: 4, scale: 2 }), logical('bytes', 'decimal', { precision: 9, scale: 2 }), '1.25', '1.25'],
    ['a string as a uuid of a kind of bytes', 'string', logical('string', 'uuid'), 'any', 'any']
  ];
  for (const [name, writer, reader, value, expected] of readings) it(name, () => assert.deepStrictEqual(readAs(writer, reader, value), expected));

  it('defaults that can be changed are made anew for each record', () => {
    const reader = format({ readAs: textOf(record('R', { name: 'list', type: { type: 'array', items: 'int' }, default: [] }, { name: 'sub', type: recordOf('int', 'S'), default: { v: 1 } })) }).reader(textOf(record('R')));
    const first = reader.read(new Uint8Array(0)) as { list: number[]; sub: { v: number } };
    first.list.push(1);
    first.sub.v = 9;
    assert.deepStrictEqual(reader.read(new Uint8Array(0)), { list: [], sub: { v: 1 } });
  });

  it('recursive schemas resolve', () => {
    const list = (type: string, more: object[] = []) => record('List', { name: 'v', type }, { name: 'next', type: ['null', 'List'] }, ...more);
    assert.deepStrictEqual(readAs(list('int'), list('double', [{ name: 'extra', type: 'int', default: 3 }]), { v: 1, next: { v: 2, next: null } }), { v: 1, next: { v: 2, next: null, extra: 3 }, extra: 3 });
  });

  const pairs: [string, unknown, unknown, RegExp][] = [
    ['a long as an int', recordOf('long'), recordOf('int'), /at v: expected what can be read as int, found long/],
    ['a string as an int, inside', recordOf({ type: 'array', items: recordOf('string', 'S') }), recordOf({ type: 'array', items: recordOf('int', 'S') }), /at v\[\]\.v: .*int, found string/],
    ['a map of other values', { type: 'map', values: 'string' }, { type: 'map', values: 'int' }, /\{\}: /],
    ['a field that was not written, without a default', recordOf('int'), record('R', { name: 'w', type: 'string' }), /at w: expected a field that was written \(string\), or a default, found neither/],
    ['a record of another name', recordOf('int', 'A'), recordOf('int', 'B'), /record B, found record A/],
    ['a fixed of another size', fixed('F', 1), fixed('F', 2), /fixed F/],
    ['an array as a map', { type: 'array', items: 'int' }, { type: 'map', values: 'int' }, /map, found array/],
    ['a union of nothing that fits', ['null', 'string'], 'int', /int, found a union of 2/],
    ['a type that no type of a union fits', 'boolean', ['null', 'string'], /a union of 2, found boolean/],
    ['a decimal of another scale', logical('bytes', 'decimal', { precision: 4, scale: 2 }), logical('bytes', 'decimal', { precision: 4, scale: 3 }), /scale 3, found .*scale 2/],
    ['a date as a time', logical('int', 'date'), logical('int', 'time-millis'), /time-millis.*found.*date/],
    ['a timestamp as a local one', logical('long', 'timestamp-millis'), logical('long', 'local-timestamp-millis'), /local-timestamp/]
  ];
  for (const [name, writer, reader, message] of pairs) {
    it(`refused before any record: ${name}`, () => assert.match(failureOf('schema_incompatible', () => format({ readAs: textOf(reader) }).reader(textOf(writer))), message));
  }

  it('where only some values cannot be read, only their records fail', () => {
    const union = format({ readAs: textOf('int') }).reader(textOf(['string', 'int']));
    assert.equal(union.read(write(['string', 'int'], 5)), 5);
    assert.match(failureOf('schema_incompatible', () => union.read(write(['string', 'int'], 'x'))), /int, found string/);
    const symbols = format({ readAs: textOf(enumOf(['A'])) }).reader(textOf(enumOf(['A', 'B'])));
    assert.equal(symbols.read(write(enumOf(['A', 'B']), 'A')), 'A');
    failureOf('schema_incompatible', () => symbols.read(write(enumOf(['A', 'B']), 'B')));
  });

  it('options hold for what is read as another schema, too', () => {
    const bytes = write('int', 5);
    assert.equal(read('int', bytes, { readAs: textOf('long'), long: 'bigint' }), 5n);
    assert.equal(read('int', bytes, { readAs: textOf('long'), long: 'string' }), '5');
    assert.equal(readAs(logical('long', 'timestamp-millis'), logical('long', 'timestamp-micros'), 5, { logicalTypes: 'none' }), 5);
  });

  it('formats that read differently have different ids', () => {
    const ids = [{}, { long: 'string' }, { logicalTypes: 'none' }, { readAs: textOf('int') }, { readAs: textOf('long') }, { readAs: { text: '"int"', references: [{ name: 'A', schema: textOf('int') }] } }] as const;
    assert.equal(new Set(ids.map((options) => format(options).id)).size, ids.length);
    assert.equal(format({ readAs: textOf('int') }).id, format({ readAs: textOf('int') }).id);
  });
});
