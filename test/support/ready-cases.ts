import assert from 'node:assert/strict';
import type { Broker } from '../../actors/port.ts';
import { readCommitted } from './stream.ts';

/** A record to be put into a topic; a value that is no text is written as JSON. */
interface InputRecord {
  readonly topic: string;
  readonly partition?: number;
  readonly key?: string | null;
  readonly value: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: now. */
  readonly timestamp?: number;
}

/** What a ready topology makes of what. */
export interface ReadyCase {
  readonly input: readonly InputRecord[];
  /** Values by topic, in any order; every topic it writes. */
  readonly expected: Readonly<Record<string, readonly unknown[]>>;
  /** Of each key only the last record counts: how often a window is sent again depends on where checkpoints fall. */
  readonly latest?: boolean;
  /** A sink, and how many records it is to write; where these come only when windows are over. */
  readonly waitsFor?: { readonly sink: string; readonly records: number };
  /** Whether it ends by itself. */
  readonly ends?: boolean;
  /** Takes out of an output what changes from run to run. */
  strip?(text: string): string;
  /** What values do not show. */
  check?(broker: Broker): Promise<void>;
}

const withoutTimes = (text: string): string => text.replace(/,"processed_at":\d{13}/, '');

async function headersOf(broker: Broker, topic: string): Promise<Map<string, string>[]> {
  return (await readCommitted(broker, topic)).map(({ headers }) => new Map(headers.map(([name, value]) => [name, Buffer.from(value ?? []).toString()])));
}

const minute = 60_000;
const start = Date.parse('2026-11-01T00:00:00Z');

/** An event of the topologies that count by minute, in a partition of its own choice. */
function event(partition: number, type: string, amount: number, seconds: number): InputRecord {
  return { topic: 'metrics', partition, key: `k${partition}`, value: { type, amount, at: start + seconds * 1000 } };
}

/** Three partitions with purchases in the first minute, each closed by a view ten minutes later; and one that is late then. */
const metrics = [event(0, 'purchase', 5, 1), event(1, 'purchase', 10, 59), event(2, 'purchase', 30, 30), ...[0, 1, 2].map((partition) => event(partition, 'view', 1, 600)), event(0, 'purchase', 9, 30)];
const lateEvent = { type: 'purchase', amount: 9, at: start + 30_000 };
const purchases = { key: 'purchase', count: 3, avg_amount: 15, max_amount: 30, window: { start, end: start + minute } };
const views = { key: 'view', count: 3, avg_amount: 1, max_amount: 1, window: { start: start + 10 * minute, end: start + 11 * minute } };

/** The same for another topology: each has topics of its own. */
function into(topic: string, records: readonly InputRecord[]): InputRecord[] {
  return records.map((record) => ({ ...record, topic }));
}

/** Six hours ago: sessions go by the records' timestamps, and a Kafka deletes what is old by them. */
const visit = Math.floor(Date.now() / minute) * minute - 360 * minute;

/** A click, so many minutes after the first. */
function click(partition: number, user: string, minutes: number, amount?: number): InputRecord {
  return { topic: 'clicks', partition, value: { user_id: user, page: `/${minutes}`, amount }, timestamp: visit + minutes * minute };
}

/** An order in each of three partitions whose payments are in each of three: they keep event time going. */
const openPair = { key: 'open', order: { order: 'open', amount: 1, at: start + 10 * minute }, payment: { order: 'open', amount: 1, at: start + 10 * minute }, time: { order: start + 10 * minute, payment: start + 10 * minute } };

