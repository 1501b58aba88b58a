import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { fates } from '../../actors/accounting.ts';
import type { FailureCode } from '../../actors/failure.ts';
import type { Broker, OutgoingRecord } from '../../actors/port.ts';
import type { Header } from '../../actors/record.ts';
import { embeddedBackend, kafkaBackend, stateDir } from '../support/backend.ts';
import type { Backend } from '../support/backend.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { kafkaOrSkip } from '../support/kafka.ts';
import { writeTopology } from '../support/plan.ts';
import { readCommitted } from '../support/stream.ts';
import type { ReadRecord } from '../support/stream.ts';

/** Where a record may end: a topic of the zoo, or nowhere on purpose. */
type Place = 'plain' | 'mapped' | 'keyed' | 'headered' | 'topical' | 'bad' | 'filtered';

/** One record and what is to become of it. */
interface Animal {
  readonly name: string;
  readonly key?: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers?: readonly Header[];
  readonly timestamp?: number;
  readonly to: readonly Place[];
  /** Of its dead letter. */
  readonly code?: FailureCode;
  /** What more must hold of its output. */
  check?(output: ReadRecord): void;
}

const sizes = { in: 4_000_000, plain: 1_000_000, bad: 2_500_000 };
const now = Date.now();
const deep = 100_000;

function bytes(text: string): Buffer {
  return Buffer.from(text);
}

function json(value: unknown): Buffer {
  return bytes(JSON.stringify(value));
}

/** JSON of exactly this many bytes. */
function sized(kind: string, length: number): Buffer {
  const empty = `{"kind":"${kind}","x":""}`.length;
  return json({ kind, x: 'x'.repeat(length - empty) });
}

function field(output: ReadRecord, name: string): unknown {
  return (JSON.parse(Buffer.from(output.value ?? []).toString()) as Record<string, unknown>)[name];
}

/** Each kind of value that cannot be read, or breaks the rules. */
const broken: readonly Animal[] = [
  { name: 'not JSON', value: bytes('<xml/>'), to: ['bad'], code: 'undecodable' },
  { name: 'truncated', value: bytes('{"kind":"plain","n":'), to: ['bad'], code: 'undecodable' },
  { name: 'empty', value: Buffer.alloc(0), to: ['bad'], code: 'undecodable' },
  { name: 'spaces only', value: bytes('   '), to: ['bad'], code: 'undecodable' },
  { name: 'invalid UTF-8', value: Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]), to: ['bad'], code: 'undecodable' },
  { name: 'byte order mark', value: bytes('\ufeff{"kind":"plain"}'), to: ['bad'], code: 'undecodable' },
  { name: 'deep arrays', value: bytes('['.repeat(deep) + ']'.repeat(deep)), to: ['bad'], code: 'undecodable' },
  { name: 'deep objects', value: bytes(`${'{"kind":'.repeat(deep)}1${'}'.repeat(deep)}`), to: ['bad'], code: 'undecodable' },
  { name: 'JSON null', value: bytes('null'), to: ['bad'], code: 'rule_violation' },
  { name: 'a number', value: bytes('17'), to: ['bad'], code: 'rule_violation' },
  { name: 'an array', value: bytes('[1,2]'), to: ['bad'], code: 'rule_violation' },
  { name: 'no kind', value: bytes('{"constructor":{"prototype":{"kind":"plain"}}}'), to: ['bad'], code: 'rule_violation' },
  { name: 'kind by prototype', value: bytes('{"__proto__":{"kind":"plain"}}'), to: ['bad'], code: 'rule_violation' },
  { name: 'kind of another type', value: bytes('{"kind":{"kind":"plain"}}'), to: ['filtered'] },
  { name: 'unknown kind', value: json({ kind: 'axolotl' }), to: ['filtered'] }
];

