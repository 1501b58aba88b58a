import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import type { Codec, Destination } from '../../actors/codec.ts';
import { Failure } from '../../actors/failure.ts';
import type { FailureCode } from '../../actors/failure.ts';
import type { Header } from '../../actors/record.ts';
import { FramedReader } from '../../src/codec/framed-reader.ts';
import { FramedWriter } from '../../src/codec/framed-writer.ts';
import type { FramedWriterSettings } from '../../src/codec/framed-writer.ts';
import type { SchemaFormat } from '../../src/codec/format.ts';
import { RegistryClient } from '../../src/codec/registry/client.ts';
import { fakeRegistry } from './registry/fake.ts';
import type { FakeRegistry } from './registry/fake.ts';

/** Text behind the text of the schema it was written with; a schema `other` cannot be read, `broken` not compiled. */
const format: SchemaFormat = {
  id: 'test',
  type: 'AVRO',
  reader({ text }) {
    if (text === 'other') throw new Failure('schema_incompatible', 'field a: expected int, found string');
    if (text === 'broken') throw new Failure('schema_unusable', 'no schema at all');
    return { read: (bytes) => `${text}:${Buffer.from(bytes).toString()}` };
  },
  writer: ({ text }) => ({ name: 'shop.Order', write: (value) => Buffer.from(`${text}:${String(value)}`) })
};

const guid = '01234567-89ab-cdef-0123-456789abcdef';

async function started(t: TestContext): Promise<{ fake: FakeRegistry; client: RegistryClient }> {
  const fake = await fakeRegistry();
  t.after(() => fake.close());
  return { fake, client: new RegistryClient(fake.settings, null, [1]) };
}

/** As a source does it. */
async function decode(codec: Codec, bytes: Uint8Array, headers: readonly Header[] = []): Promise<unknown> {
  await codec.beforeDecode?.(bytes, headers);
  return codec.decode(bytes, headers);
}

class To implements Destination {
  readonly topic: string;
  readonly headers: Header[] = [];

  constructor(topic: string) {
    this.topic = topic;
  }

  header(name: string, value: Uint8Array): void {
    this.headers.push([name, value]);
  }
}

function poison(code: FailureCode, message: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof Failure && error.code === code && message.test(error.message);
}

