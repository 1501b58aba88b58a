import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeOffsetMetadata, decodeOffsetMetadata, topicHash } from '../../src/runtime/offset-metadata.ts';
import type { OffsetMetadata } from '../../src/runtime/offset-metadata.ts';
import { recover } from '../../src/runtime/recover.ts';
import type { RecoveryInput } from '../../src/runtime/recover.ts';

const partitions = [{ topic: 'a', partition: 2 }, { topic: 'b', partition: 2 }];

function metadata(epoch: number, counts: Record<string, number> = { a: 4, b: 4 }): string {
  const hashed = Object.fromEntries(Object.entries(counts).map(([topic, count]) => [topicHash(topic), count]));
  return encodeOffsetMetadata({ task: 'sub-2', epoch, nonce: 'n', signature: 's', partitions: hashed, late: [], watermark: epoch * 1000, watermarks: { counts: epoch } });
}

function input(more: Partial<RecoveryInput>): RecoveryInput {
  return { task: 'sub-2', group: 'g', partitions, committed: [null, null], remembered: null, acceptOffsets: false, ...more };
}

function outcome(given: RecoveryInput) {
  const { epoch, positions, late } = recover(given);
  return { epoch, positions, late };
}

describe('recover', () => {
  it('leaves the start to `start:` where nothing was ever committed', () => {
    assert.deepEqual(outcome(input({})), { epoch: -1, positions: [null, null], late: [] });
  });

  it('goes on behind the highest epoch, each partition at its own offset', () => {
    const committed = [{ offset: 10, metadata: metadata(7) }, { offset: 3, metadata: metadata(5) }];
    assert.deepEqual(outcome(input({ committed })), { epoch: 7, positions: [10, 3], late: [] });
  });

  it('gives back what was written beside the latest epoch, and each partition its own watermark', () => {
    const committed = [{ offset: 10, metadata: metadata(7) }, { offset: 3, metadata: metadata(5) }];
    const { latest, watermarks } = recover(input({ committed }));
    assert.deepEqual(watermarks, [7000, 5000]);
    assert.deepEqual(latest?.watermarks, { counts: 7 });
    assert.deepEqual(recover(input({ committed: [null, { offset: 0, metadata: '{"millrace":1,"t":"sub-2","e":0,"n":"n","s":"s","p":{}}' }] })).watermarks, [-Infinity, -Infinity]);
  });

  it('stops when this daemon remembers a commit that the group no longer has', () => {
    const remembered = { epoch: 9, nonce: 'n', offsets: { a: { '2': 41 } } };
    assert.throws(() => recover(input({ remembered })), { code: 'checkpoint_lost', message: /no offset for a\[2\].*last committed offset 41/ });
  });

  it('stops when the offset of one topic is gone and the other tells that it was there', () => {
    const committed = [{ offset: 10, metadata: metadata(7) }, null];
    assert.throws(() => recover(input({ committed })), { code: 'checkpoint_lost', message: /no offset for b\[2\]/ });
  });

  it('takes a topic that was added, and a partition that was added, as new', () => {
    const committed = [{ offset: 10, metadata: metadata(7, { a: 4 }) }, null];
    assert.deepEqual(recover(input({ committed })).positions, [10, null]);
    const grown = [{ offset: 10, metadata: metadata(7, { a: 4, b: 2 }) }, null];
    assert.deepEqual(recover(input({ committed: grown })).positions, [10, null]);
  });

  it('stops where state was to be taken over from an export, also when it is told to accept the offsets', () => {
    const marked = encodeOffsetMetadata({ ...(decodeOffsetMetadata(metadata(7)) as OffsetMetadata), importing: 'abc' });
    const committed = [{ offset: 10, metadata: metadata(7) }, { offset: 3, metadata: marked }];
    for (const acceptOffsets of [false, true]) assert.throws(() => recover(input({ committed, acceptOffsets })), { code: 'import_unfinished', message: /task sub-2/ });
  });

  for (const found of ['', 'set by a script', '{"millrace":2}', '[]', 'null']) {
    it(`stops at an offset that another program committed (${JSON.stringify(found)})`, () => {
      const committed = [{ offset: 10, metadata: found }, null];
      assert.throws(() => recover(input({ committed })), { code: 'foreign_commit', message: /offset 10 for a\[2\]/ });
    });
  }
});

describe('recover, told to accept the offsets as they are', () => {
  it('takes offsets of other programs as positions, what is gone as new, and goes on counting epochs', () => {
    const remembered = { epoch: 9, nonce: 'n', offsets: { a: { '2': 41 }, b: { '2': 7 } } };
    const committed = [{ offset: 10, metadata: '' }, null];
    assert.deepEqual(outcome(input({ committed, remembered, acceptOffsets: true })), { epoch: 9, positions: [10, null], late: [] });
  });
});

describe('offset metadata', () => {
  it('round-trips', () => {
    const value = { task: 'orders-3', epoch: 12, nonce: 'abc', signature: 'def', partitions: { [topicHash('orders')]: 8 }, late: [topicHash('orders')], watermark: 1000, watermarks: { counts: 500 }, base: { epoch: 11, nonce: 'x' }, since: 9, importing: 'abc' };
    assert.deepEqual(decodeOffsetMetadata(encodeOffsetMetadata(value)), value);
  });
});
