import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { binaryToTime, timeToBinary, toBinary, toBytes } from '../../../actors/keyed/binary.ts';

it('bytes survive being a binary string, whatever their number', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
    const binary = toBinary(bytes);
    assert.deepEqual([binary, binary.length], [Buffer.from(bytes).toString('latin1'), bytes.length]);
    assert.deepEqual(toBytes(binary), bytes);
  }));
});

it('times survive, and compare as their bytes do', () => {
  const time = fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -5, max: 5 }), fc.constantFrom(2 ** 32, 2 ** 32 - 1, -(2 ** 32), Number.MIN_SAFE_INTEGER));
  fc.assert(fc.property(time, time, (a, b) => {
    assert.equal(binaryToTime(`x${timeToBinary(a)}`, 1), a + 0);
    assert.equal(Buffer.compare(Buffer.from(timeToBinary(a), 'latin1'), Buffer.from(timeToBinary(b), 'latin1')), Math.sign(a - b));
  }));
});
