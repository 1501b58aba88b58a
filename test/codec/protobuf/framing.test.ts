import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Failure } from '../../../actors/failure.ts';
import { protobufFormat } from '../../../src/codec/protobuf/format.ts';
import type { SchemaText } from '../../../src/codec/registry/schema-text.ts';

const text = `syntax = "proto3"; package p;
  message First { string a = 1; map<string, Inner> m = 2; message Inner { int32 x = 1; message Deep { int32 y = 1; } } message Other { int32 z = 1; } }
  message Second { string b = 1; message Third { string c = 1; } }`;
const schema: SchemaText = { text, references: [] };
const reader = protobufFormat({ long: 'auto', message: null, framing: true }).reader(schema);
const write = (message: string | null, value: unknown): string => Buffer.from(protobufFormat({ long: 'auto', message, framing: true }).writer(schema).write(value)).toString('hex');
const read = (hex: string): unknown => reader.read(Buffer.from(hex, 'hex'));

describe("Confluent's message indexes", () => {
  // Count and indexes are zig-zag varints; [0] alone is short for [1, 0].
  const cases: [message: string | null, value: object, prefix: string, payload: string][] = [
    [null, { a: 'x', m: {} }, '00', '0a0178'],
    ['p.First', { a: 'x', m: {} }, '00', '0a0178'],
    ['p.Second', { b: 'x' }, '0202', '0a0178'],
    ['p.Second.Third', { c: 'x' }, '040200', '0a0178'],
    ['p.First.Inner', { x: 1 }, '040000', '0801'],
    ['p.First.Inner.Deep', { y: 1 }, '06000000', '0801'],
    ['p.First.Other', { z: 1 }, '040002', '0801']
  ];
  for (const [message, value, prefix, payload] of cases) {
    it(`choose ${message ?? 'the first message'}`, () => {
      assert.equal(write(message, value), prefix + payload);
      assert.deepEqual(read(prefix + payload), value);
    });
  }

  it('may be long, and may count the entries of maps as descriptors do', () => {
    assert.deepEqual(read('02000a0178'), { a: 'x', m: {} });
    assert.deepEqual(read('0400040801'), { z: 1 });
  });

  it('are refused where they name no message', () => {
    for (const hex of ['', '02', '0206', '0201', '04000c', '01', 'ffffffff0f', 'ffffffffffff', '0480', '0c000000000000', 'ca01']) {
      assert.throws(() => read(hex), (error: unknown) => error instanceof Failure && error.code === 'undecodable', hex);
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => {
        try {
          reader.read(bytes);
        } catch (error) {
          assert.ok(error instanceof Failure && error.code === 'undecodable');
        }
      })
    );
  });

  it('name a message of the schema itself, not of a file that it imports', () => {
    const outer = { text: 'syntax = "proto3"; import "p.proto"; message Outer { p.First first = 1; }', references: [{ name: 'p.proto', schema }] };
    const format = protobufFormat({ long: 'auto', message: 'p.First', framing: true });
    assert.throws(() => format.writer(outer), (error: unknown) => error instanceof Failure && error.code === 'schema_unusable' && error.message.includes("schema's own file"));
    assert.deepEqual(protobufFormat({ long: 'auto', message: null, framing: true }).reader(outer).read(Buffer.from('000a030a0178', 'hex')), { first: { a: 'x', m: {} } });
  });

  it('are not there without framing', () => {
    const format = protobufFormat({ long: 'auto', message: 'p.Second', framing: false });
    assert.equal(Buffer.from(format.writer(schema).write({ b: 'x' })).toString('hex'), '0a0178');
    assert.deepEqual(format.reader(schema).read(Buffer.from('0a0178', 'hex')), { b: 'x' });
    assert.throws(() => protobufFormat({ long: 'auto', message: 'p.Nope', framing: false }).reader(schema), (error: unknown) => error instanceof Failure && error.code === 'schema_unusable');
  });
});
