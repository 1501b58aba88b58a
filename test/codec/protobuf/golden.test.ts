import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { protobufFormat } from '../../../src/codec/protobuf/format.ts';
import { readProtobuf } from '../../../src/codec/protobuf/source.ts';

/*
 * What Google's own programs make of values and of bytes (test/golden/protobuf/make.py), from .proto files and from protoc's descriptors.
 */

interface Case {
  readonly name: string;
  readonly message: string;
  readonly value: unknown;
  readonly hex: string;
}
const folder = 'test/golden/protobuf';
// Google's printer shortens a float to the digits that tell it from other floats; as a number it is the one that its 32 bits are.
const floats = new Set(['a_float', 'w_float']);
const { cases, reads } = JSON.parse(readFileSync(`${folder}/cases.json`, 'utf8'), (key, value: unknown) => (floats.has(key) && typeof value === 'number' ? Math.fround(value) : value)) as { cases: Case[]; reads: Case[] };
const files = { 'golden.legacy': 'legacy2', 'golden.edition': 'edition2023', 'golden.delimited': 'delimited2023', golden: 'scalars3' };

for (const kind of ['text', 'descriptors'] as const) {
  describe(`protobuf from ${kind} agrees with Google's`, () => {
    const reader = cached((message) => formatOf(message).reader(schemaOf(kind, message)));
    const writer = cached((message) => formatOf(message).writer(schemaOf(kind, message)));

    for (const { name, message, value, hex } of cases) {
      it(`reads and writes: ${name}`, () => {
        const read = reader(message).read(Buffer.from(hex, 'hex'));
        assert.deepEqual(asJson(read), value);
        assert.equal(Buffer.from(writer(message).write(read)).toString('hex'), hex);
        assert.equal(Buffer.from(writer(message).write(value)).toString('hex'), hex);
      });
    }

    for (const { name, message, value, hex } of reads) {
      it(`reads: ${name}`, () => { assert.deepEqual(asJson(reader(message).read(Buffer.from(hex, 'hex'))), value); });
    }
  });
}

function formatOf(message: string) {
  return protobufFormat({ long: 'string', message, framing: false });
}

function schemaOf(kind: 'text' | 'descriptors', message: string) {
  if (kind === 'descriptors') return readProtobuf({ path: `${folder}/descriptors.binpb`, imports: [], message });
  const file = Object.entries(files).find(([scope]) => message.startsWith(`${scope}.`))?.[1];
  return readProtobuf({ path: `${folder}/${file}.proto`, imports: [], message: null });
}

function cached<T>(make: (message: string) => T): (message: string) => T {
  const made = new Map<string, T>();
  return (message) => {
    const found = made.get(message) ?? make(message);
    made.set(message, found);
    return found;
  };
}

/** As JSON has it: numbers that it has not are texts there. */
function asJson(value: unknown): unknown {
  const text = JSON.stringify(value, (_key, field: unknown) => (typeof field === 'number' && !Number.isFinite(field) ? String(field) : Object.is(field, -0) ? '-0' : field));
  return JSON.parse(text, (_key, field: unknown) => (field === '-0' ? -0 : field));
}
