import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { FetchedBatch, FetchedRecord } from '../../actors/port.ts';
import { PartitionProgress } from '../../src/runtime/partition-progress.ts';

const time = { watermark: -Infinity, idle: false };

function records(from: number, timestamps: readonly number[]): FetchedRecord[] {
  return timestamps.map((timestamp, index) => ({ offset: from + index, timestamp, key: null, value: null, headers: [] }));
}

function batch(from: number, timestamps: readonly number[], endOffset: number, startOffset = 0): FetchedBatch {
  return { topic: 't', partition: 0, records: records(from, timestamps), nextOffset: from + timestamps.length, startOffset, endOffset, bytes: 1 };
}

function opened(position: number, end: number): PartitionProgress {
  return new PartitionProgress({ topic: 't', partition: 0 }, { position, end, watermark: -Infinity, timedTask: null });
}

describe('how far a partition is', () => {
  it('is told in seconds as the age of the oldest record that is not committed, never less than a log of one by one says', () => {
    // A log that grows by a record a second; fetches and commits in any order that a task may have.
    fc.assert(
      fc.property(fc.array(fc.record({ kind: fc.constantFrom('fetch', 'commit', 'again'), count: fc.integer({ min: 1, max: 6 }) }), { maxLength: 40 }), (steps) => {
        const progress = opened(0, 0);
        let fetched = 0;
        let position = 0;
        let end = 0;
        let now = 0;
        for (const { kind, count } of steps) {
          end += 1;
          now = end * 1000;
          if (kind === 'again') fetched = position;
          if (kind === 'commit') position = Math.min(fetched, position + count);
          if (kind === 'commit') progress.committed(position, time);
          else {
            const to = Math.min(end, fetched + count);
            // Record n is written at n + 1 seconds.
            progress.fetched(batch(fetched, Array.from({ length: to - fetched }, (_, index) => (fetched + index + 1) * 1000), end), now);
            fetched = to;
          }
          const { lag, lagSeconds } = progress.status(now);
          // After a commit the end is known from the last fetch.
          assert.ok(lag >= 0 && lag <= end - position);
          if (lag === 0) assert.equal(lagSeconds, 0);
          else {
            const exact = (now - (position + 1) * 1000) / 1000;
            // A batch that is committed in part counts from its first record; a fetch has six at most.
            assert.ok(lagSeconds !== null && lagSeconds >= exact && lagSeconds <= exact + 6, `${lagSeconds} for ${exact}`);
          }
        }
      })
    );
  });

  it('does not count what retention took', () => {
    const progress = opened(10, 10);
    progress.fetched(batch(100, [5000], 110, 100), 6000);
    assert.deepEqual([progress.status(6000).lag, progress.status(6000).lagSeconds], [10, 1]);
  });

  it('is not known in seconds where nothing was read, or records have no timestamp', () => {
    assert.equal(opened(0, 5).status(1000).lagSeconds, null);
    const progress = opened(0, 5);
    progress.fetched(batch(0, [-1, -1], 5), 1000);
    assert.equal(progress.status(2000).lagSeconds, null);
  });

  it('what comes after a quiet time is no older than that', () => {
    const progress = opened(0, 0);
    progress.fetched(batch(0, [1000], 1), 1000);
    progress.committed(1, time);
    progress.ended(1, 3_600_000);
    // Ten seconds later there is one more, which nobody has fetched.
    progress.ended(2, 3_610_000);
    assert.equal(progress.status(3_611_000).lagSeconds, 11);
  });

  it('has a watermark for as long as it holds others back', () => {
    const progress = opened(0, 0);
    progress.committed(1, { watermark: 7, idle: false });
    assert.equal(progress.watermark, 7);
    progress.committed(1, { watermark: 7, idle: true });
    assert.equal(progress.watermark, -Infinity);
  });
});
