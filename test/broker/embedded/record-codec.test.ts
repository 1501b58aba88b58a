import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Header } from '../../../actors/record.ts';
import { offsetOf, recordKey } from '../../../src/broker/embedded/keys.ts';
import { decodeRecord, encodeRecord, timestampOf } from '../../../src/broker/embedded/record-codec.ts';

const bytes = fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.constantFrom(0, 126, 127, 128, 16_383, 16_384).map((length) => new Uint8Array(length).fill(7)));
const maybe = fc.option(bytes);
const headers: fc.Arbitrary<Header[]> = fc.array(fc.tuple(fc.oneof(fc.string({ unit: 'grapheme' }), fc.constant('__proto__')), maybe), { maxLength: 200 });
const timestamp = fc.oneof(fc.constant(-1), fc.nat(), fc.maxSafeNat());
const buffer = (content: Uint8Array | null): Buffer | null => (content === null ? null : Buffer.from(content));

describe('records in LMDB', () => {
  it('come back as they were', () => {
    fc.assert(
      fc.property(fc.record({ key: maybe, value: maybe, headers, timestamp }), fc.maxSafeNat(), (record, offset) => {
        const encoded = encodeRecord(record);
        assert.equal(timestampOf(encoded), record.timestamp);
        const expected = { offset, timestamp: record.timestamp, key: buffer(record.key), value: buffer(record.value), headers: record.headers.map(([name, value]) => [name, buffer(value)]) };
        assert.deepEqual(decodeRecord(encoded, offset), expected);
      })
    );
  });

  it('have keys in the order of topic, partition and offset', () => {
    const place = fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 3 }), fc.oneof(fc.nat({ max: 3 }), fc.maxSafeNat()));
    fc.assert(
      fc.property(place, place, (a, b) => {
        const order = a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
        assert.equal(Math.sign(Buffer.compare(recordKey(...a), recordKey(...b))), Math.sign(order));
        assert.equal(offsetOf(recordKey(...a)), a[2]);
      })
    );
  });
});
