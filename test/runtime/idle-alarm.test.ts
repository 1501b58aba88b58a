import assert from 'node:assert/strict';
import { it } from 'node:test';
import { untilIdle } from '../../src/runtime/idle-alarm.ts';

const after10s = { idle: 10_000, advance: false };

it('a partition that becomes idle while a checkpoint is made is told to be', () => {
  assert.equal(untilIdle(after10s, { now: 9990, told: 9000 }), 10);
  assert.equal(untilIdle(after10s, { now: 10_005, told: 9995 }), 0);
  assert.equal(untilIdle(after10s, { now: 10_010, told: 10_006 }), Infinity);
});

it('records since the last barrier make it wait anew; one that goes on with the clock asks each second; never is never', () => {
  assert.equal(untilIdle(after10s, { now: 0, told: 20_000 }), 10_000);
  assert.equal(untilIdle({ ...after10s, advance: true }, { now: 30_000, told: 29_000 }), 1000);
  assert.equal(untilIdle({ idle: Infinity, advance: false }, { now: 1e9, told: 0 }), Infinity);
});
