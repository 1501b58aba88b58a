import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Failure } from '../../../actors/failure.ts';
import { maxDepth } from '../../../src/codec/protobuf/cursor.ts';
import { protobufFormat } from '../../../src/codec/protobuf/format.ts';
import { readProtobuf } from '../../../src/codec/protobuf/source.ts';

const { cases } = JSON.parse(readFileSync('test/golden/protobuf/cases.json', 'utf8')) as { cases: { message: string; hex: string }[] };
const schemas = Object.fromEntries(['scalars3', 'legacy2', 'edition2023', 'delimited2023'].map((name) => [name, readProtobuf({ path: `test/golden/protobuf/${name}.proto`, imports: [], message: null })]));
const scopes: readonly (readonly [prefix: string, file: string])[] = [['golden.legacy.', 'legacy2'], ['golden.edition.', 'edition2023'], ['golden.delimited.', 'delimited2023'], ['golden.', 'scalars3']];
const readers = new Map([...new Set(cases.map(({ message }) => message))].map((message) => {
  const file = scopes.find(([prefix]) => message.startsWith(prefix))?.[1] as string;
  return [message, protobufFormat({ long: 'auto', message, framing: false }).reader(schemas[file]!)] as const;
}));
const framed = protobufFormat({ long: 'number', message: null, framing: true }).reader(schemas['scalars3']!);
const before = Object.getOwnPropertyNames(Object.prototype).join();

/** A value, or a failure that says so: nothing else. */
function survives(read: () => unknown): void {
  try {
    JSON.stringify(read(), (_key, field: unknown) => (typeof field === 'bigint' ? String(field) : field));
  } catch (error) {
    assert.ok(error instanceof Failure && error.code === 'undecodable', String(error));
    assert.ok(error.message.length < 400);
  }
  assert.equal(Object.getOwnPropertyNames(Object.prototype).join(), before);
}

function refused(message: string, bytes: Uint8Array): string {
  let text = '';
  assert.throws(() => readers.get(message)!.read(bytes), (error: unknown) => {
    if (!(error instanceof Failure)) return false;
    text = error.message;
    return error.code === 'undecodable';
  });
  return text;
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value % 0x80) | 0x80, ...varint(Math.floor(value / 0x80))];
}
/** A field with a length, around some bytes. */
const around = (tag: number, content: Uint8Array): Uint8Array => Buffer.concat([Buffer.from([...varint(tag), ...varint(content.length)]), content]);

describe('bytes that are no message', () => {
  it('property: any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        for (const reader of readers.values()) survives(() => reader.read(bytes));
        survives(() => framed.read(bytes));
      }),
      { numRuns: 1000 }
    );
  });

  it('messages cut off at every place', () => {
    for (const { message, hex } of cases) {
      const bytes = Buffer.from(hex, 'hex').subarray(0, 400);
      for (let end = 0; end < bytes.length; end++) survives(() => readers.get(message)!.read(bytes.subarray(0, end)));
    }
    assert.match(refused('golden.Scalars', Buffer.from('7203', 'hex')), /^golden\.Scalars: expected a whole message, found its end in the middle of a field$/);
  });

  it('property: messages with some bits turned', () => {
    const some = fc.constantFrom(...cases.filter(({ hex }) => hex.length > 0 && hex.length < 2000));
    fc.assert(
      fc.property(some, fc.array(fc.tuple(fc.nat(), fc.nat({ max: 7 })), { minLength: 1, maxLength: 4 }), ({ message, hex }, flips) => {
        const bytes = Buffer.from(hex, 'hex');
        for (const [at, bit] of flips) bytes[at % bytes.length]! ^= 1 << bit;
        survives(() => readers.get(message)!.read(bytes));
      }),
      { numRuns: 5000 }
    );
  });

  it('each kind of mistake, and where it is', () => {
    assert.match(refused('golden.Scalars', Buffer.from('00', 'hex')), /expected the number of a field, found 0/);
    assert.match(refused('golden.Scalars', Buffer.from('0f', 'hex')), /found wire type 7/);
    assert.match(refused('golden.Scalars', Buffer.from('0c', 'hex')), /found wire type 4/);
    assert.match(refused('golden.Scalars', Buffer.from('18ffffffffffffffffffff01', 'hex')), /at most ten bytes/);
    assert.match(refused('golden.Scalars', Buffer.from('f2808080100161', 'hex')), /whole message/, 'a tag of more than 32 bits');
    assert.match(refused('golden.Node', Buffer.from('12818080801061', 'hex')), /whole message/, 'a length of more than 32 bits');
    assert.match(refused('golden.Scalars', Buffer.from('0a', 'hex')), /whole message/, 'a length that is not there, of a field that the schema has as another type');
    assert.match(refused('golden.Node', Buffer.from('12020a030a03616263', 'hex')), /^golden\.Node at next: .*whole message/, 'a text longer than the message that it is in');
    assert.match(refused('golden.Lists', Buffer.from('0a01ff01', 'hex')), /whole message/, 'an element longer than its packed list');
    assert.match(refused('golden.Scalars', Buffer.from('7202c328', 'hex')), /not UTF-8/);
    assert.match(refused('golden.Node', Buffer.from('120412020aff', 'hex')), /^golden\.Node at next\.next: /);
    assert.match(refused('golden.Node', Buffer.from('1a000a0161' + '1a020a05', 'hex')), /^golden\.Node at children\.1: /);
    assert.match(refused('golden.Maps', Buffer.from('0a040a016110', 'hex')), /^golden\.Maps at by_string: /);
    assert.match(refused('golden.legacy.Old', Buffer.alloc(0)), /expected the required field id, found none/);
    assert.match(refused('golden.legacy.Old', Buffer.from('0a0033', 'hex')), /a whole message/);
    assert.match(refused('golden.legacy.Old', Buffer.from('0a00333c', 'hex')), /expected the end of group 6, found that of 7/);
    assert.match(refused('golden.WellKnown', Buffer.from('0a0708ffffffffff7f', 'hex')), /at at: expected a time in the years 1 to 9999/);
    assert.match(refused('golden.WellKnown', Buffer.from('1204080110ff', 'hex')), /whole message/);
  });
});

