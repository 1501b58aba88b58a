import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Failure } from '../../actors/failure.ts';
import type { FetchedRecord } from '../../actors/port.ts';
import type { StreamRecord } from '../../actors/record.ts';
import { readLetter } from '../../src/dead-letters/letter.ts';
import { deadLetterRecord, retimed, truncatedDeadLetter } from '../../src/runtime/dead-letter.ts';

const failedAt = Date.parse('2026-11-27T10:00:00Z');

function recordOf(value: Uint8Array | null, key: Uint8Array | null, headers: StreamRecord['headers'] = []): StreamRecord {
  return { key, bytes: value, value: undefined, headers, timestamp: 5000, offset: 7, origin: { topic: 'in', partition: 2, codec: 'json' }, changed: false, time: 5000, stamp: 0 };
}

function written(record: StreamRecord, envelope: boolean): FetchedRecord {
  const output = deadLetterRecord({ record, failure: new Failure('undecodable', 'no JSON') }, 'real', { action: 'dead_letter', topic: 'bad', envelope }, failedAt);
  return { offset: 3, timestamp: output.timestamp, key: output.key, value: output.value, headers: output.headers };
}

const bytes = fc.uint8Array({ maxLength: 30 });
const text = fc.string({ unit: 'grapheme', maxLength: 20 }).map((each) => new Uint8Array(Buffer.from(each)));

describe('a dead letter', () => {
  for (const envelope of [false, true]) {
    it(`${envelope ? 'in an envelope ' : ''}gives back what was read, byte for byte, and where it failed`, () => {
      fc.assert(fc.property(fc.option(fc.oneof(bytes, text, fc.constant(Buffer.from('{"dlq_reason":"x","dlq_timestamp":"y","value":"z"}')))), fc.option(bytes), fc.array(fc.tuple(fc.constantFrom('a', 'traceparent', 'millrace.redrive.tries'), fc.option(bytes))), (value, key, headers) => {
        const letter = readLetter({ topic: 'bad', partition: 1, envelope }, written(recordOf(value, key, headers), envelope));
        assert.deepEqual([letter.value, letter.key].map((each) => (each === null ? null : Buffer.from(each))), [value, key].map((each) => (each === null ? null : Buffer.from(each))));
        assert.deepEqual(letter.headers, headers);
        assert.deepEqual([letter.code, letter.node, letter.message, letter.time, letter.source, letter.timestamp], ['undecodable', 'real', 'no JSON', failedAt, { topic: 'in', partition: 2, offset: 7 }, 5000]);
      }));
    });
  }

  it('has the timestamp of its record where the topic would not take that', () => {
    const output = retimed(deadLetterRecord({ record: recordOf(null, null), failure: new Failure('tombstone', '') }, 'n', { action: 'dead_letter', topic: 'bad', envelope: false }, failedAt), 9000);
    const letter = readLetter({ topic: 'bad', partition: 0, envelope: false }, { ...output, offset: 0 });
    assert.equal(letter.timestamp, 5000);
  });

  it('says that its value was left out', () => {
    const output = truncatedDeadLetter({ record: recordOf(Buffer.alloc(100), null), failure: new Failure('undecodable', '') }, 'n', { action: 'dead_letter', topic: 'bad', envelope: false }, failedAt);
    assert.equal(readLetter({ topic: 'bad', partition: 0, envelope: false }, { ...output, offset: 0 }).truncated, true);
  });

  it('of another program is read without harm', () => {
    const headers = [['millrace.error.offset', Buffer.from('-1')], ['millrace.error.topic', null], ['millrace.redrive.tries', Buffer.from('many')], ['millrace.error.timestamp', Buffer.from('soon')]] as const;
    for (const value of [null, Buffer.from('{'), Buffer.from('{}'), Buffer.from('null')]) {
      const letter = readLetter({ topic: 'bad', partition: 0, envelope: true }, { offset: 1, timestamp: 4, key: null, value, headers });
      assert.deepEqual([letter.code, letter.source, letter.tries, letter.time, letter.value], ['', null, 0, 4, value]);
    }
  });
});
