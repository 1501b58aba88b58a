import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toDot } from '../../src/topology/graph-dot.ts';
import { toMermaid } from '../../src/topology/graph-mermaid.ts';
import { topologyGraph } from '../../src/topology/graph.ts';
import { planOf } from '../support/plan.ts';

const orders = planOf(`
name: orders
broker: { type: embedded, path: ./nowhere }
on_error: { dead_letter: orders-bad }
sources:
  orders: { type: kafka, topic: orders }
  more: { type: kafka, pattern: 'shop-\\d+.*', on_error: skip }
transforms:
  all: { type: merge, from: [orders, more] }
  routed: { type: route, from: all, routes: { urgent: value.total > 1000 }, otherwise: rest }
sinks:
  urgent: { type: kafka, from: routed.urgent, topic: urgent, on_error: fail }
  rest: { type: kafka, from: routed.rest, topic: { expression: '"x\\"<" + value.region' } }
`);

const alerts = planOf(`
name: alerts
broker: { type: embedded, path: ./nowhere }
sources: { urgent: { type: kafka, topic: urgent } }
sinks: { mails: { type: kafka, from: urgent, topic: mails } }
`);

const elsewhere = planOf(`
name: elsewhere
broker: { type: embedded, path: ./somewhere }
sources: { urgent: { type: kafka, topic: urgent } }
sinks: { mails: { type: kafka, from: urgent, topic: mails } }
`);

const mermaid = `flowchart LR
  subgraph s0["sub-topology orders"]
    n0(["orders<br/>source kafka"])
    n1(["more<br/>source kafka"])
    n2["all<br/>merge"]
    n3["routed<br/>route"]
    n4(["urgent<br/>sink kafka"])
    n5(["rest<br/>sink kafka"])
  end
  t0[("orders")]
  t1[("orders-bad<br/>dead letters")]
  t2[("/shop-#92;d+.#42;/")]
  t3[("urgent")]
  t4[("#quot;x#92;#quot;#lt;#quot; + value.region")]
  t0 --> n0
  n0 -.-> t1
  t2 --> n1
  n0 --> n2
  n1 --> n2
  n2 -.-> t1
  n2 --> n3
  n3 -.-> t1
  n3 -- "urgent" --> n4
  n4 --> t3
  n3 -- "rest" --> n5
  n5 --> t4
  n5 -.-> t1
`;

const dot = String.raw`digraph "orders" {
  rankdir=LR;
  node [fontname="Helvetica", fontsize=11];
  edge [fontname="Helvetica", fontsize=10];
  subgraph cluster_0 {
    label="sub-topology orders";
    style=rounded;
    n0 [label="orders\nsource kafka", shape=box, style=rounded];
    n1 [label="more\nsource kafka", shape=box, style=rounded];
    n2 [label="all\nmerge", shape=box];
    n3 [label="routed\nroute", shape=box];
    n4 [label="urgent\nsink kafka", shape=box, style=rounded];
    n5 [label="rest\nsink kafka", shape=box, style=rounded];
  }
  t0 [label="orders", shape=cylinder];
  t1 [label="orders-bad\ndead letters", shape=cylinder];
  t2 [label="/shop-\\d+.*/", shape=cylinder];
  t3 [label="urgent", shape=cylinder];
  t4 [label="\"x\\\"<\" + value.region", shape=cylinder];
  t0 -> n0;
  n0 -> t1 [style=dashed];
  t2 -> n1;
  n0 -> n2;
  n1 -> n2;
  n2 -> t1 [style=dashed];
  n2 -> n3;
  n3 -> t1 [style=dashed];
  n3 -> n4 [label="urgent"];
  n4 -> t3;
  n3 -> n5 [label="rest"];
  n5 -> t4;
  n5 -> t1 [style=dashed];
}
`;

describe('the graph of a topology', () => {
  it('for Mermaid', () => {
    assert.equal(toMermaid(topologyGraph([orders])), mermaid);
  });

  it('for Graphviz', () => {
    assert.equal(toDot(topologyGraph([orders])), dot);
  });

  it('of several topologies is one, joined at the topics of one broker', () => {
    const { topics, edges } = topologyGraph([orders, alerts, elsewhere]);
    const urgent = topics.filter(({ name }) => name === 'urgent').map(({ id }) => id);
    assert.equal(urgent.length, 2);
    assert.deepEqual(edges.filter(({ from, to }) => from === urgent[0] || to === urgent[0]).map(({ from, to }) => [from, to]), [['p0n4', urgent[0]], [urgent[0], 'p1n0']]);
    const text = toMermaid(topologyGraph([orders, alerts]));
    assert.match(text, /^ {2}subgraph p0\["topology orders"\]\n {4}subgraph p0s0\["sub-topology orders"\]$/m);
    assert.equal(text.split('\n').filter((line) => /^\s*subgraph /.test(line)).length, text.split('\n').filter((line) => /^\s*end$/.test(line)).length);
    assert.match(toDot(topologyGraph([orders, alerts])), /^digraph "orders, alerts" \{\n/);
  });
});
