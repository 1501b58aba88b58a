import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { recordOf, run, transformOf } from '../topology/harness.ts';

const folder = mkdtempSync(join(tmpdir(), 'millrace-validate-'));
after(() => rmSync(folder, { recursive: true }));
const schema = join(folder, 'a.schema.json');
writeFileSync(schema, JSON.stringify({ type: 'object', required: ['a'], properties: { a: { type: 'number' } } }));

function failureOf(options: object, value: unknown): string | null {
  const { failed } = run(transformOf({ type: 'validate', ...options }), [recordOf(value)]);
  return failed[0] === undefined ? null : `${failed[0].failure.code}: ${failed[0].failure.message}`;
}

it('names every broken rule, those that cannot be evaluated too', () => {
  const rules = { positive: 'value.a > 0', known: 'value.b == 1', odd: 'value.a', same_topic: 'topic == "in"' };
  const message = failureOf({ rules }, { a: -1 }) ?? '';
  assert.match(message, /^rule_violation: rules broken: positive, known \(No such key: b.*\), odd \(gave number/);
  assert.doesNotMatch(message, /same_topic/);
  assert.equal(failureOf({ rules: { positive: 'value.a > 0' } }, { a: 1 }), null);
});

it('checks the schema', () => {
  assert.equal(failureOf({ schema }, { a: 1 }), null);
  assert.equal(failureOf({ schema }, { a: 'x' }), 'schema_violation: /a must be number, found "x"');
  assert.match(failureOf({ schema, rules: { r: 'false' } }, {}) ?? '', /^rule_violation: rules broken: r; schema: value must have required property 'a'/);
});

it('checks on a tombstone only what does not read value', () => {
  assert.equal(failureOf({ schema, rules: { r: 'value.a > 0' } }, undefined), null);
  assert.match(failureOf({ rules: { r: 'value.a > 0', k: 'key == "x"' } }, undefined) ?? '', /broken: k$/);
});
