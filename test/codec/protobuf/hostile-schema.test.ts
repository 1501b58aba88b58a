import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Failure } from '../../../actors/failure.ts';
import { protobufFormat } from '../../../src/codec/protobuf/format.ts';
import { loadSchema, maxSchemaBytes } from '../../../src/codec/protobuf/load.ts';
import type { SchemaText } from '../../../src/codec/registry/schema-text.ts';

const format = protobufFormat({ long: 'auto', message: null, framing: false });
const alone = (text: string): SchemaText => ({ text, references: [] });
const room = maxSchemaBytes - 200;

/** `part` for 0, 1, 2, … until there are some 1 MiB of them. */
function full(part: (n: number) => string, size = room): string {
  const parts: string[] = [];
  for (let length = 0, n = 0; length < size; n++) length += parts[parts.push(part(n)) - 1]?.length ?? 0;
  return parts.slice(0, -1).join('');
}

function refused(text: string, references: SchemaText['references'] = []): string {
  let message = '';
  assert.throws(() => format.reader({ text, references }), (error: unknown) => {
    if (!(error instanceof Failure)) return false;
    message = error.message;
    return error.code === 'schema_unusable';
  });
  return message;
}

describe('large schemas are taken', () => {
  const large: Record<string, string> = {
    'one message of all the fields': `syntax = "proto3"; message A {${full((n) => `int32 a${n}=${n < 18_999 ? n + 1 : n + 1001};`)}}`,
    'one oneof of all the fields': `syntax = "proto3"; message A { oneof o {${full((n) => `int32 a${n}=${n + 1};`)}} }`,
    'very many messages': `syntax = "proto3"; ${full((n) => `message A${n}{}`)}`,
    'one enum of all the values': `syntax = "proto3"; enum E {${full((n) => `A${n}=${n};`)}} message A { E e = 1; }`,
    'very many extensions': `syntax = "proto2"; message A { extensions 1 to max; } ${full((n) => `extend A { optional int32 a${n} = ${n + 1}; }`)}`,
    'very many maps': `syntax = "proto3"; message A {${full((n) => `map<string,A> a${n}=${n + 1};`)}}`,
    'very many uses of one message, nested deep': `syntax = "proto3"; message B {} ${Array.from({ length: 90 }, (_, n) => `message A${n}{`).join('')}${full((n) => `B b${n}=${n + 1};`, room - 1500)}${'}'.repeat(90)}`,
    'comments alone': `/**/`.repeat(room / 4) + 'message A {}',
    'options alone': `${full((n) => `option (a${n}) = { b: [1, { c: "d" }] };`)} message A {}`,
    'services alone': `${full((n) => `service S${n} { rpc A(B) returns (C) { option (x) = {}; } }`)} message A {}`
  };
  for (const [name, text] of Object.entries(large)) {
    it(name, () => { assert.ok(loadSchema(alone(text)).messages.length > 0); });
  }
});

describe('schemas that are none are refused, soon', () => {
  const bad: Record<string, string> = {
    'no message': 'syntax = "proto3";',
    'nothing at all': '',
    'too long': `${' '.repeat(maxSchemaBytes)}message A {}`,
    'messages nested without end': `syntax = "proto3"; ${'message A{'.repeat(90_000)}`,
    'groups nested without end': `message A{${'optional group A=1{'.repeat(50_000)}`,
    'options nested without end': `option (a) = ${'{a:'.repeat(300_000)}`,
    'lists nested without end': `option (a) = {b:${'['.repeat(900_000)}`,
    'comments without end': '/*'.repeat(room / 2),
    'a package without end': `package ${'a.'.repeat(room / 2)}b;`,
    'a type without end': `syntax = "proto3"; message A { ${'a.'.repeat(room / 2)}b c = 1; }`,
    'a text without end': `syntax = "${'a'.repeat(room)}`,
    'backslashes': `option a = "${'\\'.repeat(room)}`,
    'a name without end': 'a'.repeat(room),
    'a number without end': `syntax = "proto3"; message A { int32 a = ${'1'.repeat(room)}; }`,
    'a syntax nobody knows': 'syntax = "proto4"; message A {}',
    'an edition nobody knows': 'edition = "2099"; message A {}',
    'a field number twice': 'syntax = "proto3"; message A { int32 a = 1; int32 b = 1; }',
    'a field name twice': 'syntax = "proto3"; message A { int32 a = 1; int32 a = 2; }',
    'a message twice': 'syntax = "proto3"; message A {} message A {}',
    'a field number of zero': 'syntax = "proto3"; message A { int32 a = 0; }',
    'a type that is not there': 'syntax = "proto3"; import "other.proto"; message A { Other a = 1; }',
    'a map of doubles': 'syntax = "proto3"; message A { map<double, int32> a = 1; }',
    'a message set': 'message A { option message_set_wire_format = true; extensions 4 to max; }',
    'base64 of nothing useful': 'AAAA',
    'a descriptor that is cut off': Buffer.from('0a05612e7072', 'hex').toString('base64')
  };
  for (const [name, text] of Object.entries(bad)) {
    it(name, () => { assert.ok(refused(text).length < 400); });
  }

  it('says where', () => {
    assert.equal(refused('syntax = "proto3";\nmessage A {\n  int32 a 1;\n}'), 'the schema:3: expected =, found "1"');
    assert.match(refused('syntax = "proto3"; message A { Other o = 1; }'), /expected a definition of Other, which A uses/);
    assert.match(refused('syntax = "proto3"; message A {', [{ name: 'x.proto', schema: alone('') }]), /the schema:1: expected a field or }, found the end of the file/);
  });

  it('references without end or in a circle are read once', () => {
    const schema = { text: 'syntax = "proto3"; message A {}', references: [] as { name: string; schema: SchemaText }[] };
    const other = { text: 'syntax = "proto3"; import "o.proto"; message B { B b = 1; }', references: [] as { name: string; schema: SchemaText }[] };
    other.references.push({ name: 'o.proto', schema: other });
    schema.references.push({ name: 'o.proto', schema: other });
    assert.deepEqual(format.reader(schema).read(Buffer.alloc(0)), {});
  });
});

