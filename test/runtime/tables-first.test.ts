import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TablesFirst } from '../../src/runtime/tables-first.ts';

const inputs = [
  { topic: 'orders', start: 0, end: 50 },
  { topic: 'users', start: 2, end: 10 },
  { topic: 'cities', start: 4, end: 4 }
];

describe('tables are filled before anything is looked up', () => {
  it('holds the other inputs until what there was for the tables is committed', () => {
    const tables = new TablesFirst(['users', 'cities'], inputs);
    assert.deepEqual(inputs.map(({ topic }) => tables.holds(topic)), [true, false, false]);
    assert.equal(tables.committed([{ topic: 'users', offset: 9 }, { topic: 'cities', offset: 4 }]), false);
    assert.equal(tables.holds('orders'), true);
    assert.equal(tables.committed([{ topic: 'users', offset: 12 }]), true);
    assert.equal(tables.holds('orders'), false);
    assert.equal(tables.committed([{ topic: 'users', offset: 13 }]), false);
  });

  it('holds nobody where the tables are read to their ends already, or there are none', () => {
    assert.equal(new TablesFirst(['cities'], inputs).holds('orders'), false);
    assert.equal(new TablesFirst([], inputs).holds('orders'), false);
  });
});