describe('records that name their schema', () => {
  const reader = (client: RegistryClient, framing: 'confluent' | 'header' = 'confluent'): FramedReader => new FramedReader({ format, client, part: 'value', framing, readAs: { label: 'order.avsc', text: { text: 's', references: [] }, id: () => Promise.resolve(3) }, exotic: true });
  const framed = (id: number, text: string): Buffer => Buffer.concat([Buffer.from([0, id >>> 24, (id >> 16) & 255, (id >> 8) & 255, id & 255]), Buffer.from(text)]);

  it('are read by it, got once', async (t) => {
    const { fake, client } = await started(t);
    fake.answer = (line) => ({ status: 200, body: { schema: `s${line.split('/').at(-1) ?? ''}` } });
    const codec = reader(client);
    assert.equal(await decode(codec, framed(7, 'one')), 's7:one');
    assert.equal(await decode(codec, framed(0xfffffffe, 'big')), 's4294967294:big');
    assert.equal(codec.beforeDecode(framed(7, 'two'), []), null);
    assert.equal(codec.decode(framed(7, 'two'), []), 's7:two');
    assert.equal(fake.asked.length, 2);
  });

  it('are read by the GUID in a header, before all', async (t) => {
    const { fake, client } = await started(t);
    fake.answer = (line) => ({ status: 200, body: { schema: line.endsWith(guid) ? 'g' : 'p' } });
    const value = Buffer.concat([Buffer.from([1]), Buffer.from(guid.replaceAll('-', ''), 'hex')]);
    const headers: Header[] = [['__value_schema_id', value]];
    assert.equal(await decode(reader(client), Buffer.from('plain'), headers), 'g:plain');
    assert.equal(await decode(reader(client, 'header'), Buffer.from('plain'), headers), 'g:plain');
    assert.equal(await decode(reader(client, 'header'), Buffer.from('plain'), [['__value_schema_id', Buffer.concat([value, Buffer.from('[1]')])]]), 'g:[1]plain');
    await assert.rejects(decode(reader(client, 'header'), framed(1, 'x')), poison('undecodable', /header __value_schema_id, found none/));
    assert.equal(await decode(reader(client), framed(1, 'x'), [['__key_schema_id', value], ['__value_schema_id', null]]), 'p:x');
  });

  it('are poison where there is no id, no schema, or one that is of no use', async (t) => {
    const { fake, client } = await started(t);
    const codec = reader(client);
    for (const bytes of [Buffer.alloc(0), Buffer.from('{"a":1}'), Buffer.from([0, 0, 0, 1])]) await assert.rejects(decode(codec, bytes), poison('undecodable', /expected a zero byte and the id/));
    await assert.rejects(decode(codec, framed(1, '')), poison('schema_unknown', /id 1 /));
    fake.answer = () => ({ status: 200, body: { schema: 'x', schemaType: 'PROTOBUF' } });
    await assert.rejects(decode(codec, framed(2, '')), poison('schema_unusable', /type AVRO, found schema 2 of type PROTOBUF/));
    fake.answer = () => ({ status: 200, body: { schema: 'broken' } });
    await assert.rejects(decode(codec, framed(3, '')), poison('schema_unusable', /schema 3: no schema at all/));
    fake.answer = () => ({ status: 200, body: { schema: 'other' } });
    await assert.rejects(decode(codec, framed(4, '')), poison('schema_incompatible', /schema 4 cannot be read as schema 3 \(order.avsc\): field a: expected int, found string/));
    const asked = fake.asked.length;
    await assert.rejects(decode(codec, framed(4, '')), poison('schema_incompatible', /schema 4/));
    assert.equal(fake.asked.length, asked, 'what is of no use is not asked for again');
  });

  it('wait while the registry is away: that is no fault of theirs', async (t) => {
    const { fake, client } = await started(t);
    fake.answer = () => ({ status: 503, body: null });
    const codec = reader(client);
    await assert.rejects(decode(codec, framed(1, '')), poison('registry_unavailable', /503/));
    fake.answer = () => ({ status: 200, body: { schema: 's' } });
    assert.equal(await decode(codec, framed(1, 'x')), 's:x');
  });
});

