import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { SortedKeys } from '../../src/state/sorted-keys.ts';

it('property: keys are in order, however many came at once, and a range has those between its ends', () => {
  const key = fc.integer({ min: 0, max: 60_000 }).map((number) => String.fromCharCode(number >>> 8, number & 255));
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 1500 }), fc.integer()), { maxLength: 6 }), key, key, (loads, from, to) => {
      const keys = new SortedKeys();
      const model = new Set<string>();
      for (const [count, seed] of loads) {
        const fresh = new Set<string>();
        for (let n = 0; n < count; n += 1) {
          const number = Math.abs(Math.imul(seed + n, 2_654_435_761) >> 3) % 60_000;
          const text = String.fromCharCode(number >>> 8, number & 255);
          if (!model.has(text)) fresh.add(text);
        }
        for (const text of fresh) model.add(text);
        keys.add([...fresh]);
      }
      assert.equal(keys.size, model.size);
      assert.deepEqual(keys.between(from, to), [...model].filter((each) => each >= from && each < to).sort());
      assert.deepEqual(keys.between('', '\xff\xff\xff'), [...model].sort());
    }),
    { numRuns: 200 }
  );
});