/** By the name of the file in config/. */
export const cases: Readonly<Record<string, ReadyCase>> = {
  starter: {
    input: [
      { topic: 'purchases', value: { customer: 'c1', price: 400, quantity: 3, card_number: '4111' } },
      { topic: 'purchases', value: { customer: 'c2', price: 2.5, quantity: 2 } },
      { topic: 'purchases', value: { customer: 'c3', price: 9, quantity: 1, test: true } },
      { topic: 'purchases', value: { customer: 'c4', price: '9' } }
    ],
    expected: {
      'purchases-large': [{ customer: 'c1', price: 400, quantity: 3, total: 1200 }],
      'purchases-small': [{ customer: 'c2', price: 2.5, quantity: 2, total: 5 }],
      'purchases-dead-letters': [{ customer: 'c4', price: '9' }]
    },
    strip: withoutTimes
  },
  'filter-and-route': {
    input: [
      { topic: 'events', key: 'a', value: '{"user_id":"u1", "severity":"high"}' },
      { topic: 'events', value: { user_id: 'u2', severity: 'low' } },
      { topic: 'events', value: { user_id: 'u3' } },
      { topic: 'events', value: { user_id: 'u4', severity: 'high', test: true } },
      { topic: 'events', value: { user_id: 'u5', severity: 'high', test: false } },
      { topic: 'events', value: '{"user_id":' },
      { topic: 'events', value: { severity: 'high' } }
    ],
    expected: {
      'events-urgent': ['{"user_id":"u1", "severity":"high"}', { user_id: 'u5', severity: 'high', test: false }],
      'events-standard': [{ user_id: 'u2', severity: 'low' }, { user_id: 'u3' }],
      'events-errors': ['{"user_id":', { severity: 'high' }]
    },
    async check(broker) {
      const codes = (await headersOf(broker, 'events-errors')).map((headers) => `${headers.get('millrace.error.node')} ${headers.get('millrace.error.code')}`);
      assert.deepEqual(codes.toSorted(), ['events undecodable', 'urgent expression_failed']);
      const keys = (await readCommitted(broker, 'events-urgent')).map(({ key }) => Buffer.from(key ?? []).toString());
      assert.deepEqual(keys.toSorted(), ['u1', 'u5']);
    }
  },
  'schema-check': {
    input: [
      { topic: 'signups', key: 'k', value: '{ "id": "1", "type": "signup", "user_id": "u", "extra": 1.50 }', headers: { h: 'x' } },
      { topic: 'signups', value: { id: '2', type: 'payment', user_id: 'u', amount: 3 } },
      { topic: 'signups', value: { id: '3', type: 'payment', user_id: 'u' } },
      { topic: 'signups', value: { id: '4', type: 'payment', user_id: 'u', amount: -1 } },
      { topic: 'signups', value: { id: '5', type: 'signup' } },
      { topic: 'signups', value: { id: 6, type: 'signup', user_id: 'u' } },
      { topic: 'signups', value: 'no json' },
      { topic: 'signups', key: 'gone', value: null }
    ],
    expected: {
      'signups-checked': ['{ "id": "1", "type": "signup", "user_id": "u", "extra": 1.50 }', { id: '2', type: 'payment', user_id: 'u', amount: 3 }, ''],
      'signups-rejected': [
        { id: '3', type: 'payment', user_id: 'u' },
        { id: '4', type: 'payment', user_id: 'u', amount: -1 },
        { id: '5', type: 'signup' },
        { id: 6, type: 'signup', user_id: 'u' },
        'no json'
      ]
    },
    async check(broker) {
      const codes = (await headersOf(broker, 'signups-rejected')).map((headers) => headers.get('millrace.error.code'));
      assert.deepEqual(codes.toSorted(), ['rule_violation', 'rule_violation', 'schema_violation', 'schema_violation', 'undecodable']);
      assert.ok((await headersOf(broker, 'signups-checked')).some((headers) => headers.get('h') === 'x'));
    }
  },
  reshape: {
    input: [
      { topic: 'payments', value: '{"usr":"u1","amount":12.34,"card":"4111","internal":{"notes":"n","id":7},"address":{"country":"CH"}}' },
      { topic: 'payments', value: { usr: 'u2', amount: 5 } },
      { topic: 'payments', value: { usr: 'u3', amount: 'five' } }
    ],
    expected: {
      'payments-public': [
        { amount: 12.34, internal: { id: 7 }, address: { country: 'CH' }, user_id: 'u1', amount_cents: 1234, country: 'CH' },
        { amount: 5, user_id: 'u2', amount_cents: 500, country: 'unknown' }
      ],
      'payments-archive': [
        '{"usr":"u1","amount":12.34,"card":"4111","internal":{"notes":"n","id":7},"address":{"country":"CH"}}',
        { usr: 'u2', amount: 5 },
        { usr: 'u3', amount: 'five' }
      ],
      'payments-errors': [{ usr: 'u3', amount: 'five' }]
    },
    strip: withoutTimes,
    async check(broker) {
      for (const headers of await headersOf(broker, 'payments-archive')) assert.equal(headers.get('copied_from'), 'payments');
    }
  },
  'many-sinks': {
    input: [
      { topic: 'orders', value: { customer: 'c1', item: 'i1', price: 5, quantity: 2, region: 'eu' } },
      { topic: 'orders', value: { customer: 'c2', item: 'i2', price: 20000, quantity: 1, region: 'us' } },
      { topic: 'orders', value: { customer: 'c3', item: 'i3', price: 1, quantity: 0, region: 'atlantis' } }
    ],
    expected: {
      'orders-invoices': [
        { customer: 'c1', item: 'i1', price: 5, quantity: 2, region: 'eu', total: 10 },
        { customer: 'c2', item: 'i2', price: 20000, quantity: 1, region: 'us', total: 20000 }
      ],
      'orders-stock': [
        { customer: 'c1', item: 'i1', price: 5, quantity: 2, region: 'eu', total: 10 },
        { customer: 'c2', item: 'i2', price: 20000, quantity: 1, region: 'us', total: 20000 }
      ],
      'orders-fraud': [{ customer: 'c2', item: 'i2', price: 20000, quantity: 1, region: 'us', total: 20000 }],
      'orders-eu': [{ customer: 'c1', item: 'i1', price: 5, quantity: 2, region: 'eu', total: 10 }],
      'orders-us': [{ customer: 'c2', item: 'i2', price: 20000, quantity: 1, region: 'us', total: 20000 }],
      'orders-errors': [{ customer: 'c3', item: 'i3', price: 1, quantity: 0, region: 'atlantis' }]
    }
  },
  backfill: {
    ends: true,
    input: [
      { topic: 'history', value: { user: 'u1', n: 1 } },
      { topic: 'history', value: { n: 2 } },
      { topic: 'history', value: 'broken' }
    ],
    expected: {
      'history-v2': [{ n: 1, user_id: 'u1', version: 2 }],
      'history-errors': [{ n: 2 }, 'broken']
    }
  },
  script: {
    input: [
      { topic: 'orders-placed', key: 'o1', value: { customer: 'c1', shop: 's', items: [{ sku: 'a', price: 60, quantity: 2 }, { sku: 'b', price: 1.1, quantity: 3 }] } },
      { topic: 'orders-placed', key: 'o2', value: { customer: 'c2', items: [] } },
      { topic: 'orders-placed', key: 'o3', value: { customer: 'c3', test: true, items: [{ sku: 'a', price: 1, quantity: 1 }] } },
      { topic: 'orders-placed', key: 'o4', value: { customer: 'c4', cancelled: true } },
      { topic: 'orders-placed', key: 'o5', value: '{"items": [], "no": "customer"}' },
      { topic: 'orders-placed', key: 'o6', value: { customer: 'c6', items: [{ sku: 'a', price: 1, quantity: 1 }, null] } },
      { topic: 'orders-placed', key: 'o7', value: null }
    ],
    expected: {
      'order-items': [{ shop: 's', customer: 'c1', sku: 'a', quantity: 2, total: 120, large: true }, { shop: 's', customer: 'c1', sku: 'b', quantity: 3, total: 3.3, large: false }, '', ''],
      'order-items-errors': ['{"items": [], "no": "customer"}', { customer: 'c6', items: [{ sku: 'a', price: 1, quantity: 1 }, null] }]
    },
    async check(broker) {
      const items = (await readCommitted(broker, 'order-items')).map(({ key, headers }) => [Buffer.from(key ?? []).toString(), ...headers.map(([name, value]) => `${name}=${Buffer.from(value ?? []).toString()}`)].join(' '));
      assert.deepEqual(items.toSorted(), ['c1 order=o1', 'c1 order=o1', 'o4', 'o7']);
      const messages = (await headersOf(broker, 'order-items-errors')).map((headers) => headers.get('millrace.error.message') ?? '');
      assert.deepEqual(messages.filter((message) => /^expected a customer$|^enrich\.ts:\d+: TypeError/.test(message)).length, 2, messages.join());
    }
  },
  'per-minute': {
    latest: true,
    input: metrics,
    expected: { 'metrics-per-minute': [purchases, views], 'metrics-late': [lateEvent], 'metrics-errors': [] }
  },
  'per-minute-final': {
    waitsFor: { sink: 'counts', records: 1 },
    input: into('usage', metrics),
    expected: { 'usage-per-minute': [purchases], 'usage-late': [lateEvent], 'usage-errors': [] }
  },
  'per-minute-complete': {
    latest: true,
    input: into('activity', [...metrics.slice(0, -1), event(0, 'view', 1, 3600), event(0, 'purchase', 9, 30)]),
    expected: {
      'activity-per-minute': [purchases, views, { ...views, count: 1, window: { start: start + 60 * minute, end: start + 61 * minute } }],
      'activity-late': [lateEvent],
      'activity-errors': []
    }
  },
  sessions: {
    waitsFor: { sink: 'sessions', records: 1 },
    input: [click(0, 'ann', 0), click(1, 'ann', 50, 20), click(2, 'ann', 25, 5), ...[0, 1, 2].map((partition) => click(partition, 'last', 300))],
    expected: {
      'user-sessions': [{ clicks: 3, entry: '/0', exit: '/50', pages: 3, spent: 25, window: { start: visit, end: visit + 50 * minute }, user_id: 'ann', minutes: 50 }],
      'clicks-late': [],
      'clicks-errors': []
    },
    async check(broker) {
      assert.deepEqual((await readCommitted(broker, 'user-sessions')).map(({ key }) => Buffer.from(key ?? []).toString()), ['ann']);
    }
  },
  enrich: {
    input: [
      { topic: 'users', key: 'u1', value: { name: 'Ada', country: 'GB', email: 'a@example.com' } },
      { topic: 'users', key: 'u2', value: { name: 'Bob', country: 'US' } },
      { topic: 'users', key: 'u2', value: null },
      { topic: 'page-views', value: { user_id: 'u1', page: '/' } },
      { topic: 'page-views', value: { user_id: 'u2', page: '/a' } },
      { topic: 'page-views', value: { page: '/b' } }
    ],
    expected: {
      'page-views-enriched': [
        { user_id: 'u1', page: '/', user: { name: 'Ada', country: 'GB' }, country: 'GB' },
        { user_id: 'u2', page: '/a', user: null, country: 'unknown' }
      ],
      'page-views-errors': [{ page: '/b' }]
    }
  },
  payments: {
    waitsFor: { sink: 'unpaid', records: 1 },
    input: [
      { topic: 'orders-made', value: { order: 'o1', amount: 10, at: start } },
      { topic: 'orders-made', value: { order: 'o2', amount: 20, at: start + 1000 } },
      { topic: 'payments-made', value: { order: 'o1', amount: 10, at: start + 30_000 } },
      { topic: 'payments-made', value: { order: 'o9', amount: 5, at: start + 20_000 } },
      ...[0, 1, 2].flatMap((partition) => ['orders-made', 'payments-made'].map((topic) => ({ topic, partition, value: { order: 'open', amount: 1, at: start + 10 * minute } })))
    ],
    expected: {
      'orders-paid': [
        { key: 'o1', order: { order: 'o1', amount: 10, at: start }, payment: { order: 'o1', amount: 10, at: start + 30_000 }, time: { order: start, payment: start + 30_000 } },
        { key: 'o2', order: { order: 'o2', amount: 20, at: start + 1000 }, payment: null, time: { order: start + 1000, payment: null } },
        ...Array.from({ length: 9 }, () => openPair)
      ],
      'orders-unpaid': [{ key: 'o2', order: { order: 'o2', amount: 20, at: start + 1000 }, payment: null, time: { order: start + 1000, payment: null } }],
      'payments-unordered': [{ key: 'o9', order: null, payment: { order: 'o9', amount: 5, at: start + 20_000 }, time: { order: null, payment: start + 20_000 } }],
      'payments-wrong': [],
      'order-payments-late': [],
      'order-payments-errors': []
    }
  },
  dedupe: {
    input: [0, 1, 2].flatMap((partition) => [1, 2].map((click) => ({ topic: 'ad-clicks', partition, value: { click_id: `c${click}`, ad: 7, at: start } }))),
    expected: { 'ad-clicks-unique': [{ click_id: 'c1', ad: 7, at: start }, { click_id: 'c2', ad: 7, at: start }], 'ad-clicks-late': [], 'ad-clicks-errors': [] }
  },
  customers: {
    waitsFor: { sink: 'addressed', records: 2 },
    input: [
      { topic: 'customer-changes', key: 'c1', value: { city: 'London', updated_at: start } },
      { topic: 'customer-changes', key: 'c1', value: { city: 'Paris', updated_at: start + 60 * minute } },
      { topic: 'bills', value: { bill: 'b1', customer_id: 'c1', made_at: start + 30 * minute } },
      { topic: 'bills', value: { bill: 'b2', customer_id: 'c1', made_at: start + 90 * minute } }
    ],
    expected: {
      'bills-addressed': [
        { bill: 'b1', customer_id: 'c1', made_at: start + 30 * minute, customer: { city: 'London', updated_at: start } },
        { bill: 'b2', customer_id: 'c1', made_at: start + 90 * minute, customer: { city: 'Paris', updated_at: start + 60 * minute } }
      ],
      'bills-errors': []
    }
  },
  mirror: {
    input: [
      { topic: 'shop-a', partition: 2, key: 'k', value: 'not json', headers: { h: '1' } },
      { topic: 'shop-a', partition: 0, value: { n: 1 } },
      { topic: 'shop-b', partition: 1, key: 'k', value: null },
      { topic: 'other', partition: 1, value: 'left alone' }
    ],
    expected: { 'copy.shop-a': ['not json', { n: 1 }], 'copy.shop-b': [''] },
    async check(broker) {
      const places = async (topic: string): Promise<string[]> =>
        (await readCommitted(broker, topic)).map(({ partition, key, value, headers }) => `${partition} ${key === null ? '-' : Buffer.from(key).toString()} ${value === null ? 'none' : 'some'} ${headers.length}`);
      assert.deepEqual(await places('copy.shop-a'), ['0 - some 0', '2 k some 1']);
      assert.deepEqual(await places('copy.shop-b'), ['1 k none 0']);
    }
  }
};
