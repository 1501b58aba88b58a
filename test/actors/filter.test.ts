import assert from 'node:assert/strict';
import { it } from 'node:test';
import { recordOf, run, transformOf } from '../topology/harness.ts';

it('keeps what is true, filters what is false, fails the rest', () => {
  const { forwarded, filtered, failed } = run(transformOf({ type: 'filter', where: 'value.a' }), [recordOf({ a: true }), recordOf({ a: false }), recordOf({ a: 1 }), recordOf({})]);
  assert.deepEqual([forwarded.length, filtered.length, failed.length], [1, 1, 2]);
  assert.match(failed[0]?.failure.message ?? '', /expected true or false, found number/);
  assert.equal(failed[1]?.failure.code, 'expression_failed');
});

it('passes a tombstone where it reads value, and judges it where it does not', () => {
  const tombstone = recordOf(undefined);
  assert.equal(run(transformOf({ type: 'filter', where: 'value.a > 1' }), [tombstone]).forwarded[0]?.record, tombstone);
  assert.equal(run(transformOf({ type: 'filter', where: 'key == "other"' }), [tombstone]).filtered.length, 1);
});

it('takes a JSON null for a value, not for a tombstone', () => {
  assert.equal(run(transformOf({ type: 'filter', where: 'value == null' }), [recordOf(null)]).forwarded.length, 1);
});
