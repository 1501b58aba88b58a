import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { readerCodec, writerCodec } from '../../actors/codec-options.ts';
import type { Part } from '../../actors/codec.ts';
import type { Header } from '../../actors/record.ts';
import { createReader } from '../../src/codec/create-reader.ts';
import { createWriter } from '../../src/codec/create-writer.ts';
import type { Registry } from '../../src/codec/registry/registry.ts';
import { compileSchema } from '../../src/codec/schema.ts';
import type { CodecServices } from '../../src/codec/services.ts';
import { MemoryRegistry } from '../../src/testing/memory-registry.ts';
import { emptyFolder } from '../support/scratch.ts';

/* Every codec with every framing, both ways, for values and for keys, as a topology names it. The table of the reference cites these tests by name. */

const folder = emptyFolder();
const files = {
  'order.avsc': '{"type":"record","name":"Order","fields":[{"name":"id","type":"long"},{"name":"name","type":"string"}]}',
  'order.proto': 'syntax = "proto3"; package shop; message Other { string x = 1; } message Order { int64 id = 1; string name = 2; }',
  'order.json': '{"type":"object","required":["id","name"],"properties":{"id":{"type":"integer"}}}'
};
for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);

const order = { id: 7, name: 'ann' };

/** What a topology with a registry, or none, hands to codecs; a mistake fails the test. */
function services(registry: Registry | null): CodecServices {
  const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
  return {
    registry,
    path: (file) => join(folder, file),
    read,
    names: () => undefined,
    validator: (file) => compileSchema(JSON.parse(read(file))),
    problem: (at, code, message) => assert.fail(`${at.join('.')}: ${code}: ${message}`)
  };
}

interface Written {
  readonly bytes: Uint8Array;
  readonly headers: readonly Header[];
}

/** Written as a sink does it, and read as a source does. */
async function thereAndBack(write: object, read: object, value: unknown, part: Part, registry: Registry | null): Promise<Written & { readonly value: unknown }> {
  const writer = createWriter(writerCodec().parse(write), [], part, services(registry));
  const reader = createReader(readerCodec().parse(read), [], part, services(registry));
  const headers: Header[] = [];
  await writer.beforeEncode?.('orders');
  const bytes = writer.encode(value, { topic: 'orders', header: (name, content) => { headers.push([name, content]); } });
  await reader.beforeDecode?.(bytes, headers);
  return { bytes, headers, value: reader.decode(bytes, headers) };
}

const formats = [
  { type: 'avro', schema: 'order.avsc', reader: {}, plain: Buffer.from('0e06616e6e', 'hex'), prefix: '' },
  { type: 'protobuf', schema: 'order.proto', reader: {}, plain: Buffer.from('08071203616e6e', 'hex'), prefix: '0202' },
  { type: 'json', schema: 'order.json', reader: {}, plain: Buffer.from('{"id":7,"name":"ann"}'), prefix: '' }
];

describe('codecs with schemas', () => {
  for (const { type, schema, plain, prefix } of formats) {
    const message = type === 'protobuf' ? { message: 'shop.Order' } : {};
    for (const part of ['value', 'key'] as const) {
      it(`${type} ${part}, framing none: written and read with the schema of a file`, async () => {
        const { bytes, headers, value } = await thereAndBack({ type, schema, ...message }, { type, schema, ...message }, order, part, null);
        assert.deepEqual([Buffer.from(bytes), headers, value], [plain, [], order]);
      });

      it(`${type} ${part}, framing confluent: the id is before the payload`, async () => {
        const registry = new MemoryRegistry({ urls: [], auth: null, tls: null, cache: 10 });
        const { bytes, headers, value } = await thereAndBack({ type, schema, framing: 'confluent', ...message }, { type, framing: 'confluent' }, order, part, registry);
        assert.deepEqual([Buffer.from(bytes), headers, value], [Buffer.concat([Buffer.from(`0000000001${prefix}`, 'hex'), plain]), [], order]);
        assert.deepEqual(await registry.subjectsOf(1), [`orders-${part}`]);
      });

      it(`${type} ${part}, framing header: the GUID is in a header`, async () => {
        const registry = new MemoryRegistry({ urls: [], auth: null, tls: null, cache: 10 });
        const { bytes, headers, value } = await thereAndBack({ type, schema, framing: 'header', ...message }, { type, framing: 'header' }, order, part, registry);
        assert.deepEqual([Buffer.from(bytes), value], [plain, order]);
        const [[name, content], ...others] = headers as [[string, Uint8Array], ...Header[]];
        assert.deepEqual([name, content[0], Buffer.from(content.subarray(17)).toString('hex'), others], [`__${part}_schema_id`, 1, prefix, []]);
      });
    }
  }
});

describe('codecs without schemas', () => {
  const cases = [
    { type: 'json', write: 'json', read: 'json', value: order, bytes: '{"id":7,"name":"ann"}' },
    { type: 'text', write: 'text', read: 'text', value: 'ä', bytes: 'ä' },
    { type: 'raw', write: 'raw', read: 'raw', value: Buffer.from([0, 255]), bytes: Buffer.from([0, 255]) },
    { type: 'csv', write: { type: 'csv', columns: ['id', 'name'] }, read: { type: 'csv', columns: { id: 'integer', name: 'string' } }, value: order, bytes: '7,ann' },
    { type: 'cloudevents structured', write: 'cloudevents', read: 'cloudevents', value: { specversion: '1.0', id: '1', source: '/a', type: 't', data: order }, bytes: '{"specversion":"1.0","id":"1","source":"/a","type":"t","data":{"id":7,"name":"ann"}}' },
    { type: 'cloudevents binary', write: { type: 'cloudevents', mode: 'binary' }, read: 'cloudevents', value: { specversion: '1.0', id: '1', source: '/a', type: 't', datacontenttype: 'application/json', data: order }, bytes: '{"id":7,"name":"ann"}' }
  ];
  for (const { type, write, read, value, bytes } of cases) {
    for (const part of type.startsWith('cloudevents') ? (['value'] as const) : (['value', 'key'] as const)) {
      it(`${type} ${part}: written and read`, async () => {
        const there = await thereAndBack(write as object, read as object, value, part, null);
        assert.deepEqual([Buffer.from(there.bytes), there.value], [Buffer.from(bytes as string), value]);
      });
    }
  }
});