describe('records that are written with the id of a schema', () => {
  const own = { text: { text: 'own', references: [] }, writer: format.writer({ text: 'own', references: [] }) };
  const writer = (client: RegistryClient, more: Partial<FramedWriterSettings> = {}): FramedWriter => new FramedWriter({ format, client, part: 'value', framing: 'confluent', schema: own, subject: 'topic', autoRegister: false, ...more });

  async function encode(codec: Codec, topic: string): Promise<{ bytes: Buffer; headers: Header[] }> {
    await codec.beforeEncode?.(topic);
    const to = new To(topic);
    return { bytes: Buffer.from(codec.encode('v', to)), headers: to.headers };
  }

  it('have it once per topic, under the subject that the strategy names', async (t) => {
    const { fake, client } = await started(t);
    fake.answer = () => ({ status: 200, body: { id: 258, version: 1, schema: 'own' } });
    const codec = writer(client);
    assert.deepEqual((await encode(codec, 'orders')).bytes, Buffer.from('\0\0\0\x01\x02own:v', 'latin1'));
    await encode(codec, 'orders');
    assert.deepEqual(fake.asked.map(({ line }) => line), ['POST /subjects/orders-value']);
    for (const [more, subject] of [[{ part: 'key' }, 'orders-key'], [{ subject: 'record' }, 'shop.Order'], [{ subject: 'topic_record' }, 'orders-shop.Order'], [{ subject: { name: 'mine' } }, 'mine']] as const) {
      await encode(writer(client, more), 'orders');
      assert.equal(fake.asked.at(-1)?.line, `POST /subjects/${subject}`);
    }
  });

  it('are refused where the subject does not have it, and registered where that is asked for', async (t) => {
    const { fake, client } = await started(t);
    await assert.rejects(encode(writer(client), 'orders'), poison('schema_not_registered', /subject orders-value, found it not registered/));
    fake.answer = () => ({ status: 200, body: { id: 9 } });
    assert.deepEqual((await encode(writer(client, { autoRegister: true }), 'orders')).bytes.subarray(0, 5), Buffer.from([0, 0, 0, 0, 9]));
    assert.equal(fake.asked.at(-1)?.line, 'POST /subjects/orders-value/versions');
  });

  it('follow the latest of the subject where no schema is given', async (t) => {
    const { fake, client } = await started(t);
    fake.answer = () => ({ status: 200, body: { id: 4, version: 2, schema: 'latest' } });
    assert.deepEqual((await encode(writer(client, { schema: null }), 'orders')).bytes, Buffer.from('\0\0\0\0\x04latest:v', 'latin1'));
    fake.answer = () => ({ status: 200, body: { id: 4, version: 2, schema: 'latest', schemaType: 'JSON' } });
    await assert.rejects(encode(writer(client, { schema: null }), 'other'), poison('schema_refused', /type AVRO .* found one of type JSON/));
  });

  it('have the GUID in a header', async (t) => {
    const { fake, client } = await started(t);
    fake.answer = () => ({ status: 200, body: { id: 4, version: 2, schema: 'own', guid } });
    const { bytes, headers } = await encode(writer(client, { framing: 'header' }), 'orders');
    assert.equal(bytes.toString(), 'own:v');
    assert.deepEqual(headers, [['__value_schema_id', Buffer.from(`01${guid.replaceAll('-', '')}`, 'hex')]]);
    fake.answer = () => ({ status: 200, body: { id: 4, version: 2, schema: 'own' } });
    await assert.rejects(encode(writer(client, { framing: 'header' }), 'other'), poison('schema_not_registered', /GUIDs/));
  });

  it("have Protobuf's message indexes behind it", async (t) => {
    const { fake, client } = await started(t);
    fake.answer = () => ({ status: 200, body: { id: 4, version: 2, schema: 'own', schemaType: 'PROTOBUF', guid } });
    const protobuf: SchemaFormat = { ...format, type: 'PROTOBUF' };
    for (const [indexes, length] of [['0061', 1], ['0402826161', 4]] as const) {
      const schema = { ...own, writer: { name: null, write: () => Buffer.from(indexes, 'hex') } };
      const { bytes, headers } = await encode(writer(client, { format: protobuf, framing: 'header', schema }), 'orders');
      assert.deepEqual([Buffer.from(headers[0]?.[1] ?? []).subarray(17).toString('hex') + bytes.toString('hex'), (headers[0]?.[1]?.length ?? 0) - 17], [indexes, length]);
    }
  });

  it('can be checked before, and nothing is changed', async (t) => {
    const { fake, client } = await started(t);
    assert.deepEqual(await writer(client).check('orders'), ['expected the schema under the subject orders-value, found it not registered']);
    assert.deepEqual(await writer(client, { autoRegister: true }).check('orders'), []);
    assert.deepEqual(await writer(client, { schema: null }).check('orders'), ['expected a schema under the subject orders-value, found none']);
    fake.answer = () => ({ status: 200, body: { is_compatible: false, messages: ['field a has no default'] } });
    assert.deepEqual(await writer(client).check('orders'), ['the schema is not compatible with the latest of the subject orders-value: field a has no default']);
    assert.deepEqual(fake.asked.filter(({ line }) => line.endsWith('/versions')), []);
  });
});
