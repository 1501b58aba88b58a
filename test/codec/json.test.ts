import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Failure } from '../../actors/failure.ts';
import type { FailureCode } from '../../actors/failure.ts';
import { Bytes } from '../../src/codec/bytes.ts';
import { jsonFormat } from '../../src/codec/json-format.ts';
import { jsonCodec } from '../../src/codec/json.ts';
import type { JsonLong } from '../../src/codec/json.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const read = (text: string, long: JsonLong): unknown => jsonCodec(null, { long }).decode(utf8(text));
const written = (value: unknown): string => Buffer.from(jsonCodec().encode(value)).toString();
function fails(run: () => unknown, code: FailureCode): string {
  let message = '';
  assert.throws(run, (error: unknown) => {
    if (!(error instanceof Failure)) return false;
    message = error.message;
    return error.code === code;
  });
  return message;
}

describe('integers of JSON', () => {
  it('are exact but for long: number', () => {
    const text = '[9007199254740991,9007199254740993,-9007199254740993,18446744073709551616,1,-0,1.5,1e3]';
    assert.deepEqual(read(text, 'number'), JSON.parse(text));
    assert.deepEqual(read(text, 'auto'), [9007199254740991, 9007199254740993n, -9007199254740993n, 18446744073709551616n, 1, -0, 1.5, 1000]);
    assert.deepEqual(read(text, 'string'), ['9007199254740991', '9007199254740993', '-9007199254740993', '18446744073709551616', '1', '-0', 1.5, 1000]);
    assert.deepEqual((read(text, 'bigint') as unknown[]).slice(0, 5), [9007199254740991n, 9007199254740993n, -9007199254740993n, 18446744073709551616n, 1n]);
  });

  it('property: whatever is read with auto is written as the same text', () => {
    const value = fc.letrec((tie) => ({ value: fc.oneof({ maxDepth: 3 }, fc.bigInt().map(String), fc.string().map((text) => JSON.stringify(text)), fc.constantFrom('null', 'true', 'false', '12345678901234567'), fc.array(tie('value') as fc.Arbitrary<string>, { maxLength: 4 }).map((items) => `[${items.join(',')}]`), fc.dictionary(fc.constantFrom('a', 'b', '__proto__', '1234567890123456'), tie('value') as fc.Arbitrary<string>).map((fields) => `{${Object.entries(fields).map(([key, field]) => `${JSON.stringify(key)}:${field}`).join(',')}}`)) })).value;
    fc.assert(fc.property(value, (text) => { assert.equal(written(read(text, 'auto')), written(read(text, 'bigint'))); }));
    fc.assert(fc.property(fc.bigInt({ min: -(10n ** 60n), max: 10n ** 60n }), (big) => { assert.equal(written(read(`{"a":[${big}]}`, 'auto')), `{"a":[${big}]}`); }));
  });

  it('of any length take no time that grows without bound', () => {
    const digits = '9'.repeat(1_000_000);
    for (const long of ['auto', 'bigint'] as const) assert.match(fails(() => read(digits, long), 'undecodable'), /at most 1000 digits/);
    assert.equal((read(digits, 'string') as string).length, digits.length);
  });

  it('keep names such as __proto__ fields, on the exact way too', () => {
    for (const long of ['number', 'auto', 'bigint', 'string'] as const) {
      const value = read('{"__proto__":{"admin":1},"n":12345678901234567890}', long) as Record<string, unknown>;
      assert.equal(value['admin'], undefined);
      assert.ok(Object.hasOwn(value, '__proto__'));
    }
  });
});

describe('what is written as JSON', () => {
  it('has big integers as digits, whatever came before and behind', () => {
    const codec = jsonCodec();
    for (let round = 0; round < 2500; round++) {
      const value: unknown = round % 1200 === 0 ? { a: 2n ** 70n, b: [1n] } : { a: round };
      assert.equal(Buffer.from(codec.encode(value)).toString(), round % 1200 === 0 ? '{"a":1180591620717411303424,"b":[1]}' : `{"a":${round}}`);
    }
  });

  it('has bytes of every kind as base64', () => {
    const kinds = [Bytes.view(Uint8Array.of(1, 255)), Uint8Array.of(1, 255), Buffer.from([1, 255])];
    for (const bytes of kinds) {
      assert.equal(written({ a: { b: [bytes] } }), '{"a":{"b":["Af8="]}}');
      assert.equal(written({ a: bytes, big: 2n ** 64n }), '{"a":"Af8=","big":18446744073709551616}');
      assert.match(fails(() => written(bytes), 'unencodable'), /found bytes/);
    }
    assert.equal(written({ e: Bytes.view(new Uint8Array(0)) }), '{"e":""}');
  });

  it('is unchanged where it only looks like bytes', () => {
    const likeness = { a: { type: 'Buffer', data: [1, 2] }, b: { 0: 1, 1: 2 }, c: '{"0":' };
    assert.deepEqual(JSON.parse(written(likeness)), likeness);
  });

  it('is refused where JSON has no form for it', () => {
    const circle: Record<string, unknown> = { big: 1n };
    circle['self'] = circle;
    for (const value of [undefined, () => 1, Symbol('a'), circle]) fails(() => written(value), 'unencodable');
  });
});

describe('JSON Schema of a registry', () => {
  const schema = (content: object, references: { name: string; schema: { text: string; references: never[] } }[] = []) => ({ text: JSON.stringify(content), references });

  it('is met by what is read and by what is written', () => {
    const both = schema({ title: 'shop.Order', type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] });
    const format = jsonFormat({ long: 'number' });
    assert.equal(format.writer(both).name, 'shop.Order');
    assert.deepEqual(format.reader(both).read(utf8('{"n":1}')), { n: 1 });
    assert.equal(Buffer.from(format.writer(both).write({ n: 1 })).toString(), '{"n":1}');
    fails(() => format.reader(both).read(utf8('{}')), 'schema_violation');
    fails(() => format.writer(both).write({ n: 'x' }), 'schema_violation');
    assert.equal(format.writer(schema({ type: 'object' })).name, null);
  });

  it('finds what it refers to', () => {
    const outer = schema({ $ref: 'https://example.org/address' }, [{ name: 'https://example.org/address', schema: { text: '{"type":"object","required":["city"]}', references: [] } }]);
    const reader = jsonFormat({ long: 'auto' }).reader(outer);
    assert.deepEqual(reader.read(utf8('{"city":"x"}')), { city: 'x' });
    fails(() => reader.read(utf8('{}')), 'schema_violation');
    fails(() => jsonFormat({ long: 'auto' }).reader(schema({ $ref: 'https://example.org/nowhere' })), 'schema_unusable');
  });

  it('is refused where it is none, too large, too deep or has patterns that no linear engine runs', () => {
    const format = jsonFormat({ long: 'auto' });
    const bad = ['', '{', '[]', '5', '{"type":"nothing"}', `{"description":"${'x'.repeat(1024 * 1024)}"}`, `${'{"not":'.repeat(100_000)}true${'}'.repeat(100_000)}`, ...['(?=a)', '(?<!a)b', '(a)\\1', '('].map((pattern) => JSON.stringify({ type: 'string', pattern })), JSON.stringify({ patternProperties: { '(?=a)': { type: 'string' } } })];
    for (const text of bad) fails(() => format.reader({ text, references: [] }), 'schema_unusable');
  });
});
