import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { deleted, dropped } from '../../actors/codec.ts';
import { Failure } from '../../actors/failure.ts';
import { avroFormat } from '../../src/codec/avro/format.ts';
import { debeziumReader } from '../../src/codec/debezium.ts';
import { FramedReader } from '../../src/codec/framed-reader.ts';
import { FramedWriter } from '../../src/codec/framed-writer.ts';
import { jsonCodec } from '../../src/codec/json.ts';
import { MemoryRegistry } from '../../src/testing/memory-registry.ts';

/*
 * Change events as the connectors of Debezium 2.x and 3.x write them: the shapes of https://debezium.io/documentation/reference/stable/connectors/
 * (mysql, postgresql, mongodb), with data of our own.
 */

const source = { version: '3.0.0.Final', connector: 'mysql', name: 'mysql-server-1', ts_ms: 1465581029100, snapshot: 'false', db: 'inventory', table: 'customers', server_id: 223344, gtid: null, file: 'mysql-bin.000003', pos: 484, row: 0, thread: 7 };
const [old, row] = [{ id: 1004, first_name: 'Ada', email: 'ada@old.example' }, { id: 1004, first_name: 'Ada', email: 'ada@new.example' }];
const mysql = {
  create: { before: null, after: row, source, op: 'c', ts_ms: 1486500577125, transaction: null },
  update: { before: old, after: row, source, op: 'u', ts_ms: 1486500577691, transaction: null },
  remove: { before: row, after: null, source, op: 'd', ts_ms: 1486500577000, transaction: null },
  snapshot: { before: null, after: row, source: { ...source, snapshot: 'true' }, op: 'r', ts_ms: 1486500577691 },
  truncate: { source, op: 't', ts_ms: 1486500577691 }
};
const message = { source: { ...source, connector: 'postgresql' }, op: 'm', ts_ms: 1559033904863, message: { prefix: 'foo', content: 'Ymfy' } };
const mongo = { before: null, after: '{"_id": {"$oid": "596e275826f08b2730779e1f"},"name": "Ada","views": {"$numberLong": "9223372036854775807"},"n": 9007199254740993}', updateDescription: { removedFields: ['a'], updatedFields: '{"name": "Ada"}' }, source: { connector: 'mongodb', collection: 'customers' }, op: 'u', ts_ms: 1558965515240 };

const reader = (deletes: 'tombstone' | 'drop' | 'before' = 'tombstone') => debeziumReader({ deletes, inner: jsonCodec(null, { long: 'auto' }) });
const read = (event: unknown, deletes?: 'tombstone' | 'drop' | 'before'): unknown => reader(deletes).decode(Buffer.from(typeof event === 'string' ? event : JSON.stringify(event)), []);

