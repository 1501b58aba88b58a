import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Plan } from '../../src/topology/model.ts';
import { planOf, problemsOf } from './harness.ts';

function topology(transforms: object, from: string): object {
  return {
    name: 'shop',
    broker: { type: 'embedded', path: './data' },
    sources: { orders: { type: 'kafka', topic: 'o' }, payments: { type: 'kafka', topic: 'p' }, changes: { type: 'kafka', topic: 'c' } },
    transforms,
    sinks: { out: { type: 'kafka', from, topic: 'out' }, ...Object.fromEntries(['orders', 'payments', 'changes'].map((name) => [`rest_${name}`, { type: 'kafka', from: name, topic: `rest-${name}` }])) }
  };
}

function hopsOf({ internalTopics }: Plan): string[] {
  return internalTopics.flatMap(({ kind, topic }) => (kind === 'repartition' ? [topic] : []));
}

const pair = { type: 'join', from: 'orders', with: 'payments', within: '1m', late: 'drop' };
const counts = { type: 'window', window: { type: 'tumbling', size: '1m' }, aggregate: { n: 'count()' }, late: 'drop' };

describe('the plan of joins', () => {
  it('brings just those sides over a topic whose records are grouped by another key than their own', () => {
    const hops = (key: unknown): string[] => hopsOf(planOf(topology({ paid: { ...pair, ...(key === undefined ? {} : { key }) } }, 'paid')));
    assert.deepEqual(hops(undefined), []);
    assert.deepEqual(hops({ right: 'value.order' }), ['shop-paid-right-repartition']);
    assert.deepEqual(hops('value.order'), ['shop-paid-left-repartition', 'shop-paid-right-repartition']);
  });

  it('knows that what is joined is where its key belongs, and that what crossed for another key is not', () => {
    assert.deepEqual(hopsOf(planOf(topology({ paid: { ...pair, key: 'value.order' }, per_order: { ...counts, from: 'paid' } }, 'per_order'))), ['shop-paid-left-repartition', 'shop-paid-right-repartition']);
    const dedupe = { type: 'dedupe', from: 'orders', key: 'value.id', within: '1m', late: 'drop' };
    assert.deepEqual(hopsOf(planOf(topology({ unique: dedupe, per_key: { ...counts, from: 'unique' } }, 'per_key'))), ['shop-unique-repartition', 'shop-per_key-repartition']);
  });

  it('keeps a table node and those that look up in it in one task, and reads what fills it first', () => {
    const plan = planOf(topology({ customers: { type: 'table', from: 'changes' }, billed: { type: 'join', from: 'orders', table: 'customers', key: 'value.customer', into: 'customer' } }, 'billed'));
    const sub = plan.subTopologies.find(({ stores }) => stores.includes('customers'));
    assert.deepEqual([sub?.stores, sub?.first, sub?.reads.topics], [['customers', 'billed'], ['c'], ['c', 'shop-billed-repartition']]);
    assert.equal(plan.subTopologies.find(({ reads }) => reads.topics.includes('o'))?.first.length, 0);
  });

  it('refuses a node that would have to wait for the table that it takes turns with', () => {
    const problems = problemsOf(topology({ customers: { type: 'table', from: 'changes' }, known: { type: 'filter', from: 'customers', where: 'true' }, again: { type: 'join', from: 'known', table: 'customers', into: 'customer' } }, 'again'));
    assert.deepEqual(problems.map(({ code, message }) => `${code}: ${message}`), ['cycle: again looks up in customers and reads what comes of customers, which belongs to the same table']);
  });
});
