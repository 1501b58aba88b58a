import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { linesOf, runSteps } from './support.ts';

/* What codecs of keys and values come to in a topology, on the real runtime: keys, headers, deletes, dead letters, stores. */

const head = 'name: codecs\nbroker: { type: embedded, path: ./data }\non_error: { dead_letter: bad }\n';
const user = '{"type":"record","name":"User","fields":[{"name":"id","type":"long"},{"name":"photo","type":"bytes","default":""}]}';
const userKey = '{"type":"record","name":"UserKey","fields":[{"name":"id","type":"long"}]}';
const files = {
  'user.avsc': user,
  'key.avsc': userKey,
  'user.proto': 'syntax = "proto3"; package shop; message User { int64 id = 1; string first_name = 2; }'
};

async function passes(topology: string, steps: string, options = ''): Promise<void> {
  assert.deepEqual(linesOf(await runSteps(head + topology, steps, options, files)), []);
}

/** Avro's long 5, as the bytes of a key: a line feed. */
const five = '\\n';

describe('codecs in a topology', () => {
  it('a key is read by its own codec: expressions see it, and a sink may write it with another', () => passes(`
sources: { in: { type: kafka, topic: in, codec: json, key_codec: { type: avro, schema: key.avsc } } }
transforms: { seen: { type: map, from: in, set: { id: key.id } } }
sinks:
  text: { type: kafka, from: seen, topic: text, key: 'string(key.id)' }
  same: { type: kafka, from: seen, topic: same }
  json: { type: kafka, from: seen, topic: json, key_codec: json }
  avro: { type: kafka, from: seen, topic: avro, key: '{"id": value.id + 1}', key_codec: { type: avro, schema: key.avsc } }
`, `
- records: [{ key: "${five}", value: { a: 1 } }, { key: "xxxxxxxxxxx", value: { a: 2 } }]
- expect:
    text: [{ key: "5", value: { a: 1, id: 5 } }]
    same: [{ key: "${five}", value: { a: 1, id: 5 } }]
    json: [{ key: '{"id":5}', value: { a: 1, id: 5 } }]
    avro: [{ key: "\\f", value: { a: 1, id: 5 } }]
    bad: [{ key: xxxxxxxxxxx, value: { a: 2 }, node: in, code: undecodable }]
`));

  it('windows, joins and hops keep what a key was read as', () => passes(`
sources: { in: { type: kafka, topic: in, key_codec: { type: avro, schema: key.avsc } }, users: { type: kafka, topic: users } }
transforms:
  once: { type: dedupe, from: in, key: string(key.id) + value.a, within: 1h, late: drop }
  seen: { type: map, from: once, set: { id: key.id } }
sinks: { out: { type: kafka, from: seen, topic: out }, others: { type: kafka, from: users, topic: others } }
`, `
- records: [{ source: in, key: "${five}", value: { a: x } }, { source: in, key: "${five}", value: { a: x } }]
- expect: { out: [{ value: { a: x, id: 5 } }] }
`, 'partitions: 2'));

  it('Avro comes out of stores as it went in, and an integer that JSON would round is refused, not rounded', () => passes(`
sources: { in: { type: kafka, topic: in, codec: { type: avro, schema: user.avsc } } }
transforms:
  once: { type: dedupe, from: in, key: string(value.id), within: 1h, late: drop }
  last: { type: window, from: in, key: string(value.id), window: { type: tumbling, size: 1m }, aggregate: { photo: last(value.photo), most: max(value.id) }, emit: update, late: drop }
sinks: { out: { type: kafka, from: once, topic: out, codec: json }, windows: { type: kafka, from: last, topic: windows } }
`, `
- records: [{ value: { id: 7, photo: AQID } }, { value: { id: 7, photo: AQID } }]
- expect: { some: true, out: [{ text: '{"id":7,"photo":"AQID"}' }] }
`));

  it('what a window would have to round fails its record', () => passes(`
sources: { in: { type: kafka, topic: in, codec: { type: avro, schema: user.avsc } }, other: { type: kafka, topic: other, codec: { type: json, long: auto } } }
transforms:
  kept: { type: window, from: in, key: string(value.id), window: { type: tumbling, size: 1m }, aggregate: { ids: 'collect(value.id, 5)', photo: first(value.photo.base64()) }, emit: update, late: drop }
  sums: { type: window, from: other, key: value.k, window: { type: tumbling, size: 1m }, aggregate: { sum: sum(value.n), m: 'last(has(value.m) ? value.m : null)' }, emit: update, late: drop }
sinks: { out: { type: kafka, from: kept, topic: out }, more: { type: kafka, from: sums, topic: more } }
`, `
- records:
    - { source: in, value: { id: "9007199254740993", photo: "" } }
    - { source: in, value: { id: 5, photo: AQ== } }
    - { source: other, text: '{"k":"b","n":1,"m":{"x":[9007199254740993]}}' }
    - { source: other, text: '{"k":"a","n":9007199254740993}' }
    - { source: other, text: '{"k":"a","n":2}' }
- expect:
    out: [{ has: { key: "5", ids: [5], photo: AQ== } }]
    more: [{ has: { key: a, sum: 2 } }]
    bad: [{ node: kept, code: expression_failed }, { node: sums, code: expression_failed }, { node: sums, code: expression_failed }]
`));

  for (const partitions of [1, 2]) {
    it(`what a join, a hop or a fold would have to round fails its record, ${partitions} partitions`, () => passes(`
sources: { in: { type: kafka, topic: in, codec: { type: avro, schema: user.avsc } }, with: { type: kafka, topic: with, codec: { type: avro, schema: user.avsc } } }
transforms:
  once: { type: dedupe, from: in, key: value.photo.hex(), within: 1h, late: drop }
  both: { type: join, from: in, with: with, kind: inner, key: value.photo.hex(), within: 1m, late: drop }
  last: { type: window, from: in, key: value.photo.hex(), window: { type: tumbling, size: 1m }, reduce: { step: '{"id": value.id}' }, emit: update, late: drop }
sinks: { out: { type: kafka, from: once, topic: out }, pairs: { type: kafka, from: both, topic: pairs }, folds: { type: kafka, from: last, topic: folds } }
`, `
- records:
    - { source: in, value: { id: "9007199254740993", photo: "" } }
    - { source: in, value: { id: 5, photo: AQ== } }
    - { source: with, value: { id: 6, photo: AQ== } }
- expect:
    out: [{ text: '{"id":5,"photo":"AQ=="}' }]
    pairs: [{ has: { left: { id: 5, photo: AQ== }, right: { id: 6, photo: AQ== } } }]
    bad: [{ node: once }, { node: both }, { node: last }, { node: last }]
`, `partitions: ${partitions}`));
  }

  it('big integers stay exact through expressions and JSON', () => passes(`
sources: { in: { type: kafka, topic: in, codec: { type: avro, schema: user.avsc } } }
transforms: { more: { type: map, from: in, set: { next: value.id + 1, same: value.id == 9007199254740993 } } }
sinks: { out: { type: kafka, from: more, topic: out, key: value.id } }
`, `
- records: [{ value: { id: "9007199254740993", photo: "" } }]
- expect: { out: [{ key: "9007199254740993", text: '{"id":9007199254740993,"photo":"","next":9007199254740994,"same":true}' }] }
`));

  it('changes of Debezium are rows, and a delete a tombstone whose dead letter has all that was read', () => passes(`
sources: { in: { type: kafka, topic: in, codec: debezium } }
transforms: { kept: { type: filter, from: in, where: 'value == null || value.id != 3' } }
sinks: { out: { type: kafka, from: kept, topic: out }, by: { type: kafka, from: kept, topic: { expression: '"by-" + value.name' } } }
`, `
- records:
    - { key: a, value: { payload: { op: c, before: null, after: { id: 1, name: x } } } }
    - { key: a, value: { op: d, before: { id: 1, name: x }, after: null } }
    - { key: a, value: { op: t } }
    - { key: a, value: { id: 1 } }
- expect:
    out: [{ key: a, text: '{"id":1,"name":"x"}' }, { key: a, value: null }]
    by-x: [{ key: a, value: { id: 1, name: x } }]
    bad:
      - { key: a, value: { op: d, before: { id: 1, name: x }, after: null }, node: by, code: unencodable }
      - { key: a, value: { id: 1 }, node: in, code: undecodable }
    node_counts: { in: { received: 4, forwarded: 2, filtered: 1, dead_lettered: 1 } }
`));

  it('CloudEvents change their form: attributes move between headers and the value', () => passes(`
sources: { in: { type: kafka, topic: in, codec: cloudevents } }
transforms: { seen: { type: map, from: in, set: { subject: '"s"' } } }
sinks:
  binary: { type: kafka, from: seen, topic: binary, codec: { type: cloudevents, mode: binary }, headers: { mine: '"m"' } }
  structured: { type: kafka, from: seen, topic: structured, codec: cloudevents }
`, `
- records: [{ key: k, text: '{"n":1}', headers: { content-type: application/json, ce_specversion: "1.0", ce_id: "1", ce_source: /a, ce_type: t } }]
- expect:
    binary: [{ key: k, headers: { ce_id: "1", ce_subject: s, content-type: application/json, mine: m } }]
    structured: [{ key: k, has: { id: "1", source: /a, subject: s, data: { n: 1 } }, headers: { content-type: "application/cloudevents+json; charset=UTF-8" } }]
`));

  it('CSV to Protobuf and back', () => passes(`
sources:
  csv: { type: kafka, topic: lines, codec: { type: csv, columns: { id: integer, first_name: string } } }
  proto: { type: kafka, topic: protos, codec: { type: protobuf, schema: user.proto } }
sinks:
  protobuf: { type: kafka, from: csv, topic: out, codec: { type: protobuf, schema: user.proto } }
  lines: { type: kafka, from: proto, topic: lines-out, codec: { type: csv, columns: [id, first_name], delimiter: ";" } }
`, `
- records: [{ source: csv, text: '9007199254740993,"a, b"' }, { source: csv, text: "x,y" }, { source: proto, value: { id: 5, first_name: "c;d" } }]
- expect:
    protobuf: [{ text: '{"id":9007199254740993,"first_name":"a, b"}' }]
    lines: [{ value: { id: "5", first_name: "c;d" } }]
    bad: [{ text: "x,y", node: csv, code: undecodable }]
`));

  it('a table of a topic may be Avro', () => passes(`
sources: { in: { type: kafka, topic: in } }
tables: { users: { type: kafka, topic: users, key: string(value.id), codec: { type: avro, schema: user.avsc } } }
transforms: { known: { type: enrich, from: in, table: users, key: value.user, into: user, missing: drop } }
sinks: { out: { type: kafka, from: known, topic: out } }
`, `
- records: [{ source: users, value: { id: 300, photo: AQ== } }]
- records: [{ source: in, value: { user: "300" } }]
- expect: { out: [{ value: { user: "300", user: { id: 300, photo: AQ== } } }] }
`.replace('value: { user: "300", user:', 'value: { user:')));
});


describe('what is too large', () => {
  it('is not decoded: a dead letter with all of it', () => passes(`
sources: { in: { type: kafka, topic: in, max_size: 10B } }
sinks: { out: { type: kafka, from: in, topic: out } }
`, `
- records: [{ value: { a: 1 } }, { value: { a: 1234567 } }]
- expect: { out: [{ value: { a: 1 } }], bad: [{ value: { a: 1234567 }, node: in, code: record_too_large }] }
`));
});
