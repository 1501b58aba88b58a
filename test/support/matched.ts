import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Broker, OutgoingRecord } from '../../actors/port.ts';
import type { Backend } from './backend.ts';
import { readCommitted } from './stream.ts';

/** A topology that drops repeated orders and matches the rest with payments, both sides' strays included; with topics and a group of its own. */
export interface Matched {
  readonly name: string;
  readonly topics: { readonly orders: string; readonly payments: string; readonly out: string };
  readonly yaml: string;
}

/** How it differs from the plainest. */
export interface MatchedOptions {
  readonly delivery?: string;
  readonly changelog?: 'on' | 'off';
  /** True where the records have the key they are matched by: no repartition topics. */
  readonly local?: boolean;
}

/** Event time of the first order: 2001, to show that nothing goes by the wall clock. */
const first = Date.UTC(2001, 0, 1);
/** Event time between two orders, in milliseconds. */
const step = 50;
/** How long before and after its order a payment may come. */
const before = 2000;
const after = 5000;

/** Makes one; its topics are still to be created. */
export function matchedTopology(backend: Backend, { delivery = 'exactly_once', changelog = 'on', local = false }: MatchedOptions = {}): Matched {
  const name = `m${randomBytes(4).toString('hex')}`;
  const topics = { orders: `${name}-orders`, payments: `${name}-payments`, out: `${name}-out` };
  const source = (topic: string): string => `{ type: kafka, topic: ${topic}, start: earliest, event_time: value.ts, watermark: { delay: 1m, idle: never } }`;
  const yaml = `
name: ${name}
${backend.yaml}
delivery: ${delivery}
state: { changelog: "${changelog}" }
sources:
  orders: ${source(topics.orders)}
  payments: ${source(topics.payments)}
transforms:
  unique: { type: dedupe, from: orders, ${local ? '' : 'key: value.order, '}within: 10m, late: drop }
  matched:
    type: join
    from: unique
    with: payments
    kind: outer
    ${local ? '' : 'key: { left: value.order, right: value.order }'}
    within: { before: ${before}ms, after: ${after}ms }
    late: drop
sinks:
  out: { type: kafka, from: matched, topic: ${topics.out} }
`;
  return { name, topics, yaml };
}

/** Creates its topics. */
export async function createMatchedTopics(broker: Broker, { topics }: Matched, partitions = 4): Promise<void> {
  await broker.createTopics(Object.values(topics).map((topic) => ({ topic, partitions })));
}

/** A record of either side. */
interface Made {
  readonly id: string;
  readonly order: string;
  readonly ts: number;
}

function order(n: number): Made {
  return { id: `o${n}`, order: `k${n}`, ts: first + n * step };
}

/** Of four orders one has no payment, one a payment in time, one a payment too late, one two payments; and some payments have no order. */
function payments(n: number): Made[] {
  const at = first + n * step;
  const paid = (name: string, ts: number, key = `k${n}`): Made => ({ id: `p${n}${name}`, order: key, ts });
  switch (n % 5) {
    case 0:
      return [];
    case 1:
      return [paid('', at + after)];
    case 2:
      return [paid('', at + after + 1)];
    case 3:
      return [paid('a', at - before), paid('b', at + 1)];
    default:
      return [paid('', at), paid('x', at, `stray${n}`)];
  }
}

function recordOf(topic: string, made: Made, partition: number): OutgoingRecord {
  return { topic, partition, key: Buffer.from(made.order), value: Buffer.from(JSON.stringify(made)), headers: [], timestamp: Date.now() };
}

/** The partition of an order: the same for its payments, so that the plan without repartition topics finds them together. */
function place(key: string, partitions: number): number {
  return Number(/\d+/.exec(key)?.[0] ?? 0) % partitions;
}

/** Writes orders number `from` to `from + count`, every third of them twice, and their payments. */
export async function feedMatched(broker: Broker, { topics }: Matched, count: number, from = 0): Promise<void> {
  const partitions = (await broker.describeTopics([topics.orders])).get(topics.orders)?.partitions ?? 1;
  const producer = broker.producer();
  for (let start = from; start < from + count; start += 500) {
    const records: OutgoingRecord[] = [];
    for (let n = start; n < Math.min(start + 500, from + count); n += 1) {
      const made = order(n);
      const at = place(made.order, partitions);
      records.push(recordOf(topics.orders, made, at), ...(n % 3 === 0 ? [recordOf(topics.orders, made, at)] : []), ...payments(n).map((each) => recordOf(topics.payments, each, at)));
    }
    await producer.send(records, 'none');
  }
  await producer.close();
}

/** Event time goes on in every partition of both sides, so that all that was fed before is decided. */
export async function closeMatched(broker: Broker, { topics }: Matched): Promise<void> {
  const partitions = (await broker.describeTopics([topics.orders])).get(topics.orders)?.partitions ?? 1;
  const producer = broker.producer();
  const ends = [topics.orders, topics.payments].flatMap((topic) => Array.from({ length: partitions }, (_, partition) => recordOf(topic, { id: `end-${topic}-${partition}`, order: `end-${topic}-${partition}`, ts: Date.UTC(2001, 6, 1) }, partition)));
  await producer.send(ends, 'none');
  await producer.close();
}

/** All pairs and strays of orders 0 to `count`, by the ids of both sides. */
function expectedMatches(count: number): string[] {
  const found: string[] = [];
  for (let n = 0; n < count; n += 1) {
    const made = payments(n);
    const within = made.filter(({ order: key, ts }) => key === `k${n}` && ts - order(n).ts >= -before && ts - order(n).ts <= after);
    found.push(...within.map(({ id }) => `o${n} ${id}`), ...(within.length === 0 ? [`o${n} -`] : []));
    found.push(...made.filter((each) => !within.includes(each)).map(({ id }) => `- ${id}`));
  }
  return found.sort();
}

async function matchesIn(broker: Broker, topic: string): Promise<string[]> {
  const found = (await readCommitted(broker, topic)).map(({ value }) => JSON.parse(Buffer.from(value ?? []).toString()) as { readonly left: Made | null; readonly right: Made | null });
  return found.map(({ left, right }) => `${left?.id ?? '-'} ${right?.id ?? '-'}`).filter((match) => !match.includes('end-')).sort();
}

/** Recomputes all pairs and strays from the inputs: each came out, and once; with `once: false` perhaps again (at-least-once). */
export async function verifyMatched(broker: Broker, { topics }: Matched, count: number, { once = true } = {}): Promise<void> {
  const expected = expectedMatches(count);
  const read = async (): Promise<string[]> => {
    const found = await matchesIn(broker, topics.out);
    return once ? found : [...new Set(found)];
  };
  let found = await read();
  // Kafka answers the last commit before its markers are in the partitions, and a hop takes a moment more.
  for (let tries = 0; tries < 100 && found.length < expected.length; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    found = await read();
  }
  const known = new Map<string, number>();
  for (const match of found) known.set(match, (known.get(match) ?? 0) + 1);
  const wrong = expected.filter((match) => known.get(match) !== 1);
  assert.deepEqual({ wrong: wrong.slice(0, 5), found: found.length }, { wrong: [], found: expected.length });
}
