import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Failure } from '../../../actors/failure.ts';
import { Bytes } from '../../../src/codec/bytes.ts';
import { protobufFormat } from '../../../src/codec/protobuf/format.ts';
import type { ProtobufOptions } from '../../../src/codec/protobuf/format.ts';
import { readProtobuf } from '../../../src/codec/protobuf/source.ts';

const schema = readProtobuf({ path: 'test/golden/protobuf/scalars3.proto', imports: [], message: null });
function both(message: string | null, options: Partial<ProtobufOptions> = {}) {
  const format = protobufFormat({ long: 'auto', message, framing: false, ...options });
  return { format, reader: format.reader(schema), writer: format.writer(schema) };
}
function again(message: string, value: unknown, options: Partial<ProtobufOptions> = {}): unknown {
  const { reader, writer } = both(message, options);
  return reader.read(writer.write(value));
}
function refused(message: string, value: unknown): string {
  let text = '';
  const { writer } = both(message);
  assert.throws(() => writer.write(value), (error: unknown) => {
    if (!(error instanceof Failure)) return false;
    text = error.message;
    return error.code === 'unencodable';
  });
  return text;
}

const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record(model, { noNullPrototype: true });
const int32 = fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff });
const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
const exact = (value: bigint): number | bigint => (value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value);
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(exact);
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(exact);
const text = fc.string({ unit: 'grapheme' });
const bytes = fc.uint8Array().map((part) => Bytes.view(part));
const color = fc.oneof(fc.constantFrom('COLOR_NONE', 'RED', 'BLUE', 'BELOW'), fc.integer({ min: 3, max: 1000 }));
const scalars = record({ a_double: fc.double(), a_float: fc.float(), an_int32: int32, an_int64: int64, a_uint32: uint32, a_uint64: uint64, a_sint32: int32, a_sint64: int64, a_fixed32: uint32, a_fixed64: uint64, an_sfixed32: int32, an_sfixed64: int64, a_bool: fc.boolean(), a_string: text, some_bytes: bytes, color, far_away: text });
const nodeOf = (depth: number): fc.Arbitrary<object> => {
  const fields = { name: text, count: int32 };
  if (depth === 0) return record({ ...fields, children: fc.constant([]) });
  const inner = nodeOf(depth - 1);
  return fc.oneof(record({ ...fields, children: fc.array(inner, { maxLength: 2 }) }), record({ ...fields, children: fc.constant([]), next: inner }));
};
const node = nodeOf(3);
const keyed = <T>(keys: fc.Arbitrary<string>, values: fc.Arbitrary<T>) => fc.dictionary(keys, values, { noNullPrototype: true });

describe('what is written is read again', () => {
  it('property: all scalar types', () => {
    const { reader, writer } = both('golden.Scalars');
    fc.assert(fc.property(scalars, (value) => { assert.deepEqual(reader.read(writer.write(value)), value); }));
  });

  it('property: lists', () => {
    const lists = record({ int32s: fc.array(int32), sint64s: fc.array(int64), doubles: fc.array(fc.double()), bools: fc.array(fc.boolean()), strings: fc.array(text), blobs: fc.array(bytes), colors: fc.array(color), nodes: fc.array(node, { maxLength: 3 }), expanded: fc.array(int32), fixed: fc.array(uint32), floats: fc.array(fc.float()) });
    const { reader, writer } = both('golden.Lists');
    fc.assert(fc.property(lists, (value) => { assert.deepEqual(reader.read(writer.write(value)), value); }));
  });

  it('property: maps, whatever the order of their keys', () => {
    const maps = record({ by_string: keyed(fc.oneof(text, fc.constant('__proto__')), int32), by_int32: keyed(int32.map(String), text), by_int64: keyed(int64.map(String), node), by_bool: keyed(fc.constantFrom('true', 'false'), fc.double()), by_uint64: keyed(uint64.map(String), color), by_sfixed32: keyed(int32.map(String), bytes), by_sint32: keyed(int32.map(String), fc.boolean()), inners: keyed(text, record({ x: int32 })) });
    const { reader, writer } = both('golden.Maps');
    fc.assert(
      fc.property(maps, (value) => {
        const written = writer.write(value);
        assert.deepEqual(reader.read(written), value);
        const turned = Object.fromEntries(Object.entries(value).map(([key, map]) => [key, Object.fromEntries(Object.entries(map as object).toReversed())]));
        assert.deepEqual(writer.write(turned), written);
      })
    );
  });

  it('property: values of any shape, as google.protobuf.Value', () => {
    const { reader, writer } = both('golden.WellKnown');
    fc.assert(fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => { assert.deepEqual(reader.read(writer.write({ value })), { value, times: [], values: {}, anys: [] }); }));
  });

  it('property: times and durations', () => {
    const { reader, writer } = both('golden.WellKnown');
    fc.assert(
      fc.property(fc.date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true }), fc.integer({ min: -1e12, max: 1e12 }), (date, milliseconds) => {
        const { at, took } = reader.read(writer.write({ at: date.toISOString(), took: `${milliseconds / 1000}s`.replace(/e-\d+/, '') })) as { at: string; took: string };
        assert.equal(new Date(at).getTime(), date.getTime());
        assert.equal(Math.round(Number(took.slice(0, -1)) * 1000), milliseconds);
        assert.deepEqual(writer.write({ at: date.getTime() }), writer.write({ at: date.toISOString() }));
      })
    );
  });
});

