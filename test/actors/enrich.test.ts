import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Failure } from '../../actors/failure.ts';
import type { StoreValue } from '../../actors/store.ts';
import type { TableView } from '../../actors/table/table.ts';
import { deepFreeze, noTask, planOf, recordOf, run } from '../topology/harness.ts';
import type { Outcome } from '../topology/harness.ts';

const rows: Readonly<Record<string, StoreValue>> = deepFreeze({ u1: { name: 'Ada', country: 'GB' }, 7: { name: 'Seven' }, true: { name: 'Yes' }, none: null, text: 'no object' });
const table: TableView = { get: (key) => (Object.hasOwn(rows, key) ? rows[key] : undefined) };

/** What an enrich node makes of values. */
function enriched(options: object, values: readonly unknown[], view: TableView = table): Outcome {
  const plan = planOf({
    name: 'test',
    broker: { type: 'embedded', path: './data' },
    on_error: 'skip',
    sources: { events: { type: 'kafka', topic: 'in' } },
    tables: { users: { type: 'kafka', topic: 'users' } },
    transforms: { node: { type: 'enrich', from: 'events', table: 'users', ...options } },
    sinks: { out: { type: 'kafka', from: 'node', topic: 'out' } }
  });
  const node = plan.nodes.find(({ name }) => name === 'node');
  if (node?.kind !== 'transform') throw new Error('there is no transform');
  return run(node.build({ ...noTask, table: (name) => (name === 'users' ? view : noTask.table(name)) }), values.map((value) => deepFreeze(recordOf(value))));
}

const valuesOf = ({ forwarded }: Outcome): unknown[] => forwarded.map(({ record }) => record.value);
const by = { key: 'value.id', into: 'user' };

describe('enrich', () => {
  it('sets the row as a field, without changing record or row', () => {
    assert.deepEqual(valuesOf(enriched(by, [{ id: 'u1', n: 1 }])), [{ id: 'u1', n: 1, user: rows['u1'] }]);
  });

  it('takes numbers and booleans for their text', () => {
    assert.deepEqual(valuesOf(enriched(by, [{ id: 7 }, { id: true }])), [{ id: 7, user: { name: 'Seven' } }, { id: true, user: { name: 'Yes' } }]);
  });

  it("goes by the record's own key where no other is given", () => {
    const seen: string[] = [];
    enriched({ into: 'user' }, [{ id: 'u1' }], { get: (key) => { seen.push(key); return undefined; } });
    assert.deepEqual(seen, ['k']);
  });

  it('makes the objects on the way to a nested field', () => {
    assert.deepEqual(valuesOf(enriched({ ...by, into: 'found.user' }, [{ id: 'u1' }, { id: 'u1', found: { n: 1 } }])), [{ id: 'u1', found: { user: rows['u1'] } }, { id: 'u1', found: { n: 1, user: rows['u1'] } }]);
  });

  it('takes only some fields, into a field or into the value itself; what a row does not have is null', () => {
    assert.deepEqual(valuesOf(enriched({ ...by, fields: ['country', 'City'] }, [{ id: 'u1' }])), [{ id: 'u1', user: { country: 'GB', City: null } }]);
    assert.deepEqual(valuesOf(enriched({ key: 'value.id', fields: ['country', 'toString'] }, [{ id: 'u1' }, { id: 'gone' }, { id: 'text' }])), [
      { id: 'u1', country: 'GB', toString: null }, { id: 'gone', country: null, toString: null }, { id: 'text', country: null, toString: null }
    ]);
  });

  it('missing: keep sets null, drop counts, dead_letter fails; a null key is missing, a row that is null is not', () => {
    const values = [{ id: 'gone' }, { id: null }, { id: 'none' }];
    assert.deepEqual(valuesOf(enriched(by, values)), values.map((value) => ({ ...value, user: null })));
    const dropped = enriched({ ...by, missing: 'drop' }, values);
    assert.deepEqual([dropped.filtered.length, valuesOf(dropped)], [2, [{ id: 'none', user: null }]]);
    const failed = enriched({ ...by, missing: 'dead_letter' }, values);
    assert.deepEqual(failed.failed.map(({ failure }) => `${failure.code}: ${failure.message}`), [
      'row_missing: table: expected a row, there is none under "gone"', 'row_missing: table: expected a row, there is none under the key null'
    ]);
    assert.deepEqual(valuesOf(failed), [{ id: 'none', user: null }]);
  });

  it('passes tombstones as they are, and fails what is no object and what an expression cannot read', () => {
    const { forwarded, failed } = enriched({ key: '"u1"', into: 'user' }, [undefined, null, [1], 'x']);
    assert.equal(forwarded.length, 1);
    assert.equal(forwarded[0]?.record.bytes, null);
    assert.deepEqual(failed.map(({ failure }) => failure.code), ['expression_failed', 'expression_failed', 'expression_failed']);
    assert.deepEqual(enriched(by, [{}]).failed.map(({ failure }) => failure.code), ['expression_failed']);
    assert.match(enriched({ ...by, into: 'a.b' }, [{ id: 'u1', a: 1 }]).failed[0]?.failure.message ?? '', /expected an object on the way to a\.b/);
  });

  it('does not hold against a record that the table cannot be looked up in', () => {
    const away: TableView = { get: () => { throw new Failure('table_unavailable', 'read anew'); } };
    assert.throws(() => enriched(by, [{ id: 'u1' }], away), { code: 'table_unavailable' });
  });
});