describe("Protobuf's own files", () => {
  it('stay as they are, whatever a schema brings under their names', () => {
    const own = (text: string) => ({ name: 'google/protobuf/any.proto', schema: alone(`syntax = "proto3"; package google.protobuf; ${text}`) });
    const text = 'syntax = "proto3"; import "google/protobuf/type.proto"; message A { google.protobuf.Option option = 1; }';
    const read = (references: SchemaText['references'], hex: string) => format.reader({ text, references }).read(Buffer.from(hex, 'hex'));
    assert.equal(JSON.stringify(read([], '0a0a12080a03782f79120101')), '{"option":{"name":"","value":{"@type":"x/y","value":"AQ=="}}}');
    assert.deepEqual(read([own('enum Any { NONE = 0; SOME = 1; }')], '0a021001'), { option: { name: '', value: 'SOME' } });
    assert.match(refused(text, [own('message Other {}')]), /expected a definition of \.google\.protobuf\.Any, which google\.protobuf\.Option uses/);
    assert.deepEqual(read([], '0a021200'), { option: { name: '', value: {} } });
  });
});

describe('names that every object has', () => {
  const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__'];

  it('are fields, messages, enums and values like any other', () => {
    const text = `syntax = "proto3"; option (__proto__).x = 1; option constructor = { prototype: { y: 2 } };
      message __proto__ { ${names.map((name, n) => `optional string ${name} = ${n + 1};`).join(' ')} repeated __proto__ list = 20; message constructor { enum toString { valueOf = 0; __proto__ = 1; } .__proto__.constructor.toString e = 1; } map<string, constructor> map = 21; }`;
    const [reader, writer] = [format.reader(alone(text)), format.writer(alone(text))];
    const value: unknown = JSON.parse(`{ ${names.map((name) => `"${name}": "x"`).join(',')}, "list": [{"toString": "y", "list": [], "map": {}}], "map": {"__proto__": {"e": "__proto__"}} }`);
    const read = reader.read(writer.write(value)) as object;
    assert.equal(JSON.stringify(sorted(read)), JSON.stringify(sorted(value)));
    assert.equal(Object.getPrototypeOf(read), Object.prototype);
    assert.deepEqual(reader.read(Buffer.alloc(0)), { list: [], map: {} });
    assert.equal(({} as Record<string, unknown>)['x'], undefined);
    for (const name of names) assert.throws(() => format.writer(alone('syntax = "proto3"; message A {}')).write(JSON.parse(`{"${name}": 1}`)), Failure);
  });

  it('property: whatever stands where a name does, prototypes stay as they are', () => {
    const before = Object.getOwnPropertyNames(Object.prototype).join();
    const token = fc.constantFrom('syntax', '=', '"proto3"', ';', 'message', 'A', '{', '}', 'int32', 'a', '1', '2', 'map', '<', '>', 'string', ',', 'oneof', 'group', 'repeated', 'optional', 'extend', 'extensions', 'to', 'max', '__proto__', 'constructor', '.', '[', ']', 'option', '(', ')', 'enum', 'reserved', 'import', 'package', '-', '"', "'", '/*', '//', '\n', 'features', 'default');
    fc.assert(
      fc.property(fc.array(token, { maxLength: 60 }), (tokens) => {
        for (const text of [tokens.join(' '), `syntax = "proto3"; message A { ${tokens.join(' ')} }`]) {
          try {
            format.reader(alone(text)).read(Buffer.alloc(0));
          } catch (error) {
            assert.ok(error instanceof Failure && (error.code === 'schema_unusable' || error.code === 'undecodable'), String(error));
          }
        }
      }),
      { numRuns: 2000 }
    );
    assert.equal(Object.getOwnPropertyNames(Object.prototype).join(), before);
  });
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, field]) => [key, sorted(field)]);
}
