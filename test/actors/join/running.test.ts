import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { linesOf, runSteps } from '../../testing/support.ts';

/* Joins of streams on the real runtime, through kills. */

const passes = async (topology: string, steps: string): Promise<void> => {
  assert.deepEqual(linesOf(await runSteps(topology, steps, 'partitions: 2')), []);
};

const head = `
broker: { type: kafka, brokers: ["nowhere:9092"] }
on_error: { dead_letter: bad }
`;

describe('a join of streams that runs', () => {
  it('of a node with itself: each record with those that follow it, and with itself', () => passes(`
name: visits
${head}
sources: { clicks: { type: kafka, topic: clicks } }
transforms:
  followed: { type: join, from: clicks, with: clicks, within: { before: 0s, after: 10s }, late: drop, as: { left: first, right: next } }
sinks: { out: { type: kafka, from: followed, topic: out } }
`, `
- records: [{ key: a, value: 1, timestamp: "2026-01-01T00:00:00Z" }, { key: b, value: 2, timestamp: "2026-01-01T00:00:00Z" }]
- expect: { out: [{ has: { first: 1, next: 1 } }, { has: { first: 2, next: 2 } }] }
- restart: kill
- records: [{ key: a, value: 3, timestamp: "2026-01-01T00:00:10Z" }, { key: b, value: 4, timestamp: "2026-01-01T00:00:10.001Z" }]
- expect: { out: [{ has: { first: 1, next: 3 } }, { has: { first: 3, next: 3 } }, { has: { first: 4, next: 4 } }] }
`));

  it('with one side that crosses a repartition topic, and a dedupe and a window behind it: pairs once, what has no partner when both sides are past it', () => passes(`
name: shop
${head}
sources:
  orders: { type: kafka, topic: orders }
  payments: { type: kafka, topic: payments }
transforms:
  paid: { type: join, from: orders, with: payments, kind: outer, key: { right: value.order }, within: { before: 0s, after: 1m }, grace: 5s, late: late, as: { left: order, right: payment } }
  first: { type: dedupe, from: paid, within: 1m, late: drop }
  counts: { type: window, from: first, window: { type: tumbling, size: 1m }, aggregate: { n: count() }, emit: final, late: drop }
sinks:
  pairs: { type: kafka, from: paid, topic: pairs }
  firsts: { type: kafka, from: first, topic: firsts }
  counted: { type: kafka, from: counts, topic: counted }
`, `
- records:
    - { topic: orders, key: a, value: { n: 1 }, timestamp: "2026-01-01T00:00:00Z" }
    - { topic: orders, key: b, value: { n: 2 }, timestamp: "2026-01-01T00:00:00Z" }
- restart: kill
- records:
    - { topic: payments, key: x, value: { order: a, m: 1 }, timestamp: "2026-01-01T00:00:30Z" }
    - { topic: payments, key: y, value: { order: a, m: 2 }, timestamp: "2026-01-01T00:00:31Z" }
    - { topic: payments, key: y, value: { order: c, m: 3 }, timestamp: "2026-01-01T00:00:31Z" }
- expect:
    some: true
    pairs: [{ key: a, has: { order: { n: 1 }, payment: { m: 1, order: a } } }, { key: a, has: { payment: { m: 2, order: a } } }]
    firsts: [{ key: a }]
    node_counts: { first: { received: 2, deduped: 1 } }
- restart: lost
- records:
    - { topic: orders, partition: 0, key: z, value: { n: 3 }, timestamp: "2026-01-01T00:05:00Z" }
    - { topic: orders, partition: 1, key: z, value: { n: 3 }, timestamp: "2026-01-01T00:05:00Z" }
- expect: { some: true, pairs: [], counted: [] }
- records:
    - { topic: payments, partition: 0, value: { order: y, m: 4 }, timestamp: "2026-01-01T00:05:00Z" }
    - { topic: payments, partition: 1, value: { order: y, m: 4 }, timestamp: "2026-01-01T00:05:00Z" }
- expect:
    pairs: [{ key: b, has: { order: { n: 2 }, payment: null } }, { key: c, has: { order: null, payment: { order: c, m: 3 } } }]
    firsts: [{ key: b }, { key: c }]
    some: true
- records:
    - { topic: payments, partition: 0, value: { order: a, m: 5 }, timestamp: "2026-01-01T00:00:40Z" }
- expect: { some: true, late: [{ value: { order: a, m: 5 }, node: paid }], pairs: [] }
`));
});
