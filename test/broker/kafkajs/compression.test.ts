import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { compressSync } from 'snappy';
import { Failure } from '../../../actors/failure.ts';
import { codecNumbers, compress, decompress } from '../../../src/broker/kafkajs/compression.ts';
import { produceRequest } from '../../../src/broker/kafkajs/produce-request.ts';
import { decodeRecords } from '../../../src/broker/kafkajs/record-batch.ts';

const codecs = (['gzip', 'snappy', 'lz4', 'zstd'] as const).map((name) => ({ name, number: codecNumbers[name] }));
const limit = 1_048_576;

/** Bytes that compress somewhat: runs, and what is random in between. */
const body = fc
  .array(fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.tuple(fc.nat(255), fc.nat(30_000)).map(([byte, length]) => new Uint8Array(length).fill(byte))), { maxLength: 8 })
  .map((parts) => Buffer.concat(parts));

/** What comes of bytes that are not as they should be: something within the limit, or an error. Takes a turn's time at most. */
function survives(number: number, packed: Buffer): void {
  const started = performance.now();
  try {
    assert.ok(decompress(number, packed, limit).length <= limit);
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
    assert.ok(error instanceof Error && error.message !== '');
  }
  assert.ok(performance.now() - started < 2_000);
}

for (const { name, number } of codecs) {
  describe(name, () => {
    it('gives back what was put in', () => {
      fc.assert(fc.property(body, (bytes) => { assert.ok(decompress(number, compress(number, bytes), 4 * limit).equals(bytes)); }), { numRuns: 60 });
    });

    it('holds to a limit, and makes no room for more', () => {
      const packed = compress(number, Buffer.alloc(16 * limit));
      const before = process.memoryUsage().arrayBuffers;
      assert.throws(() => decompress(number, packed, limit), new RegExp(`^Error: ${name}: `));
      assert.ok(process.memoryUsage().arrayBuffers - before < 4 * limit);
      assert.equal(decompress(number, packed, 16 * limit).length, 16 * limit);
    });

    it('survives every cut', () => {
      const packed = compress(number, Buffer.from(Array.from({ length: 2_000 }, (_, i) => (i * i) % 97)));
      for (let size = 0; size < packed.length; size++) survives(number, packed.subarray(0, size));
    });

    it('survives flipped bits, lengths that lie, and what is no such thing at all', () => {
      const packed = compress(number, Buffer.from(Array.from({ length: 70_000 }, (_, i) => (i * 7) % 97)));
      const flips = fc.array(fc.tuple(fc.nat(packed.length - 1), fc.nat(255)), { minLength: 1, maxLength: 5 });
      fc.assert(fc.property(flips, (list) => {
        const broken = Buffer.from(packed);
        for (const [at, byte] of list) broken[at] = byte;
        survives(number, broken);
      }), { numRuns: 300 });
      // The first bytes have all lengths.
      for (let at = 0; at < Math.min(packed.length, 40); at++) for (const byte of [0x00, 0x7f, 0x80, 0xff]) survives(number, Buffer.concat([packed.subarray(0, at), Buffer.from([byte, byte, byte, byte]), packed.subarray(at + 4)]));
      fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => { survives(number, Buffer.from(bytes)); }), { numRuns: 200 });
    });
  });
}

describe('snappy', () => {
  const bytes = Buffer.from('snappy '.repeat(30_000));

  it('is read in the frame of the Java client and as one plain block', () => {
    assert.ok(decompress(2, compressSync(bytes), bytes.length).equals(bytes));
    assert.equal(compress(2, bytes).toString('hex', 0, 16), '82534e415050590000000001' + '00000001');
  });

  it('refuses a block that says that it holds what so few bytes cannot', () => {
    assert.throws(() => decompress(2, Buffer.from([0x80, 0x80, 0x40, 0x00, 0x61]), limit), /5 bytes hold 1048576/);
    assert.throws(() => decompress(2, Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]), limit), /does not begin with its length/);
  });
});

it('lz4 is refused by what its blocks may hold, before any is unpacked', () => {
  const packed = compress(3, Buffer.alloc(limit));
  assert.throws(() => decompress(3, packed, limit / 2), /it may hold \d+ bytes, more than 524288/);
  // A frame of another kind, and one behind the first.
  assert.throws(() => decompress(3, Buffer.from('02214c1800000000', 'hex'), limit), /does not begin as a frame/);
  assert.equal(decompress(3, Buffer.concat([packed, packed]), 2 * limit).length, limit);
});

describe('a batch that is damaged', () => {
  /** The record batch of a produce request, as a broker stores it. */
  async function batchOf(compression: number): Promise<Buffer> {
    const messages = Array.from({ length: 50 }, (_, i) => ({ topic: 't', partition: 0, key: Buffer.from(`k${i}`), value: Buffer.from(`value ${i % 7}`), headers: [['h', Buffer.from('x')] as const], timestamp: 1_000 + i }));
    const { buffer } = await produceRequest({ acks: -1, timeout: 1, compression, topicData: [{ topic: 't', partitions: [{ partition: 0, messages }] }] }).encode();
    return Buffer.from(buffer.subarray(27));
  }

  for (const compression of [0, ...codecs.map(({ number }) => number)]) {
    it(`is read as far as it can be, or refused with its code: codec ${compression}`, async () => {
      const batch = await batchOf(compression);
      assert.equal(decodeRecords(batch, { position: 0, aborted: [] }).records.length, 50);
      const flips = fc.array(fc.tuple(fc.nat(batch.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 });
      fc.assert(fc.property(flips, fc.nat(batch.length), (list, cut) => {
        const broken = Buffer.from(batch.subarray(0, cut % 3 === 0 ? cut : batch.length));
        for (const [at, byte] of list) if (at < broken.length) broken[at] = byte;
        try {
          assert.ok(decodeRecords(broken, { position: 0, aborted: [] }).records.length <= 5_000);
        } catch (error) {
          assert.ok(error instanceof Failure && error.code === 'unsupported_broker', String(error));
        }
      }), { numRuns: 400 });
    });
  }

  it('is refused where it says that it holds no end of records', async () => {
    const batch = await batchOf(0);
    batch.writeInt32BE(0x7fff_ffff, 57);
    assert.throws(() => decodeRecords(batch, { position: 0, aborted: [] }), { code: 'unsupported_broker', message: /offset 0 is damaged: / });
    batch.fill(0, 61);
    assert.throws(() => decodeRecords(batch, { position: 0, aborted: [] }), { code: 'unsupported_broker' });
    batch.writeInt32BE(-12, 8);
    assert.throws(() => decodeRecords(batch, { position: 0, aborted: [] }), { code: 'unsupported_broker', message: /fewer than its header/ });
  });

  it('says what the codec says', () => {
    assert.throws(() => decompress(7, Buffer.alloc(1), 1), /no codec number 7/);
    assert.throws(() => decompress(1, gzipSync('x').subarray(0, 8), 10), /^Error: gzip: /);
    assert.throws(() => decompress(4, zstdCompressSync('x').subarray(0, 5), 10), /^Error: zstd: /);
  });
});