describe('integers of 64 bits', () => {
  it('are as long says, without loss', () => {
    const value = { an_int64: 2n ** 53n, a_uint64: 7 };
    const read = (long: ProtobufOptions['long'], from: object) => {
      const { an_int64, a_uint64, a_sint64 } = again('golden.Scalars', from, { long }) as Record<string, unknown>;
      return [an_int64, a_uint64, a_sint64];
    };
    assert.deepEqual(read('auto', value), [2n ** 53n, 7, 0]);
    assert.deepEqual(read('bigint', value), [2n ** 53n, 7n, 0n]);
    assert.deepEqual(read('string', value), ['9007199254740992', '7', '0']);
    assert.throws(() => read('number', value), (error: unknown) => error instanceof Failure && error.code === 'undecodable' && error.message.includes('long: auto'));
    assert.deepEqual(read('number', { an_int64: -(2 ** 53 - 1) }), [-(2 ** 53 - 1), 0, 0]);
    assert.deepEqual((again('golden.Maps', { by_int64: { '-9007199254740993': {} } }, { long: 'string' }) as { by_int64: object }).by_int64, { '-9007199254740993': { name: '', count: 0, children: [] } });
  });
});

describe('what is written', () => {
  it('has fields by the names of the schema or of the JSON mapping, once each, and none that the schema has not', () => {
    const { writer } = both('golden.Names');
    assert.deepEqual(writer.write({ snakeCaseName: 'x', with1digit: 'y', Leading: 'z', withTwo: 'a' }), writer.write({ snake_case_name: 'x', with_1digit: 'y', _leading: 'z', with__two: 'a' }));
    assert.deepEqual(both('golden.Optionals').writer.write({ 'other-name': 'n' }), both('golden.Optionals').writer.write({ named: 'n' }));
    assert.match(refused('golden.Names', { snakeCaseName: 'x', snake_case_name: 'x' }), /expected each field once, found snake_case_name under two names/);
    assert.equal(refused('golden.Node', { name: 'a', nope: 1 }), 'golden.Node: expected fields of golden.Node, found "nope", which it has not');
    assert.deepEqual(writer.write({ camelCase: undefined, map: undefined }), writer.write({ camelCase: null }));
  });

  it('is refused with where, what was expected and what was found, never at length', () => {
    const long = 'secret'.repeat(1000);
    const bad: [string, unknown, RegExp][] = [
      ['golden.Scalars', { an_int32: 1.5 }, /at an_int32: expected an integer from -2147483648 to 2147483647, found 1\.5$/],
      ['golden.Scalars', { an_int32: 2 ** 31 }, /an_int32/],
      ['golden.Scalars', { a_uint32: -1 }, /a_uint32/],
      ['golden.Scalars', { an_int64: 2 ** 53 }, /without loss, found 9007199254740992$/],
      ['golden.Scalars', { a_uint64: -1n }, /a_uint64/],
      ['golden.Scalars', { an_int64: '12a' }, /found "12a"$/],
      ['golden.Scalars', { a_float: 1e300 }, /a number that 32 bits hold/],
      ['golden.Scalars', { a_double: 'one' }, /a number, found "one"$/],
      ['golden.Scalars', { a_bool: 1 }, /true or false, found 1$/],
      ['golden.Scalars', { a_string: 5 }, /text, found 5$/],
      ['golden.Scalars', { a_string: '\ud800' }, /half of a surrogate pair/],
      ['golden.Scalars', { a_string: `${'x'.repeat(100_000)}\ud800` }, /half of a surrogate pair/],
      ['golden.Scalars', { some_bytes: 'no base64!' }, /bytes or base64/],
      ['golden.Scalars', { color: 'PINK' }, /a name of golden\.Color, found "PINK"$/],
      ['golden.Scalars', { a_string: long.split('') }, /text, found a list$/],
      ['golden.Scalars', { a_bool: long }, /found "secretsecretsecretsecretsecretsecretsecr"$/],
      ['golden.Lists', { int32s: [1, 'x'] }, /at int32s\.1: /],
      ['golden.Lists', { strings: ['a', null] }, /at strings\.1: .*found null$/],
      ['golden.Lists', { nodes: [{ next: { children: [{}, 5] } }] }, /at nodes\.0\.next\.children\.1: expected an object, found 5$/],
      ['golden.Lists', { nodes: {} }, /at nodes: expected a list, found an object$/],
      ['golden.Maps', { by_int32: { x: 'a' } }, /at by_int32\.x: /],
      ['golden.Maps', { by_bool: { yes: 1 } }, /at by_bool\.yes: /],
      ['golden.Maps', { by_string: [] }, /expected an object, found a list$/],
      ['golden.Choice', { number: 1, text: 'x' }, /expected one of/],
      ['golden.WellKnown', { at: 'yesterday' }, /at at: expected a time/],
      ['golden.WellKnown', { at: '2023-02-29T00:00:00Z' }, /expected a time/],
      ['golden.WellKnown', { took: '1.5' }, /expected a duration/],
      ['golden.WellKnown', { mask: 'a_b' }, /camel case/],
      ['golden.WellKnown', { any: { name: 'x' } }, /an object with @type/],
      ['golden.WellKnown', { any: { '@type': 'x/golden.Node', nope: 1 } }, /found "nope"/],
      ['golden.WellKnown', { any: { '@type': 'x/unknown.Type', name: 1 } }, /expected @type and value/],
      ['golden.WellKnown', { value: 2n ** 60n + 1n }, /expected a number/],
      ['golden.Node', 'text', /expected an object, found "text"$/],
      ['golden.Node', null, /expected an object, found null$/]
    ];
    for (const [message, value, expected] of bad) {
      const found = refused(message, value);
      assert.match(found, expected);
      assert.ok(found.length < 250);
    }
  });

  it('is bounded where a value holds itself', () => {
    const circle: Record<string, unknown> = {};
    circle['next'] = circle;
    assert.match(refused('golden.Node', circle), /nested at most 100 messages deep/);
    const struct: Record<string, unknown> = {};
    struct['a'] = struct;
    assert.match(refused('golden.WellKnown', { struct }), /nested at most 100 messages deep/);
  });

  it('is bounded where one value is in it many times', () => {
    const blob = new Uint8Array(64 * 1024 * 1024);
    assert.match(refused('golden.Lists', { blobs: [blob, blob, blob] }), /at blobs\.[12]: expected a message of at most 134217728 bytes, found more$/);
  });

  it('a failure leaves nothing behind for the next record', () => {
    const { writer } = both('golden.Node');
    const good = writer.write({ name: 'a', next: { count: 1 } });
    assert.throws(() => writer.write({ name: 'b', next: { name: 5, count: 9 } }), Failure);
    assert.deepEqual(writer.write({ name: 'a', next: { count: 1 } }), good);
    const kept = writer.write({ name: 'a'.repeat(200_000) });
    writer.write({ name: 'b'.repeat(200_000) });
    assert.equal(Buffer.from(kept).toString('latin1', kept.length - 1), 'a');
  });

  it('a message of a type that the schema does not have, in an Any, keeps its bytes', () => {
    const any = { '@type': 'x/unknown.Type', value: Bytes.view(Uint8Array.of(8, 1)) };
    assert.deepEqual((again('golden.WellKnown', { any }) as { any: unknown }).any, any);
    assert.equal(JSON.stringify((again('golden.WellKnown', { any }) as { any: unknown }).any), '{"@type":"x/unknown.Type","value":"CAE="}');
  });
});