/** What no transform changes: the bytes have to come out as they went in. */
const untouched: readonly Animal[] = [
  { name: 'spaces and order', value: bytes('{ "b" :1.0,\n\t"kind": "plain", "a":[ ] }'), to: ['plain'] },
  { name: 'numbers beyond 2^53', value: bytes('{"kind":"plain","n":9007199254740993,"m":1e400,"o":-0,"p":0.10}'), to: ['plain'] },
  { name: 'a field twice', value: bytes('{"kind":"filtered","kind":"plain"}'), to: ['plain'] },
  { name: 'half of a surrogate pair', value: bytes('{"kind":"plain","s":"\\ud800"}'), to: ['plain'] },
  { name: '__proto__ and constructor', value: bytes('{"kind":"plain","__proto__":{"x":1},"constructor":1,"toString":null}'), to: ['plain'] },
  { name: 'no key', key: null, value: json({ kind: 'plain' }), to: ['plain'] },
  { name: 'empty key', key: Buffer.alloc(0), value: json({ kind: 'plain' }), to: ['plain'] },
  { name: 'key of invalid UTF-8', key: Buffer.from([0xff, 0x00, 0xc3]), value: json({ kind: 'plain' }), to: ['plain'] },
  { name: 'key of 100 kB', key: Buffer.alloc(100_000, 'k'), value: json({ kind: 'plain' }), to: ['plain'] },
  { name: 'the largest that fits', value: sized('plain', sizes.plain - 1000), to: ['plain'] },
  { name: 'deep as it may be', value: bytes(`{"kind":"plain","x":${'['.repeat(499)}${']'.repeat(499)}}`), to: ['plain'] },
  { name: '200 headers', headers: Array.from({ length: 200 }, (_, at): Header => [`h${at}`, bytes(`v${at}`)]), value: json({ kind: 'plain' }), to: ['plain'] },
  { name: 'headers of one name', headers: [['a', bytes('1')], ['b', bytes('2')], ['a', bytes('3')], ['a', bytes('1')]], value: json({ kind: 'plain' }), to: ['plain'] },
  { name: 'odd headers', headers: [['null', null], ['empty', Buffer.alloc(0)], ['__proto__', bytes('p')], ['', bytes('no name')], ['ключ', Buffer.from([0xff])]], value: json({ kind: 'plain' }), to: ['plain'] },
  { name: 'timestamp 0', timestamp: 0, value: json({ kind: 'plain' }), to: ['plain'] },
  { name: 'of 1970', timestamp: 86_400_000, value: json({ kind: 'plain' }), to: ['plain'] },
  { name: 'no timestamp', timestamp: -1, value: json({ kind: 'plain' }), to: ['plain'], check: ({ timestamp }) => { assert.ok(timestamp >= now); } },
  { name: 'tombstone', value: null, to: ['plain', 'mapped', 'keyed', 'headered', 'bad'], code: 'unencodable' }
];

/** What only the topic to be written refuses. */
const refused: readonly Animal[] = [
  { name: 'of 2099', timestamp: Date.UTC(2099, 0, 1), value: json({ kind: 'plain' }), to: ['bad'], code: 'timestamp_refused' },
  { name: '1 MiB, too large', value: sized('plain', 1024 * 1024), to: ['bad'], code: 'record_too_large' },
  { name: 'too large for its header and key', key: Buffer.alloc(600_000), headers: [['h', Buffer.alloc(500_000)]], value: json({ kind: 'plain' }), to: ['bad'], code: 'record_too_large' },
  { name: 'topic that is not there', value: json({ kind: 'topical', topic: 'zoo-nowhere' }), to: ['bad'], code: 'unencodable' },
  { name: 'no name of a topic', value: json({ kind: 'topical', topic: '../..' }), to: ['bad'], code: 'unencodable' },
  { name: 'topic of another type', value: json({ kind: 'topical', topic: 5 }), to: ['bad'], code: 'unencodable' },
  { name: 'no topic', value: json({ kind: 'topical' }), to: ['bad'], code: 'expression_failed' },
  { name: 'key is missing', value: json({ kind: 'keyed' }), to: ['bad'], code: 'expression_failed' },
  { name: 'key of half a pair', value: bytes('{"kind":"keyed","k":"\\udfff"}'), to: ['bad'], code: 'unencodable' },
  { name: 'header is missing', value: json({ kind: 'headered' }), to: ['bad'], code: 'expression_failed' }
];

