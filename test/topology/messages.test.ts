import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadTopologies } from '../../src/topology/load.ts';
import { writeTopology } from '../support/plan.ts';

const topology = `name: orders
broker: { type: kafka, brokers: ["127.0.0.1:9092"] }
sources:
  orders: { type: kafka, topic: orders }
transforms:
  real: { type: filter, from: orders, where: value.test == false }
  routed:
    type: route
    from: real
    routes:
      large: value.total > 1000
    otherwise: small
sinks:
  large: { type: kafka, from: routed.large, topic: large }
  small: { type: kafka, from: routed.small, topic: small }
`;

/** Typical mistakes: what is written instead, and all that is said about it, by place, code and hint. */
const mistakes: readonly (readonly [title: string, from: string, to: string, said: readonly (readonly [place: string, code: string, hint: RegExp])[]])[] = [
  ['an expression that begins with !, without quotes', 'value.test == false', '!has(value.test) || value.test', [['6:46', 'yaml_syntax', /begins with ! needs quotes/]]],
  ['other quotes missing around a quoted text', 'value.test == false', '"value.a == "x""', [['6:59', 'yaml_syntax', /other quotes around it/]]],
  ['a ? b : c without quotes', 'value.test == false', 'value.a ? true : false', [['6:46', 'yaml_syntax', /needs quotes around it/]]],
  ['a brace that closes nothing, said once and not for every line below', 'value.test == false }', 'value.test == false } }', [['6:68', 'yaml_syntax', /brackets just before/]]],
  ['an indent that is off by one, said once', '    routes:', '   routes:', [['10:1', 'yaml_syntax', /same column/]]],
  ['what belongs to a map not indented', '      large: value', '    large: value', [['10:5', 'bad_value', /indented deeper/], ['11:5', 'unknown_key', /known here/]]],
  ['a tab', '    from: real', '\tfrom: real', [['9:1', 'yaml_syntax', /spaces/], ['12:1', 'yaml_syntax', /same column/]]],
  ['a name with a hyphen', 'name: orders', 'name: my-Orders', [['1:7', 'bad_value', /write my_orders/]]],
  ['a day where a moment is wanted', 'topic: orders }', 'topic: orders, start: { timestamp: 2026-11-01 } }', [['4:61', 'bad_value', /write 2026-11-01T00:00:00Z/]]],
  ['a moment without its zone', 'topic: orders }', 'topic: orders, start: { timestamp: "2026-11-01 12:00" } }', [['4:61', 'bad_value', /write 2026-11-01 12:00Z/]]],
  ['and for &&', 'value.test == false', 'value.a and value.b', [['6:54', 'bad_expression', /write && for and/]]],
  ['a method of JavaScript', 'value.test == false', 'value.a.toLowerCase() == "x"', [['6:46', 'bad_expression', /lowerAscii/]]],
  ['now without brackets', 'value.test == false', 'now > 5', [['6:46', 'unknown_variable', /now\(\)/]]],
  ['a comma in braces', 'value.test == false', 'max(value.a, value.b) > 1', [['6:57', 'bad_expression', /in quotes/], ['6:59', 'unknown_key', /known here/]]],
  ['TLS by another name', 'brokers: [', 'ssl: true, brokers: [', [['2:24', 'unknown_key', /TLS is broker\.tls/]]],
  ['a dedupe without a word about late records', 'type: filter, from: orders, where: value.test == false', 'type: dedupe, from: orders, within: 1h', [['6:3', 'missing_option', /for you to choose/]]],
  ['a window without a word about late records', 'type: filter, from: orders, where: value.test == false', 'type: window, from: orders, window: { type: tumbling, size: 1m }, aggregate: { n: count() }', [['6:3', 'missing_option', /for you to choose/]]],
  ['a misspelt aggregate', 'type: filter, from: orders, where: value.test == false', 'type: window, from: orders, window: { type: tumbling, size: 1m }, late: drop, aggregate: { n: averge(value.n) }', [['6:105', 'bad_expression', /did you mean avg/]]],
  ['an aggregate of another system', 'type: filter, from: orders, where: value.test == false', 'type: window, from: orders, window: { type: tumbling, size: 1m }, late: drop, aggregate: { n: mean(value.n) }', [['6:105', 'bad_expression', /did you mean avg/]]],
  ['Avro without a schema', 'topic: orders }', 'topic: orders, codec: avro }', [['4:48', 'missing_option', /add schema: <file>, or registry/]]],
  ['Avro with ids and no registry', 'topic: orders }', 'topic: orders, codec: { type: avro, framing: confluent } }', [['4:71', 'missing_option', /add registry/]]],
  ['a variable that is not set, and nothing else about its list', '"127.0.0.1:9092"', '"${env:MILLRACE_NOT_SET}"', [['2:34', 'unset_variable', /default/]]],
  ['a misspelt option beside a right one with a wrong value', 'sources:', 'delivery: exactly-once\ndelivry: x\nsources:', [['3:11', 'bad_value', /exactly_once/], ['4:1', 'unknown_key', /delivery/]]],
  ['a variable as in a shell', 'topic: orders }', 'topic: "${TOPIC}" }', [['4:33', 'bad_interpolation', /write \$\{env:TOPIC\}, or \$\$\{ for/]]],
  ['several topics as one text', 'topic: orders }', 'topics: "orders, refunds" }', [['4:34', 'bad_value', /write \[orders, refunds\]/]]],
  ['an output of a route that has a mistake itself, misspelt', ' > 1000\n    otherwise: small\nsinks:\n  large: { type: kafka, from: routed.large', ' = 1000\n    otherwise: small\nsinks:\n  large: { type: kafka, from: routed.lage', [['11:26', 'bad_expression', /==/], ['14:31', 'unknown_port', /did you mean routed\.large/]]],
  ['two letters swapped in a short word', 'topic: large }', 'topic: large, kye: key }', [['14:59', 'unknown_key', /did you mean key\?/]]]
];

describe('a typical mistake leads to its fix:', () => {
  for (const [title, from, to, said] of mistakes) {
    it(title, () => {
      assert.ok(topology.includes(from));
      const { problems } = loadTopologies([writeTopology(topology.replace(from, () => to))], { env: {} });
      assert.deepEqual(problems.map(({ line, column, code }) => [`${line}:${column}`, code]), said.map(([place, code]) => [place, code]));
      for (const [index, [, , hint]] of said.entries()) assert.match(problems[index]?.hint ?? '', hint);
    });
  }
});
