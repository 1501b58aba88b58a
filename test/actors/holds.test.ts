import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compareHolds, incompatible, showChange } from '../../actors/holds.ts';

const before = { key: null, window: { kind: 'aligned', size: 60_000, every: 60_000 }, aggregate: [['count', 'count']] };

describe('what a store holds', () => {
  it('is the same whatever the order of its fields, and as it comes back from JSON', () => {
    assert.deepEqual(compareHolds(before, { aggregate: [['count', 'count']], window: { every: 60_000, size: 60_000, kind: 'aligned', offset: undefined }, key: null }), []);
  });

  it('is told field by field where it differs', () => {
    const changes = compareHolds(before, { key: 'value.a', window: { kind: 'aligned', size: 300_000, every: 60_000 }, reduce: 1 });
    assert.deepEqual(changes.map(showChange), ['aggregate: [["count","count"]] → absent', 'key: null → "value.a"', 'reduce: absent → 1', 'window.size: 60000 → 300000']);
    assert.deepEqual(compareHolds({ window: null }, { window: { size: 1 } }).map(showChange), ['window: null → {"size":1}']);
    const failure = incompatible('counts', 'task counts-0', changes.slice(3));
    assert.deepEqual([failure.code, failure.message], ['state_incompatible', 'Store counts of task counts-0 was written for another definition: window.size: 60000 → 300000.']);
  });
});
