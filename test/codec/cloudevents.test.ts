import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CloudEvent, Kafka } from 'cloudevents';
import type { KafkaMessage } from 'cloudevents';
import fc from 'fast-check';
import { Failure } from '../../actors/failure.ts';
import type { Header } from '../../actors/record.ts';
import { cloudeventsReader, cloudeventsWriter } from '../../src/codec/cloudevents.ts';

const reader = cloudeventsReader();
const bytesOf = (text: unknown): Uint8Array => (text instanceof Uint8Array ? text : Buffer.from(typeof text === 'string' ? text : JSON.stringify(text)));
const header = (name: string, value: string): Header => [name, Buffer.from(value)];
function write(mode: 'structured' | 'binary', value: unknown): { bytes: Uint8Array; headers: Header[] } {
  const headers: Header[] = [];
  const bytes = cloudeventsWriter({ mode }).encode(value, { topic: 't', header: (name, content) => { headers.push([name, content]); } });
  return { bytes, headers };
}
function fails(run: () => unknown, code: string): string {
  let message = '';
  assert.throws(run, (error: unknown) => {
    if (!(error instanceof Failure)) return false;
    message = error.message;
    return error.code === code;
  });
  return message;
}

const attributes = { specversion: '1.0', id: 'a-1', source: '/shop', type: 'order.created', time: '2024-01-01T00:00:00.000Z', subject: 'x', traceparent: '00-ab-cd-01' };
const events: readonly Record<string, unknown>[] = [
  { ...attributes, datacontenttype: 'application/json', data: { n: 1, list: [null, 'ü'] } },
  { ...attributes, datacontenttype: 'application/vnd.shop+json', data: { n: 2 } },
  { ...attributes, datacontenttype: 'text/plain', data: 'some text' },
  { specversion: '1.0', id: '2', source: 'urn:x', type: 't', time: '2024-01-01T00:00:00.000Z', datacontenttype: 'application/json', data: [1, 2] }
];

describe('CloudEvents agree with the package of the project', () => {
  for (const [n, event] of events.entries()) {
    it(`what it writes is read: ${n}`, () => {
      const made = new CloudEvent(event);
      for (const message of [Kafka.binary(made), Kafka.structured(made)] as KafkaMessage[]) {
        const headers = Object.entries(message.headers).flatMap(([name, value]): Header[] => (value === undefined ? [] : [header(name, String(value))]));
        assert.deepEqual(reader.decode(bytesOf(message.value), headers), event);
      }
    });

    it(`it reads what is written: ${n}`, () => {
      for (const mode of ['binary', 'structured'] as const) {
        const { bytes, headers } = write(mode, event);
        const message = { key: '', headers: Object.fromEntries(headers.map(([name, value]) => [name, Buffer.from(value as Uint8Array).toString()])), value: Buffer.from(bytes).toString(), body: Buffer.from(bytes).toString(), timestamp: '' };
        const found = Kafka.toEvent(message) as CloudEvent<unknown>;
        assert.deepEqual({ id: found.id, source: found.source, type: found.type, subject: found.subject }, { id: event['id'], source: event['source'], type: event['type'], subject: event['subject'] });
        assert.deepEqual(typeof found.data === 'string' && typeof event['data'] !== 'string' ? JSON.parse(found.data) : found.data, event['data']);
      }
    });
  }
});

describe('CloudEvents', () => {
  const required = [header('ce_specversion', '1.0'), header('ce_id', '1'), header('ce_source', '/s'), header('ce_type', 't')];

  it('have data by their content type', () => {
    const of = (type: string, bytes: Uint8Array): unknown => (reader.decode(bytes, [...required, header('content-type', type)]) as { data: unknown }).data;
    assert.deepEqual(of('application/json; charset=utf-8', Buffer.from('{"a":12345678901234567890}')), { a: 12345678901234567890n });
    assert.equal(of('text/csv', Buffer.from('a,b')), 'a,b');
    assert.deepEqual([...(of('image/png', Uint8Array.of(1, 255)) as Uint8Array)], [1, 255]);
    fails(() => of('application/json', Buffer.from('{')), 'undecodable');
    fails(() => of('text/plain', Uint8Array.of(255)), 'undecodable');
  });

  it('have bytes as data_base64 in structured mode, as they are in binary mode', () => {
    const data = Uint8Array.of(0, 255, 7);
    const event = { ...attributes, datacontenttype: 'image/png', data };
    const structured = write('structured', event);
    assert.match(Buffer.from(structured.bytes).toString(), /"data_base64":"AP8H"/);
    for (const { bytes, headers } of [structured, write('binary', event)]) {
      const found = reader.decode(bytes, headers) as { data: Uint8Array };
      assert.deepEqual([...found.data], [...data]);
      assert.equal(JSON.stringify(found.data), '"AP8H"');
    }
  });

  it('without a required attribute are refused, with its name', () => {
    for (const name of ['id', 'source', 'type']) {
      const { [name]: _, ...rest } = { ...attributes, data: 1 } as Record<string, unknown>;
      for (const mode of ['binary', 'structured'] as const) assert.match(fails(() => write(mode, rest), 'unencodable'), new RegExp(`^${name}: `));
      assert.match(fails(() => reader.decode(bytesOf(rest), [header('content-type', 'application/cloudevents+json')]), 'undecodable'), new RegExp(`attribute ${name} `));
      assert.match(fails(() => reader.decode(bytesOf('1'), required.filter(([given]) => given !== `ce_${name}`)), 'undecodable'), new RegExp(`attribute ${name} `));
    }
    fails(() => reader.decode(bytesOf('1'), [header('ce_specversion', '0.3'), ...required.slice(1)]), 'undecodable');
    for (const value of [null, 'x', [], { ...attributes, Bad_Name: 1 }, { ...attributes, ext: {}, data: 1 }]) fails(() => write('binary', value), 'unencodable');
  });

  it('in batches, in other formats or none at all are refused', () => {
    for (const type of ['application/cloudevents-batch+json', 'application/cloudevents+avro', 'application/cloudevents']) fails(() => reader.decode(bytesOf([attributes]), [header('content-type', type)]), 'undecodable');
    for (const text of ['', '[]', '5', 'null', '{', '{"data_base64":"!"}']) fails(() => reader.decode(bytesOf(text), [header('content-type', 'application/cloudevents+json')]), 'undecodable');
  });

  it('property: whatever the bytes and headers, an event or undecodable; names such as __proto__ change nothing', () => {
    const name = fc.constantFrom('ce___proto__', 'ce_constructor', 'ce_id', 'ce_', 'content-type', 'ce_data', 'ce_specversion', 'x');
    const value = fc.oneof(fc.uint8Array(), fc.constantFrom('1.0', 'application/cloudevents+json', 'text/plain', '').map((text) => Buffer.from(text) as Uint8Array), fc.constant(null));
    fc.assert(
      fc.property(fc.uint8Array(), fc.array(fc.tuple(name, value)), (bytes, headers) => {
        try {
          const event = reader.decode(bytes, [...headers, ...required]) as object;
          assert.equal(Object.getPrototypeOf(event), Object.prototype);
        } catch (error) {
          assert.ok(error instanceof Failure && error.code === 'undecodable', String(error));
        }
      })
    );
  });
});
