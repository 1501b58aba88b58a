import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { StreamRecord } from '../../actors/record.ts';
import { deepFreeze, recordOf, run, transformOf } from '../topology/harness.ts';

/* What holds for every transform, whatever comes in. */

const kinds: readonly (readonly [name: string, options: object, outputs?: readonly string[]])[] = [
  ['filter', { type: 'filter', where: 'value.a > 1' }],
  ['filter by key', { type: 'filter', where: 'key == "k"' }],
  ['map', { type: 'map', rename: { a: 'b.c' }, remove: ['d'], set: { e: 'value.a + 1' } }],
  ['map keep', { type: 'map', keep: ['a', 'b.c'] }],
  ['route first', { type: 'route', routes: { x: 'value.a == 1', y: 'has(value.b)' }, otherwise: 'z' }, ['node.x', 'node.y', 'node.z']],
  ['route all', { type: 'route', match: 'all', routes: { x: 'value.a == 1', y: 'has(value.b)' } }, ['node.x', 'node.y']],
  ['validate', { type: 'validate', rules: { r: 'value.a > 1', s: 'has(value.b)', t: 'topic == "in"' } }],
  ['merge', { type: 'merge' }],
  ['script', { type: 'script', module: 'test/support/scripts/record.ts', options: { above: 1 } }],
  ['script in batches', { type: 'script', module: 'test/support/scripts/batch.ts', options: { above: 1 } }]
];

const value = fc.oneof(
  { weight: 3, arbitrary: fc.record({ a: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.string()), b: fc.jsonValue(), d: fc.jsonValue() }, { requiredKeys: [] }) },
  { weight: 1, arbitrary: fc.jsonValue() },
  { weight: 1, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.constantFrom('{"__proto__":{"a":5}}', '{"constructor":1,"a":2}', '{"a":{"__proto__":1}}').map((text): unknown => JSON.parse(text)) }
);

const key = fc.constantFrom(null, Uint8Array.of(0xff), new TextEncoder().encode('k'));

describe('every transform', () => {
  for (const [name, options, outputs] of kinds) {
    const logic = transformOf(options, outputs);

    it(`${name}: forwarded + filtered + failed = received, each input once`, () => {
      fc.assert(
        fc.property(fc.array(fc.record({ value, key })), (inputs) => {
          const records = inputs.map((input, offset) => recordOf(input.value, { key: input.key, offset }));
          const { forwarded, filtered, failed, copies } = run(logic, records);
          const seen = [...forwarded, ...failed].map(({ record }) => record.offset).concat(filtered.map(({ offset }) => offset));
          assert.deepEqual(seen.sort((a, b) => a - b), records.map(({ offset }) => offset));
          for (const { failure } of failed) assert.equal(failure.kind, 'poison');
          for (const { record } of copies) assert.ok(forwarded.some((other) => other.record === record));
        })
      );
    });

    it(`${name}: changes no input, and keeps key, headers and position`, () => {
      fc.assert(
        fc.property(value, (input) => {
          const before = JSON.stringify(input);
          const record: StreamRecord = Object.freeze(recordOf(deepFreeze(input), { headers: [['h', null]] }));
          for (const output of run(logic, [record]).forwarded) {
            const { value: _value, changed: _changed, ...rest } = output.record;
            const { value: _old, changed: _was, ...original } = record;
            assert.deepEqual(rest, original);
            if (!output.record.changed) assert.equal(output.record, record);
          }
          assert.equal(JSON.stringify(input), before);
        })
      );
    });

    it(`${name}: keeps the order of what it forwards`, () => {
      const records = [1, 2, undefined, 3, 1].map((a, offset) => recordOf(a === undefined ? undefined : { a, b: 1 }, { offset }));
      const offsets = run(logic, records).forwarded.map(({ record }) => record.offset);
      assert.deepEqual(offsets, [...offsets].sort((a, b) => a - b));
    });
  }
});
