import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { packArrival, unpackArrival } from '../../actors/keyed/freight.ts';
import { lateRecord } from '../../src/runtime/dead-letter.ts';
import { recordOf } from '../topology/harness.ts';

/** A record as it comes out of a parcel: without the bytes that it was read as. */
function shipped(value: unknown) {
  const { record } = unpackArrival(packArrival({ key: 'k', record: recordOf(value, { time: 5, timestamp: 5 }), watermark: 9 }));
  return lateRecord({ record, watermark: 9 }, 'node', 'late', 0).value;
}

describe('a late record', () => {
  it('that has crossed a hop is written anew: JSON as JSON, bytes as they are, a tombstone as none', () => {
    assert.equal(String(shipped({ a: 1 })), '{"a":1}');
    assert.deepEqual(shipped(Buffer.from([0xff, 0x00])), new Uint8Array([0xff, 0x00]));
    assert.equal(shipped(undefined), null);
  });
});
