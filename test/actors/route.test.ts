import assert from 'node:assert/strict';
import { it } from 'node:test';
import { recordOf, run, transformOf } from '../topology/harness.ts';

const routes = { high: 'value.n > 10', even: 'value.n % 2 == 0' };
const two = ['node.high', 'node.even'];
const three = [...two, 'node.rest'];

function ports(options: object, outputs: readonly string[], value: unknown) {
  const { forwarded, copies, filtered, failed } = run(transformOf({ type: 'route', routes, ...options }, outputs), [recordOf(value)]);
  return { forwarded: forwarded.map(({ port }) => port), copies: copies.map(({ port }) => port), filtered: filtered.length, failed: failed.length };
}

it('sends to the first route that matches', () => {
  assert.deepEqual(ports({}, two, { n: 12 }), { forwarded: [0], copies: [], filtered: 0, failed: 0 });
  assert.deepEqual(ports({}, two, { n: 2 }), { forwarded: [1], copies: [], filtered: 0, failed: 0 });
  assert.deepEqual(ports({}, two, { n: 1 }), { forwarded: [], copies: [], filtered: 1, failed: 0 });
});

it('sends to all that match, and to otherwise where none does', () => {
  assert.deepEqual(ports({ match: 'all' }, two, { n: 12 }), { forwarded: [0], copies: [1], filtered: 0, failed: 0 });
  assert.deepEqual(ports({ match: 'all', otherwise: 'rest' }, three, { n: 1 }), { forwarded: [2], copies: [], filtered: 0, failed: 0 });
});

it('fails a record as a whole, though an earlier route matched', () => {
  const options = { match: 'all', routes: { high: 'value.n > 10', even: 'value.missing' } };
  assert.deepEqual(ports(options, two, { n: 12 }), { forwarded: [], copies: [], filtered: 0, failed: 1 });
  assert.deepEqual(ports({ routes: { high: 'value.n', even: 'true' } }, two, { n: 12 }), { forwarded: [], copies: [], filtered: 0, failed: 1 });
});

it('sends a tombstone everywhere when a route reads value', () => {
  assert.deepEqual(ports({ otherwise: 'rest' }, three, undefined), { forwarded: [0], copies: [1, 2], filtered: 0, failed: 0 });
  assert.deepEqual(ports({ routes: { high: 'key == "k"', even: 'true' } }, two, undefined), { forwarded: [0], copies: [], filtered: 0, failed: 0 });
});
