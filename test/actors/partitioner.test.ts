import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { murmur2, Partitioner } from '../../actors/sink/partitioner.ts';

describe('murmur2', () => {
  // The vectors of Kafka's own UtilsTest.
  const vectors: readonly [string, number][] = [
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107]
  ];
  for (const [text, hash] of vectors) {
    it(`gives ${hash} for ${text}`, () => {
      assert.equal(murmur2(Buffer.from(text)), hash);
    });
  }
});

describe('Partitioner', () => {
  it('keeps records without a key together until the next batch, then moves on', () => {
    const partitioner = new Partitioner(5);
    const batch = (): number[] => [partitioner.partition('a', null, 4), partitioner.partition('b', null, 4), partitioner.partition('a', null, 4)];
    assert.deepEqual(batch(), [1, 1, 1]);
    partitioner.nextBatch();
    assert.deepEqual(batch(), [2, 2, 2]);
  });

  it('places a key by its hash, an empty one too', () => {
    const partitioner = new Partitioner();
    assert.equal(partitioner.partition('a', Buffer.from('foobar'), 7), (-790332482 & 0x7fffffff) % 7);
    assert.equal(partitioner.partition('a', new Uint8Array(0), 3), partitioner.partition('b', new Uint8Array(0), 3));
  });
});