/** What expressions make of records. */
const changed: readonly Animal[] = [
  { name: 'mapped', value: json({ kind: 'mapped', n: 1 }), to: ['mapped'], check: (output) => { assert.equal(field(output, 'seen'), true); } },
  {
    name: 'mapped with __proto__',
    value: bytes('{"kind":"mapped","__proto__":{"x":1},"constructor":{"y":2},"n":3}'),
    to: ['mapped'],
    check: ({ value }) => { assert.equal(String(value), '{"kind":"mapped","__proto__":{"x":1},"constructor":{"y":2},"n":3,"seen":true}'); }
  },
  { name: 'mapped and deep', value: bytes(`{"kind":"mapped","x":${'['.repeat(499)}${']'.repeat(499)}}`), to: ['mapped'] },
  { name: 'text for a key', key: null, value: json({ kind: 'keyed', k: 'ключ' }), to: ['keyed'], check: ({ key }) => { assert.equal(String(key), 'ключ'); } },
  { name: 'number for a key', value: json({ kind: 'keyed', k: 1.5 }), to: ['keyed'], check: ({ key }) => { assert.equal(String(key), '1.5'); } },
  { name: 'object for a key', value: json({ kind: 'keyed', k: { a: [1] } }), to: ['keyed'], check: ({ key }) => { assert.equal(String(key), '{"a":[1]}'); } },
  { name: 'null for a key', value: json({ kind: 'keyed', k: null }), to: ['keyed'], check: ({ key }) => { assert.equal(key, null); } },
  { name: '100 kB for a key', value: json({ kind: 'keyed', k: 'k'.repeat(100_000) }), to: ['keyed'], check: ({ key }) => { assert.equal(key?.byteLength, 100_000); } },
  {
    name: 'header replaced',
    headers: [['h', bytes('1')], ['i', null], ['h', bytes('2')]],
    value: json({ kind: 'headered', h: 'new' }),
    to: ['headered'],
    check: ({ headers }) => { assert.deepEqual(headers.slice(1).map(([name, value]) => [name, value === null ? null : String(value)]), [['i', null], ['h', 'new']]); }
  },
  { name: 'header removed', headers: [['h', bytes('1')]], value: json({ kind: 'headered', h: null }), to: ['headered'], check: ({ headers }) => { assert.equal(headers.length, 1); } },
  { name: 'topic by expression', value: json({ kind: 'topical', topic: 'TOPICAL' }), to: ['topical'] }
];

interface Zoo {
  readonly topics: Readonly<Record<Exclude<Place, 'filtered'> | 'in', string>>;
  readonly yaml: string;
  readonly animals: readonly Animal[];
}

function zoo(backend: Backend, delivery: string): Zoo {
  const name = `zoo${randomBytes(4).toString('hex')}`;
  const topic = (of: string): string => `${name}-${of}`;
  const topics = { in: topic('in'), plain: topic('plain'), mapped: topic('mapped'), keyed: topic('keyed'), headered: topic('headered'), topical: topic('topical'), bad: topic('bad') };
  const routes = ['plain', 'mapped', 'keyed', 'headered', 'topical'].map((kind) => `      ${kind}: value.kind == "${kind}"`).join('\n');
  const yaml = `
name: ${name}
${backend.yaml}
delivery: ${delivery}
on_error: { dead_letter: ${topics.bad} }
sources:
  in: { type: kafka, topic: ${topics.in}, start: earliest, codec: json }
transforms:
  valid: { type: validate, from: in, rules: { kind: has(value.kind) } }
  routed:
    type: route
    from: valid
    routes:
${routes}
  changed: { type: map, from: routed.mapped, set: { seen: "true" } }
sinks:
  plain: { type: kafka, from: routed.plain, topic: ${topics.plain} }
  mapped: { type: kafka, from: changed, topic: ${topics.mapped} }
  keyed: { type: kafka, from: routed.keyed, topic: ${topics.keyed}, key: value.k }
  headered: { type: kafka, from: routed.headered, topic: ${topics.headered}, headers: { h: value.h } }
  topical: { type: kafka, from: routed.topical, topic: { expression: value.topic } }
`;
  const placed = (animal: Animal): Animal => (animal.name === 'topic by expression' ? { ...animal, value: json({ kind: 'topical', topic: topics.topical }) } : animal);
  return { topics, yaml, animals: [...broken, ...untouched, ...refused, ...changed].map(placed) };
}

async function createTopics(broker: Broker, { topics }: Zoo): Promise<void> {
  const limits: Record<string, number> = { [topics.in]: sizes.in, [topics.plain]: sizes.plain, [topics.bad]: sizes.bad };
  const future = { 'message.timestamp.after.max.ms': String(Number.MAX_SAFE_INTEGER) };
  await broker.createTopics(
    Object.values(topics).map((topic) => ({
      topic,
      partitions: topic === topics.in ? 2 : 3,
      // The millennium old records of the zoo must not be deleted while it is open.
      config: { 'retention.ms': '-1', 'max.message.bytes': String(limits[topic] ?? 1_048_588), ...(topic === topics.in ? future : {}) }
    }))
  );
}

