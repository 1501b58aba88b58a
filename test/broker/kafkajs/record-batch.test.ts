import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { FetchedBatch, OutgoingRecord } from '../../../actors/port.ts';
import { decodeFetchResponse, type Isolation, toBatch } from '../../../src/broker/kafkajs/fetch.ts';
import { produceRequest } from '../../../src/broker/kafkajs/produce-request.ts';
import { decodeRecords } from '../../../src/broker/kafkajs/record-batch.ts';

/** Bytes of a real broker; fixtures/record.ts made them. */
function fixture(name: string, position: number, isolation: Isolation): FetchedBatch {
  const [part] = decodeFetchResponse(readFileSync(join(import.meta.dirname, 'fixtures', `${name}.bin`)));
  return toBatch(part!, position, isolation);
}

function rows({ records }: FetchedBatch): [number, string | null, string | null][] {
  const text = (bytes: Uint8Array | null): string | null => (bytes === null ? null : Buffer.from(bytes).toString());
  return records.map(({ offset, key, value }) => [offset, text(key), text(value)]);
}

/** The record batch of a produce request to one partition: what a broker would store, but for the offset. */
async function batchOf(messages: readonly OutgoingRecord[], compression = 0): Promise<Buffer> {
  const topicData = [{ topic: 't', partitions: [{ partition: 0, messages }] }];
  const { buffer } = await produceRequest({ acks: -1, timeout: 1, compression, topicData }).encode();
  // transactional id, acks, timeout, topic count, topic, partition count, partition, size
  return Buffer.from(buffer.subarray(2 + 2 + 4 + 4 + 3 + 4 + 4 + 4));
}

test('a real response: aborted and control records are left out, what was written beside them is not', () => {
  const committed = fixture('mixed', 0, 'committed');
  assert.deepEqual(rows(committed), [
    [0, 'k', 'v'], [1, null, 'no key'], [2, 'gone', null], [3, 'k', 'zipped 1'], [4, 'k', 'zipped 2'], [5, 'k', 'kept'],
    [6, 'k', 'beside kept'], [9, 'k', 'beside dropped'], [11, 'k', 'kept too'], [12, 'k', 'beside kept too']
  ]);
  assert.deepEqual([committed.nextOffset, committed.startOffset, committed.endOffset], [14, 0, 14]);
  const all = rows(fixture('mixed', 0, 'uncommitted'));
  assert.deepEqual(all.filter(([offset]) => offset === 8), [[8, 'k', 'dropped']]);
  assert.equal(all.length, 11);
});

test('a real response: repeated headers in their order, one without a value, plain and gzipped', () => {
  for (const record of fixture('mixed', 0, 'committed').records.filter(({ offset }) => offset === 0 || offset === 4)) {
    assert.deepEqual(record.headers.map(([name, value]) => [name, value === null ? null : String(value)]), [['a', '1'], ['b', null], ['a', '2']]);
  }
});

test('records below the position asked for are dropped, in the middle of a batch too', () => {
  assert.deepEqual(rows(fixture('mixed', 4, 'committed'))[0], [4, 'k', 'zipped 2']);
  assert.deepEqual(rows(fixture('mixed', 10, 'committed')).map(([offset]) => offset), [11, 12]);
  assert.equal(fixture('mixed', 13, 'committed').nextOffset, 14, 'a batch of only control records is progress');
  assert.deepEqual(fixture('mixed', 13, 'committed').records, []);
});

test('a real response: compaction leaves gaps, and the time of appending counts', () => {
  const { records, nextOffset } = fixture('compacted', 0, 'committed');
  assert.deepEqual(records.map(({ offset }) => offset), [12, 13, 14]);
  assert.equal(nextOffset, 15);
  assert.equal(new Set(records.map(({ timestamp }) => timestamp)).size, 1);
});

test('a batch cut off at its end is left for the next fetch', () => {
  const [part] = decodeFetchResponse(readFileSync(join(import.meta.dirname, 'fixtures', 'mixed.bin')));
  const whole = decodeRecords(part!.records, { position: 0, aborted: [] });
  for (let size = 0; size < part!.records.length; size += 7) {
    const { records, nextOffset } = decodeRecords(part!.records.subarray(0, size), { position: 0, aborted: [] });
    assert.ok(nextOffset < whole.nextOffset);
    assert.ok(records.every(({ offset }) => offset < nextOffset));
  }
});

test('a batch that compaction emptied is progress', async () => {
  const bytes = await batchOf([record('a')]);
  const empty = Buffer.from(bytes.subarray(0, 61));
  empty.writeInt32BE(61 - 12, 8);
  empty.writeInt32BE(9, 23);
  empty.writeInt32BE(0, 57);
  assert.deepEqual(decodeRecords(empty, { position: 4, aborted: [] }), { records: [], nextOffset: 10, bytes: 61 });
});

test('a small answer that unpacks to a great deal is read in parts, and counts for what it holds', async () => {
  const batch = await batchOf([{ ...record('a'), value: Buffer.alloc(3 * 1024 * 1024) }], 1);
  const answer = Buffer.concat(Array.from({ length: 6 }, (_, index) => {
    const copy = Buffer.from(batch);
    copy.writeBigInt64BE(BigInt(index), 0);
    return copy;
  }));
  const first = decodeRecords(answer, { position: 0, aborted: [] });
  assert.deepEqual([first.records.length, first.nextOffset], [3, 3]);
  assert.ok(first.bytes >= 9 * 1024 * 1024);
  const second = decodeRecords(answer, { position: 3, aborted: [] });
  assert.deepEqual(second.records.map(({ offset }) => offset), [3, 4, 5]);
});

test('formats and codecs that cannot be read are named', async () => {
  const bytes = await batchOf([record('a')]);
  const old = Buffer.from(bytes);
  old[16] = 1;
  assert.throws(() => decodeRecords(old, { position: 0, aborted: null }), /format 1/);
  const snappy = Buffer.from(bytes);
  snappy[22] = 2;
  assert.throws(() => decodeRecords(snappy, { position: 0, aborted: null }), /snappy/);
});

const bytes = fc.option(fc.uint8Array({ maxLength: 200 }));
const anyRecord = fc.record({
  topic: fc.constant('t'), partition: fc.constant(0), key: bytes, value: bytes,
  headers: fc.array(fc.tuple(fc.string({ unit: 'grapheme', maxLength: 10 }), bytes), { maxLength: 4 }),
  timestamp: fc.integer({ min: 0, max: 2 ** 50 })
});

test('whatever is encoded decodes to the same', async () => {
  await fc.assert(fc.asyncProperty(fc.array(anyRecord, { minLength: 1, maxLength: 20 }), fc.constantFrom(0, 1, 2, 3, 4), async (sent, compression) => {
    const { records } = decodeRecords(await batchOf(sent, compression), { position: 0, aborted: [] });
    assert.equal(records.length, sent.length);
    for (const [index, found] of records.entries()) {
      const { key, value, headers, timestamp } = sent[index]!;
      assert.deepEqual(plain(found), { ...plain({ key, value, headers }) });
      assert.deepEqual([found.offset, found.timestamp], [index, timestamp]);
    }
  }));
});

function plain({ key, value, headers }: Pick<OutgoingRecord, 'key' | 'value' | 'headers'>): object {
  const list = (content: Uint8Array | null): number[] | null => (content === null ? null : [...content]);
  return { key: list(key), value: list(value), headers: headers.map(([name, content]) => [name, list(content)]) };
}

function record(value: string): OutgoingRecord {
  return { topic: 't', partition: 0, key: null, value: Buffer.from(value), headers: [], timestamp: 1_000 };
}
