import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Failure } from '../../actors/failure.ts';
import type { FailureCode } from '../../actors/failure.ts';
import { plainCodecs } from '../../src/codec/plain.ts';
import { jsonCodec, maxJsonDepth } from '../../src/codec/json.ts';
import { rawCodec } from '../../src/codec/raw.ts';
import { compileSchema } from '../../src/codec/schema.ts';

const json = plainCodecs.json;
const text = plainCodecs.text;
const raw = rawCodec;
const utf8 = (value: string): Uint8Array => new TextEncoder().encode(value);

function fails(run: () => unknown, code: FailureCode): string {
  let message = '';
  assert.throws(run, (error: unknown) => {
    if (!(error instanceof Failure)) return false;
    message = error.message;
    return error.code === code;
  });
  return message;
}

describe('json', () => {
  it('property: what it encodes it decodes', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => assert.deepEqual(json.decode(json.encode(value)), JSON.parse(JSON.stringify(value)))));
  });

  it('property: any bytes are a value or undecodable', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.json().map(utf8)), (bytes) => {
        try {
          json.decode(bytes);
        } catch (error) {
          assert.ok(error instanceof Failure && error.code === 'undecodable');
        }
      })
    );
  });

  it('refuses the empty, the truncated and what is not UTF-8, without showing data', () => {
    fails(() => json.decode(new Uint8Array()), 'undecodable');
    for (const broken of ['{"secret":"hunter2"', '{"secret":hunter2}', 'hunter2', '"hunter2', '{"a":1}hunter2', ' ']) {
      assert.doesNotMatch(fails(() => json.decode(utf8(broken)), 'undecodable'), /hunter/);
    }
    fails(() => json.decode(Uint8Array.of(0x22, 0xff, 0x22)), 'undecodable');
    fails(() => json.decode(Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22)), 'undecodable');
  });

  it('bounds nesting, on the way in and out', () => {
    const nested = (depth: number) => utf8('['.repeat(depth) + ']'.repeat(depth));
    json.encode(json.decode(nested(maxJsonDepth)));
    fails(() => json.decode(nested(maxJsonDepth + 1)), 'undecodable');
    fails(() => json.decode(utf8('{"a":'.repeat(200_000))), 'undecodable');
    fails(() => json.decode(utf8('['.repeat(1024 * 1024))), 'undecodable');
    let deep: unknown = 1;
    for (let i = 0; i < 100_000; i++) deep = [deep];
    fails(() => json.encode(deep), 'unencodable');
  });

  it('counts no brackets inside texts', () => {
    const value = { a: '['.repeat(5000), b: `\\"${'{'.repeat(5000)}` };
    assert.deepEqual(json.decode(utf8(JSON.stringify(value))), value);
  });

  it('decodes a slice of a larger buffer, and 1 MiB', () => {
    assert.deepEqual(json.decode(utf8('xx{"a":1}yy').subarray(2, 9)), { a: 1 });
    const large = { a: 'x'.repeat(1024 * 1024) };
    assert.deepEqual(json.decode(utf8(JSON.stringify(large))), large);
  });

  it('keeps __proto__ a field like any other', () => {
    const source = '{"__proto__":{"admin":true},"a":1}';
    const value = json.decode(utf8(source)) as Record<string, unknown>;
    assert.equal(value['admin'], undefined);
    assert.equal(Buffer.from(json.encode(value)).toString(), source);
  });

  it('refuses what JSON does not have', () => {
    const circular: unknown[] = [];
    circular.push(circular);
    for (const value of [undefined, () => 1, circular, Uint8Array.of(1)]) fails(() => json.encode(value), 'unencodable');
    assert.equal(Buffer.from(json.encode({ a: 5n, b: [-(2n ** 100n)] })).toString(), '{"a":5,"b":[-1267650600228229401496703205376]}');
  });
});

describe('text and raw', () => {
  it('property: text is itself, or refused where it is not UTF-8', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        try {
          assert.deepEqual(Uint8Array.from(text.encode(text.decode(bytes))), bytes);
        } catch (error) {
          assert.ok(error instanceof Failure && error.code === 'undecodable');
        }
      })
    );
    assert.deepEqual(Uint8Array.from(text.encode(text.decode(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61)))), Uint8Array.of(0xef, 0xbb, 0xbf, 0x61));
  });

  it('encodes texts and numbers, and bytes where they are raw', () => {
    assert.deepEqual(Uint8Array.from(text.encode(1.5)), utf8('1.5'));
    for (const value of [null, {}, Uint8Array.of(1), '\ud800']) fails(() => text.encode(value), 'unencodable');
    const bytes = Uint8Array.of(0xff);
    assert.equal(raw.decode(bytes), bytes);
    assert.equal(raw.encode(bytes), bytes);
    assert.deepEqual(Uint8Array.from(raw.encode('a')), utf8('a'));
    for (const value of [null, 1, {}]) fails(() => raw.encode(value), 'unencodable');
  });
});

describe('schemas', () => {
  it('takes draft-07 and 2020-12, and no other', () => {
    const schema = { type: 'object', properties: { a: { type: 'string', format: 'date-time' } } };
    for (const $schema of ['http://json-schema.org/draft-07/schema#', 'https://json-schema.org/draft/2020-12/schema']) {
      const validate = compileSchema({ $schema, ...schema });
      assert.equal(validate({ a: '2024-01-01T00:00:00Z' }), null);
      assert.match(validate({ a: 'x' }) ?? '', /^\/a must match format "date-time", found "x"$/);
    }
    assert.equal(compileSchema({ $schema: 'https://json-schema.org/draft/2020-12/schema', prefixItems: [{ type: 'number' }] })([1]), null);
    for (const bad of [5, null, [], { $schema: 'http://json-schema.org/draft-04/schema#' }, { type: 'nothing' }, { $ref: '#/nowhere' }]) assert.throws(() => compileSchema(bad));
  });

  it('says what is wrong in at most 200 characters, never with the whole value', () => {
    const validate = compileSchema({ type: 'object', additionalProperties: false, properties: { a: { type: 'number' }, l: { maxItems: 0 } } });
    const long = 'x'.repeat(5000);
    for (const value of [{ a: long }, { [long]: 1 }, long, { l: [1, 2] }, [1]]) assert.ok((validate(value) ?? '').length <= 200);
    assert.equal(validate('secret'), 'value must be object, found a string');
    assert.equal(validate({ l: [1, 2] }), '/l must NOT have more than 0 items, found an array of 2');
  });

  it('survives a recursive schema on a deep value', () => {
    const validate = compileSchema({ $ref: '#/definitions/n', definitions: { n: { type: 'array', items: { $ref: '#/definitions/n' } } } });
    let deep: unknown[] = [];
    for (let i = 0; i < 100_000; i++) deep = [deep];
    assert.match(validate(deep) ?? '', /too deeply/);
  });

  it('is checked when a value is decoded', () => {
    const codec = jsonCodec(compileSchema({ required: ['a'] }));
    assert.deepEqual(codec.decode(utf8('{"a":1}')), { a: 1 });
    fails(() => codec.decode(utf8('{}')), 'schema_violation');
    assert.equal(codec.id, json.id);
  });
});