async function feed(broker: Broker, topic: string, animals: readonly Animal[]): Promise<void> {
  const producer = broker.producer();
  for (const [at, animal] of animals.entries()) await producer.send([recordOf(animal, topic, at % 2)], 'none');
  await producer.close();
}

function recordOf({ name, key, value, headers = [], timestamp = now }: Animal, topic: string, partition: number): OutgoingRecord {
  return { topic, partition, key: key === undefined ? bytes('key') : key, value, headers: [['zoo', bytes(name)], ...headers], timestamp };
}

function nameOf({ headers }: ReadRecord): string {
  return String(headers.find(([name]) => name === 'zoo')?.[1]);
}

/** Everything each topic got, and that each record came to where it belongs and nowhere else. */
async function verify(broker: Broker, { topics, animals }: Zoo): Promise<Map<Place, ReadRecord[]>> {
  const found = new Map<Place, ReadRecord[]>();
  for (const place of ['plain', 'mapped', 'keyed', 'headered', 'topical', 'bad'] as const) found.set(place, await readCommitted(broker, topics[place]));
  const places = new Map<string, Place[]>();
  for (const [place, records] of found) for (const record of records) places.set(nameOf(record), [...(places.get(nameOf(record)) ?? []), place]);
  assert.deepEqual(
    animals.map(({ name }) => [name, places.get(name) ?? ['filtered']]),
    animals.map(({ name, to }) => [name, to])
  );
  for (const animal of animals) for (const place of animal.to) verifyOne(animal, place, found.get(place)?.find((record) => nameOf(record) === animal.name));
  return found;
}

function verifyOne(animal: Animal, place: Place, output: ReadRecord | undefined): void {
  if (place === 'filtered' || output === undefined) return;
  const input = recordOf(animal, '', 0);
  const at = `${animal.name} in ${place}`;
  if (place === 'bad') verifyDeadLetter(animal, input, output);
  else animal.check?.(output);
  if (place !== 'plain') return;
  assert.deepEqual(plainOf(output), plainOf(input), at);
  if (input.timestamp >= 0) assert.equal(output.timestamp, input.timestamp, at);
}

/** Byte for byte the original, with what went wrong behind its own headers. */
function verifyDeadLetter(animal: Animal, input: OutgoingRecord, letter: ReadRecord): void {
  const own = letter.headers.slice(0, input.headers.length);
  assert.deepEqual(plainOf({ ...letter, headers: own }), plainOf(input), animal.name);
  const errors = new Map(letter.headers.slice(input.headers.length).map(([name, value]) => [name, String(value)]));
  const names = ['code', 'message', 'node', 'topic', 'partition', 'offset', 'timestamp'];
  // A timestamp that the topic would not take is kept beside the letter.
  const retimed = letter.timestamp === input.timestamp ? [] : ['record_timestamp'];
  assert.deepEqual([...errors.keys()], [...names, ...retimed].map((name) => `millrace.error.${name}`), animal.name);
  if (retimed.length > 0) assert.equal(errors.get('millrace.error.record_timestamp'), String(input.timestamp), animal.name);
  assert.equal(errors.get('millrace.error.code'), animal.code, `${animal.name}: ${errors.get('millrace.error.message') ?? ''}`);
}

function plainOf({ key, value, headers }: Pick<OutgoingRecord, 'key' | 'value' | 'headers'>): unknown {
  const hex = (content: Uint8Array | null): string | null => (content === null ? null : Buffer.from(content).toString('latin1'));
  return { key: hex(key), value: hex(value), headers: headers.map(([name, content]) => [name, hex(content)]) };
}

/** Samples of a metric by one of its labels, summed. */
function samples(metrics: string, metric: string, label: string): Map<string, number> {
  const sums = new Map<string, number>();
  for (const [, labels = '', value] of metrics.matchAll(new RegExp(`^${metric}\\{(.*)\\} (\\d+)`, 'gm'))) {
    const name = new RegExp(`${label}="([^"]*)"`).exec(labels)?.[1] ?? '';
    sums.set(name, (sums.get(name) ?? 0) + Number(value));
  }
  return sums;
}

