import assert from 'node:assert/strict';
import { it } from 'node:test';
import { HeldRecords } from '../../../actors/join/held-records.ts';
import { plainCodecs } from '../../../src/codec/plain.ts';
import { MemoryStore } from '../../support/memory-store.ts';
import { recordOf } from '../../topology/harness.ts';

it('records that wait are due once: with both sides idle nothing is left that would ask for another barrier', () => {
  const held = new HeldRecords(new MemoryStore(), plainCodecs.json);
  for (const time of [30, 10, 20]) held.add({ key: 'k', record: recordOf({ time }, { time }), watermark: -Infinity });
  const left: number[] = [];
  const release = (upTo: number, limit: number): boolean => held.release(upTo, limit, ({ record }) => left.push(record.time));
  assert.deepEqual([release(10, 10), left], [false, [10]]);
  assert.deepEqual([release(Infinity, 1), left], [true, [10, 20]]);
  assert.deepEqual([release(Infinity, 1), left], [false, [10, 20, 30]]);
  assert.deepEqual([release(Infinity, 1), left], [false, [10, 20, 30]]);
});
