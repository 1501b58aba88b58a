import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { OutputRecord } from '../../actors/component.ts';
import { Failure } from '../../actors/failure.ts';
import type { StreamRecord } from '../../actors/record.ts';
import { changeRecord } from '../../actors/record.ts';
import { recordOf, sinkOf } from '../topology/harness.ts';

const text = (bytes: Uint8Array | null): string | null => (bytes === null ? null : Buffer.from(bytes).toString());

function output(options: object, record: StreamRecord): OutputRecord {
  return sinkOf({ topic: 'out', ...options }).output(record, 5000);
}

function keyOf(key: string, value: unknown): string | null {
  return text(output({ key }, recordOf(value)).key);
}

function fails(options: object, record: StreamRecord, message: RegExp): void {
  assert.throws(() => output(options, record), (error: unknown) => error instanceof Failure && error.kind === 'poison' && message.test(error.message));
}

describe('values', () => {
  const bytes = new TextEncoder().encode('{ "n": 1.0 }');
  const record = recordOf({ n: 1 }, { bytes });

  it('keeps the original bytes of an unchanged record of the same codec', () => {
    assert.equal(output({}, record).value, bytes);
    assert.equal(text(output({}, changeRecord(record, { n: 2 })).value), '{"n":2}');
  });

  it('keeps the bytes of an unchanged record of any codec where the sink names none, and converts them where it does', () => {
    for (const codec of ['raw', 'text']) {
      const other = recordOf('abc', { bytes, origin: { topic: 'in', partition: 0, codec } });
      assert.equal(output({}, other).value, bytes);
      assert.equal(text(output({ codec: 'json' }, other).value), '"abc"');
      assert.equal(text(output({}, changeRecord(other, { n: 2 })).value), '{"n":2}');
    }
  });

  it('writes a tombstone without a value, and JSON null as null', () => {
    assert.equal(output({}, recordOf(undefined)).value, null);
    assert.equal(text(output({}, recordOf(null)).value), 'null');
    assert.equal(text(output({}, changeRecord(recordOf({}), null)).value), 'null');
  });

  it('fails what a codec cannot hold', () => {
    fails({ codec: 'text' }, changeRecord(record, { n: 1 }), /expected text/);
    fails({}, changeRecord(record, undefined), /undefined/);
  });
});

describe('keys and headers', () => {
  it('writes keys by their type', () => {
    assert.equal(keyOf('value.k', { k: 'ä' }), 'ä');
    assert.equal(keyOf('value.k', { k: 1.5 }), '1.5');
    assert.equal(keyOf('value.k', { k: true }), 'true');
    assert.equal(keyOf('value.k', { k: null }), null);
    assert.equal(keyOf('value.k', { k: { a: [1] } }), '{"a":[1]}');
    assert.equal(keyOf('size(value.k)', { k: 'abc' }), '3');
    assert.deepEqual(output({ key: 'b"\\xff"' }, recordOf({})).key, Uint8Array.of(0xff));
    fails({ key: 'value.k' }, recordOf({}), /No such key/);
  });

  it('keeps the own key byte for byte', () => {
    const key = Uint8Array.of(0xff, 0);
    assert.equal(output({}, recordOf({}, { key })).key, key);
    assert.equal(output({}, recordOf({}, { key: null })).key, null);
  });

  it('adds, replaces and removes headers and keeps the others', () => {
    const headers = [
      ['a', Uint8Array.of(0xff)],
      ['b', null],
      ['a', null],
      ['c', Uint8Array.of(1)]
    ] as const;
    const result = output({ headers: { a: '"new"', c: 'null', d: 'offset' } }, recordOf({}, { headers })).headers;
    assert.deepEqual(result.map(([name, value]) => [name, text(value)]), [
      ['b', null],
      ['a', 'new'],
      ['d', '7']
    ]);
    assert.equal(output({}, recordOf({}, { headers })).headers, headers);
  });
});

describe('topic and timestamp', () => {
  it('takes a topic from an expression, and fails what is no topic', () => {
    assert.equal(sinkOf({ topic: 'fixed' }).topic, 'fixed');
    const options = { topic: { expression: '"events-" + value.t' } };
    assert.equal(sinkOf(options).topic, null);
    assert.equal(output(options, recordOf({ t: 'a' })).topic, 'events-a');
    fails(options, recordOf({ t: 'a b' }), /topic/);
    fails({ topic: { expression: 'value.t' } }, recordOf({ t: 1 }), /number/);
    fails(options, recordOf(undefined), /tombstone/);
  });

  it('takes a partition from an expression, and fails what is no partition number', () => {
    assert.equal(output({}, recordOf({})).partition, null);
    assert.equal(output({ partition: 'partition' }, recordOf({}, { origin: { topic: 'in', partition: 7, codec: 'json' } })).partition, 7);
    assert.equal(output({ partition: 'value.p % 4' }, recordOf({ p: 6 })).partition, 2);
    assert.equal(output({ partition: 'null' }, recordOf({})).partition, null);
    for (const p of [-1, 1.5, '2', true]) fails({ partition: 'value.p' }, recordOf({ p }), /partition: expected a whole number/);
  });

  it('takes the timestamp of the record, of now or of an expression', () => {
    const stamp = (timestamp: string | undefined, value: unknown, own = 1000) => output(timestamp === undefined ? {} : { timestamp }, recordOf(value, { timestamp: own })).timestamp;
    assert.equal(stamp(undefined, {}), 1000);
    assert.equal(stamp('record', {}, -1), 5000);
    assert.equal(stamp('now', {}), 5000);
    assert.equal(stamp('timestamp + 1.5', {}), 1001);
    assert.equal(stamp('value.at', { at: '2024-01-01T00:00:00Z' }), 1704067200000);
    assert.equal(stamp('timestamp(value.at)', { at: '2024-01-01T00:00:00Z' }), 1704067200000);
    for (const at of ['x', -5, true, null]) fails({ timestamp: 'value.at' }, recordOf({ at }), /timestamp/);
  });

  it('leaves out on a tombstone what reads its value', () => {
    const record = recordOf(undefined, { headers: [['h', null]] });
    const result = output({ key: 'value.k', headers: { h: 'value.h', t: 'topic' }, timestamp: 'value.at' }, record);
    assert.deepEqual({ ...result, headers: result.headers.map(([name]) => name) }, { topic: 'out', partition: null, key: record.key, value: null, headers: ['h', 't'], timestamp: 1000 });
  });
});
