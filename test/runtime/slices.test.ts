import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Slices } from '../../src/runtime/slices.ts';

describe('how many records a source hands on at once', () => {
  it('is few before anything was measured, and a thousand where records cost next to nothing', () => {
    const slices = new Slices();
    const cost = slices.cost();
    assert.equal(slices.size, 20);
    cost.note(0, 50);
    assert.equal(slices.size, 1000);
    cost.note(5, 1000);
    assert.equal(slices.size, 1000);
  });

  it('goes by the node that takes longest for a record, so that its turn is 20 ms', () => {
    const slices = new Slices();
    const [cheap, dear] = [slices.cost(), slices.cost()];
    cheap.note(1, 1000);
    dear.note(100, 50);
    assert.equal(slices.size, 10);
    dear.note(100_000, 10);
    assert.equal(slices.size, 1);
  });

  it('forgets a pause that had nothing to do with the records', () => {
    const slices = new Slices();
    const cost = slices.cost();
    cost.note(50, 1);
    assert.equal(slices.size, 1);
    for (let batch = 0; batch < 60; batch += 1) cost.note(0.01, 1);
    assert.ok(slices.size > 400, String(slices.size));
  });

  it('is from 1 to 1,000, whatever was measured', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(2), fc.double({ min: 0, max: 1e6, noNaN: true }), fc.nat(2000))), (notes) => {
        const slices = new Slices();
        const costs = [slices.cost(), slices.cost(), slices.cost()];
        for (const [node, milliseconds, records] of notes) costs[node]?.note(milliseconds, records);
        assert.ok(Number.isInteger(slices.size) && slices.size >= 1 && slices.size <= 1000, String(slices.size));
      })
    );
  });
});