describe('bytes that would be large or deep', () => {
  it('messages, groups and values nested deeper than Google reads are refused; as deep as that they are not', () => {
    let message: Uint8Array = Buffer.alloc(0);
    for (let level = 1; level < maxDepth; level++) message = around(0x12, message);
    readers.get('golden.Node')!.read(message);
    assert.match(refused('golden.Node', around(0x12, message)), /nested at most 100 levels/);
    for (let level = 0; level < 20_000; level++) message = around(0x12, message);
    assert.match(refused('golden.Node', message), /nested at most 100 levels/);
    assert.match(refused('golden.Node', Buffer.alloc(1024 * 1024, 0xa3)), /nested|whole|ten bytes/);
    assert.match(refused('golden.delimited.All', Buffer.alloc(1024 * 1024, 0x0b)), /nested at most 100 levels/);
    assert.match(refused('golden.Scalars', Buffer.alloc(1024 * 1024, 0x0b)), /nested at most 100 levels/);
    let list: Uint8Array = Buffer.alloc(0);
    for (let level = 0; level < 5000; level++) list = around(0x32, around(0x0a, list));
    assert.match(refused('golden.WellKnown', around(0x22, list)), /nested at most 100 levels/);
  });

  it('a length that there are no bytes for takes no memory', () => {
    for (const hex of ['0affffffff0f', '0affffffffffffffffff01', '52ffffffff07', '32ffffff7f', '42ffffffff0f']) {
      for (const message of ['golden.Lists', 'golden.Maps', 'golden.WellKnown']) survives(() => readers.get(message)!.read(Buffer.from(hex, 'hex')));
    }
    refused('golden.Lists', Buffer.from('0affffffff0f', 'hex'));
  });

  it('a mebibyte of the smallest elements is read', () => {
    const size = 1024 * 1024;
    const packed = readers.get('golden.Lists')!.read(around(0x0a, Buffer.alloc(size, 1))) as { int32s: number[] };
    assert.equal(packed.int32s.length, size);
    const children = readers.get('golden.Node')!.read(Buffer.concat(Array.from({ length: size / 8 }, () => Buffer.from('1a00', 'hex')))) as { children: unknown[] };
    assert.equal(children.children.length, size / 8);
    const entries = readers.get('golden.Maps')!.read(Buffer.concat(Array.from({ length: size / 8 }, () => Buffer.from('0a00', 'hex')))) as { by_string: object };
    assert.deepEqual(entries.by_string, { '': 0 });
  });

  it('a message in very many parts is read, and in parts of parts as far as four times its bytes are enough', () => {
    const parts = Buffer.concat(Array.from({ length: 100_000 }, () => Buffer.from('12020801'.replace('0801', '2001'), 'hex')));
    assert.deepEqual(readers.get('golden.Node')!.read(parts), { name: '', count: 0, children: [], next: { name: '', count: 1, children: [] } });
    let nested: Uint8Array = Buffer.alloc(100_000, 0x20);
    for (let level = 0; level < 90; level++) nested = Buffer.concat([Buffer.from('1200', 'hex'), around(0x12, nested)]);
    assert.match(refused('golden.Node', nested), /expected each message once, found too much of it in parts/);
    const flipping = Buffer.concat(Array.from({ length: 50_000 }, () => Buffer.from('220022001001', 'hex')));
    assert.deepEqual(readers.get('golden.Choice')!.read(flipping), { before: '', after: 0, number: 1 });
  });

  it('Any in Any without end is refused', () => {
    const url = Buffer.from('type.googleapis.com/google.protobuf.Any');
    let any: Uint8Array = Buffer.alloc(0);
    for (let level = 0; level < 2000; level++) any = Buffer.concat([around(0x0a, url), around(0x12, any)]);
    assert.match(refused('golden.WellKnown', around(0x3a, any)), /nested at most 100 levels/);
    const wide = Buffer.concat(Array.from({ length: 20_000 }, () => around(0xa2, Buffer.concat([around(0x0a, url), around(0x12, Buffer.alloc(0))]))));
    survives(() => readers.get('golden.WellKnown')!.read(wide));
  });
});