describe('a field without presence', () => {
  it('is there with its zero; one with presence only where it was set', () => {
    assert.deepEqual(both('golden.Optionals').reader.read(Buffer.alloc(0)), { named: '' });
    assert.deepEqual(both('golden.Choice').reader.read(Buffer.alloc(0)), { before: '', after: 0 });
    assert.equal(both('golden.Scalars').writer.write({ a_double: 0, an_int64: 0n, color: 'COLOR_NONE', a_string: '', some_bytes: '', an_int32: '0', a_bool: false }).length, 0);
    assert.equal(both('golden.Scalars').writer.write({ a_double: -0 }).length, 9);
  });
});

describe('schemas from others', () => {
  it('use what Google and Confluent have built in', () => {
    const text = 'syntax = "proto3"; import "google/type/money.proto"; import "confluent/type/decimal.proto"; import "confluent/meta.proto"; message A { google.type.Money money = 1; confluent.type.Decimal decimal = 2 [(confluent.field_meta) = { params: [{ key: "scale", value: "2" }] }]; }';
    const format = protobufFormat({ long: 'auto', message: null, framing: false });
    const value = { money: { currency_code: 'CHF', units: 12, nanos: 500_000_000 }, decimal: { value: Bytes.view(Uint8Array.of(1)), precision: 5, scale: 2 } };
    assert.deepEqual(format.reader({ text, references: [] }).read(format.writer({ text, references: [] }).write(value)), value);
  });
});