/** The account of the daemon: nothing that came in went unnoticed, and it agrees with what is in the topics. */
function verifyMetrics(metrics: string, { animals }: Zoo, found: ReadonlyMap<Place, readonly ReadRecord[]>): void {
  const received = samples(metrics, 'millrace_records_in_total', 'node');
  assert.equal(received.get('in'), animals.length);
  const accounted = samples(metrics, 'millrace_records_total', 'node');
  for (const [node, count] of received) assert.equal(accounted.get(node) ?? 0, count, `node ${node}`);
  const byFate = samples(metrics, 'millrace_records_total', 'fate');
  assert.ok([...byFate.keys()].every((fate) => (fates as readonly string[]).includes(fate)));
  assert.equal(byFate.get('dead_lettered'), found.get('bad')?.length);
  assert.equal(byFate.get('filtered'), animals.filter(({ to }) => to.includes('filtered')).length);
  const written = samples(metrics, 'millrace_records_out_total', 'node');
  for (const sink of ['plain', 'mapped', 'keyed', 'headered', 'topical'] as const) assert.equal(written.get(sink) ?? 0, found.get(sink)?.length, `sink ${sink}`);
}

/** The daemon lives on behind the zoo: a good record sent then comes through. On the embedded broker that takes a new daemon. */
async function visit(backend: Backend, delivery: string): Promise<void> {
  const site = zoo(backend, delivery);
  const file = writeTopology(site.yaml);
  const state = stateDir();
  const good: Animal = { name: 'a good one', value: json({ kind: 'plain' }), to: ['plain'] };
  await backend.use(async (broker) => {
    await createTopics(broker, site);
    await feed(broker, site.topics.in, site.animals);
  });
  let daemon = new DaemonProcess(file, { stateDir: state, args: ['--session-timeout', '3'] });
  await daemon.caughtUp(30_000);
  const metrics = await daemon.metrics();
  assert.ok(!/^millrace_task_restarts_total\{.*\} [1-9]/m.test(metrics), daemon.output);
  if (backend.name === 'embedded') {
    assert.equal(await daemon.stop(), 0, daemon.output);
    verifyMetrics(metrics, site, await backend.use((broker) => verify(broker, site)));
    await backend.use((broker) => feed(broker, site.topics.in, [good]));
    daemon = new DaemonProcess(file, { stateDir: state });
  } else {
    await backend.use(async (broker) => {
      verifyMetrics(metrics, site, await verify(broker, site));
      await feed(broker, site.topics.in, [good]);
    });
  }
  // The lag it tells may be a fetch old, its account is of what it has committed.
  if (backend.name === 'kafka') while ((samples(await daemon.metrics(), 'millrace_records_in_total', 'node').get('in') ?? 0) <= site.animals.length) await wait(20);
  await daemon.caughtUp(10_000);
  assert.equal(await daemon.stop(), 0, daemon.output);
  await backend.use((broker) => verify(broker, { ...site, animals: [...site.animals, good] }));
}

/** What does not fit the dead letter topic either keeps its headers' place and says how much is missing. */
async function oversized(backend: Backend): Promise<void> {
  const site = zoo(backend, 'exactly_once');
  await backend.use(async (broker) => {
    await createTopics(broker, site);
    await feed(broker, site.topics.in, [{ name: 'elephant', key: Buffer.alloc(20_000, 'k'), value: sized('plain', 3_000_000), to: ['bad'] }]);
  });
  const daemon = new DaemonProcess(writeTopology(site.yaml), { stateDir: stateDir() });
  await daemon.caughtUp(20_000);
  assert.equal(await daemon.stop(), 0, daemon.output);
  const [letter, ...more] = await backend.use((broker) => readCommitted(broker, site.topics.bad));
  assert.equal(more.length, 0);
  assert.equal(letter?.value?.byteLength, 0);
  const errors = new Map(letter.headers.map(([name, value]) => [name, String(value)]));
  assert.equal(errors.get('millrace.error.code'), 'record_too_large');
  assert.match(errors.get('millrace.error.truncated') ?? '', /3000000 bytes/);
  assert.equal(errors.get('millrace.error.offset'), '0');
}

describe('a zoo of records: each comes to one place, byte for byte, and is counted', () => {
  for (const delivery of ['exactly_once', 'at_least_once']) {
    it(`on the embedded broker, ${delivery}`, () => visit(embeddedBackend(), delivery));
    it(`on Kafka, ${delivery}`, async (t) => {
      const kafka = await kafkaOrSkip(t);
      if (kafka !== null) await visit(kafkaBackend(kafka.brokers), delivery);
    });
  }

  it('one that its dead letter topic cannot take, on the embedded broker', () => oversized(embeddedBackend()));
  it('one that its dead letter topic cannot take, on Kafka', async (t) => {
    const kafka = await kafkaOrSkip(t);
    if (kafka !== null) await oversized(kafkaBackend(kafka.brokers));
  });
});