describe('change events', () => {
  for (const [kind, wrap] of [['without a schema', (event: object) => event], ['with a schema', (event: object) => ({ schema: { type: 'struct', fields: [], name: 'mysql-server-1.inventory.customers.Envelope' }, payload: event })]] as const) {
    it(`are the row after the change, ${kind}`, () => {
      for (const event of [mysql.create, mysql.update, mysql.snapshot]) assert.deepEqual(read(wrap(event)), row);
    });

    it(`that delete are what deletes says, ${kind}`, () => {
      assert.equal(read(wrap(mysql.remove)), deleted);
      assert.equal(read(wrap(mysql.remove), 'drop'), dropped);
      assert.deepEqual(read(wrap(mysql.remove), 'before'), { ...row, __deleted: true });
      assert.deepEqual(read(wrap({ ...mysql.remove, before: null }), 'before'), { __deleted: true });
    });

    it(`without a row are left out, ${kind}`, () => {
      for (const event of [mysql.truncate, message]) assert.equal(read(wrap(event)), dropped);
    });
  }

  it('of MongoDB have their document, which is JSON in a text', () => {
    assert.deepEqual(read(mongo), { _id: { $oid: '596e275826f08b2730779e1f' }, name: 'Ada', views: { $numberLong: '9223372036854775807' }, n: 9007199254740993n });
    assert.deepEqual(read({ ...mongo, before: mongo.after, after: null, op: 'd' }, 'before'), { _id: { $oid: '596e275826f08b2730779e1f' }, name: 'Ada', views: { $numberLong: '9223372036854775807' }, n: 9007199254740993n, __deleted: true });
    assert.throws(() => read({ ...mongo, after: '{' }), Failure);
  });

  it('have decimal and temporal types as the connector writes them', () => {
    const after = { id: 1, price: 'AfQ=', at: 1486500577125000, day: 17000, free: { scale: 2, value: 'AQ==' } };
    assert.deepEqual(read({ ...mysql.create, after }), after);
  });

  it('keep the exact integers of the database, and names such as __proto__', () => {
    const value = read('{"before":null,"after":{"id":9007199254740993,"__proto__":{"x":1}},"op":"c"}') as Record<string, unknown>;
    assert.equal(value['id'], 9007199254740993n);
    assert.equal(value['x'], undefined);
    const before = read('{"before":{"__proto__":{"x":1},"id":1},"after":null,"op":"d"}', 'before') as Record<string, unknown>;
    assert.equal(before['x'], undefined);
  });

  it('are told apart by what their reader does, and never written again as they are', () => {
    assert.equal(new Set((['tombstone', 'drop', 'before'] as const).map((deletes) => reader(deletes).id)).size, 3);
    assert.equal(reader().unwraps, true);
    assert.equal(reader().exotic, true);
  });

  it('that are none are undecodable', () => {
    for (const event of ['', '{', '[]', 'null', '5', '"c"', '{}', '{"op":1}', '{"op":"x","after":{}}', '{"payload":null}', '{"payload":{"op":"c"}}', '{"op":"c"}', '{"op":"u","before":{}}', row]) {
      assert.throws(() => read(event), (error: unknown) => error instanceof Failure && error.code === 'undecodable' && !error.message.includes('ada@'), JSON.stringify(event));
    }
    fc.assert(
      fc.property(fc.uint8Array(), fc.jsonValue(), fc.constantFrom('c', 'u', 'd', 'r', 't', 'm', 'z'), (bytes, value, op) => {
        for (const input of [bytes, Buffer.from(JSON.stringify({ op, after: value, before: value })), Buffer.from(JSON.stringify({ payload: value }))]) {
          try {
            reader('before').decode(input, []);
          } catch (error) {
            assert.ok(error instanceof Failure && error.code === 'undecodable');
          }
        }
      })
    );
  });
});

describe('change events as Avro', () => {
  it('of a registry are read by the schema of each', async () => {
    const registry = new MemoryRegistry({ urls: [], auth: null, tls: null, cache: 10 });
    const rowType = { type: 'record', name: 'Value', fields: [{ name: 'id', type: 'long' }, { name: 'name', type: 'string' }] };
    const schema = { text: JSON.stringify({ type: 'record', name: 'Envelope', fields: [{ name: 'before', type: ['null', rowType] }, { name: 'after', type: ['null', 'Value'] }, { name: 'op', type: 'string' }] }), references: [] };
    const format = avroFormat({ long: 'auto', logicalTypes: 'text', readAs: null });
    const writer = new FramedWriter({ format, client: registry, part: 'value', framing: 'confluent', schema: { text: schema, writer: format.writer(schema) }, subject: 'topic', autoRegister: true });
    const codec = debeziumReader({ deletes: 'tombstone', inner: new FramedReader({ format, client: registry, part: 'value', framing: 'confluent', readAs: null, exotic: true }) });
    await writer.beforeEncode('changes');
    const read = async (event: object): Promise<unknown> => {
      const bytes = writer.encode(event, { topic: 'changes', header: () => undefined });
      await codec.beforeDecode?.(bytes, []);
      return codec.decode(bytes, []);
    };
    assert.deepEqual(await read({ op: 'u', before: null, after: { id: 2n ** 60n, name: 'x' } }), { id: 2n ** 60n, name: 'x' });
    assert.equal(await read({ op: 'd', before: { id: 1, name: 'x' }, after: null }), deleted);
  });
});
