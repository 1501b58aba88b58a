import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Broker, OutgoingRecord } from '../../actors/port.ts';
import type { Backend } from './backend.ts';
import { readCommitted } from './stream.ts';

/** A topology that counts per minute and group, with topics and a group of its own. */
export interface Counted {
  readonly name: string;
  readonly topics: { readonly in: string; readonly out: string };
  readonly yaml: string;
}

/** How a counted topology differs from the plainest. */
export interface CountedOptions {
  readonly delivery?: string;
  readonly changelog?: 'on' | 'off';
  /** True where the records have the key they are counted by: no repartition topic. */
  readonly local?: boolean;
  readonly emit?: 'update' | 'final';
  /** Further nodes and options, as YAML. */
  readonly more?: string;
  readonly name?: string;
}

/** Groups that are counted. */
const groups = 40;
/** Event time of the first record: events of 2001, to show that state does not go by the wall clock. */
const first = Date.UTC(2001, 0, 1);
/** Event time between two records, in milliseconds. */
const step = 50;

/** Makes one; its topics are still to be created. */
export function countedTopology(backend: Backend, { delivery = 'exactly_once', changelog = 'on', local = false, emit = 'update', more = '', name = `c${randomBytes(4).toString('hex')}` }: CountedOptions = {}): Counted {
  const topics = { in: `${name}-in`, out: `${name}-out` };
  const yaml = `
name: ${name}
${backend.yaml}
delivery: ${delivery}
state: { changelog: "${changelog}" }
sources:
  in: { type: kafka, topic: ${topics.in}, start: earliest, event_time: value.ts, watermark: { delay: 1m, idle: never } }
${more}
transforms:
  counts:
    type: window
    from: in
    ${local ? '' : 'key: value.group'}
    window: { type: tumbling, size: 1m }
    aggregate: { count: count(), sum: sum(value.id), last: last(value.id) }
    emit: ${emit}
    late: drop
sinks:
  out: { type: kafka, from: counts, topic: ${topics.out} }
`;
  return { name, topics, yaml };
}

/** Creates the topics of a counted topology. */
export async function createCountedTopics(broker: Broker, { topics }: Counted, partitions = 4): Promise<void> {
  // With the broker's own retention: results of 2001 must not be deleted as old.
  await broker.createTopics(Object.values(topics).map((topic) => ({ topic, partitions })));
}

function recordOf(topic: string, id: number, partitions: number): OutgoingRecord {
  const group = `g${id % groups}`;
  // Every partition holds records of every group, unless the group's own partition is asked for by the key.
  return { topic, partition: (id % groups) % partitions, key: Buffer.from(group), value: Buffer.from(JSON.stringify({ id, group, ts: first + id * step })), headers: [], timestamp: Date.now() };
}

/** Writes records number `from` to `from + count`. */
export async function feedCounted(broker: Broker, topic: string, count: number, from = 0): Promise<void> {
  const partitions = (await broker.describeTopics([topic])).get(topic)?.partitions ?? 1;
  const producer = broker.producer();
  for (let start = from; start < from + count; start += 1000) {
    const size = Math.min(1000, from + count - start);
    await producer.send(Array.from({ length: size }, (_, index) => recordOf(topic, start + index, partitions)), 'none');
  }
  await producer.close();
}

interface Count {
  readonly count: number;
  readonly sum: number;
  readonly last: number;
}

/** The result of each window over records 0 to `count`, by result key. */
function expectedCounts(count: number, from: number): Map<string, Count> {
  const windows = new Map<string, Count>();
  for (let id = from; id < count; id += 1) {
    const start = Math.floor((first + id * step) / 60_000) * 60_000;
    const key = `g${id % groups}-${start}`;
    const { count: before, sum } = windows.get(key) ?? { count: 0, sum: 0 };
    windows.set(key, { count: before + 1, sum: sum + id, last: id });
  }
  return windows;
}

async function resultsOf(broker: Broker, topic: string): Promise<Map<string, Count[]>> {
  const results = new Map<string, Count[]>();
  for (const { key, value } of await readCommitted(broker, topic)) {
    const { count, sum, last } = JSON.parse(Buffer.from(value ?? []).toString()) as Count;
    const name = Buffer.from(key ?? []).toString();
    const known = results.get(name) ?? [];
    results.set(name, [...known, { count, sum, last }]);
  }
  return results;
}

/** How results are checked. */
export interface VerifyOptions {
  /** False where outputs may be repeated after a crash (at-least-once). */
  readonly once?: boolean;
  /** The first record that counts: results of windows without any behind it are left aside. */
  readonly from?: number;
}

/**
 * Recomputes every window from the inputs: the last result of each is the fold of all its records, and (`update`) each result before it
 * has fewer of them, so that no output was written twice and no record counted twice.
 */
export async function verifyCounted(broker: Broker, topic: string, count: number, { once = true, from = 0 }: VerifyOptions = {}): Promise<void> {
  const expected = expectedCounts(count, from);
  // Kafka answers the last commit before its markers are in the partitions, and a hop takes a moment more.
  const read = async (): Promise<Map<string, Count[]>> => new Map([...(await resultsOf(broker, topic))].filter(([key]) => from === 0 || expected.has(key)));
  let results = await read();
  const total = (): number => [...results.values()].reduce((sum, list) => sum + (list.at(-1)?.count ?? 0), 0);
  for (let tries = 0; tries < 50 && total() < count - from; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    results = await read();
  }
  const wrong = [...expected].flatMap(([key, value]) => {
    const found = results.get(key)?.at(-1);
    return JSON.stringify(found) === JSON.stringify(value) ? [] : [{ key, expected: value, found }];
  });
  assert.deepEqual({ wrong: wrong.length, first: wrong.slice(0, 3), windows: results.size }, { wrong: 0, first: [], windows: expected.size });
  if (!once) return;
  const repeated = [...results].filter(([, list]) => list.some(({ count: each }, index) => index > 0 && each <= (list[index - 1] as Count).count));
  assert.deepEqual(repeated.slice(0, 3), []);
}
