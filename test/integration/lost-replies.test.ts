import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { Broker } from '../../actors/port.ts';
import { createTopics, kafkaBackend, markedTopology, stateDir } from '../support/backend.ts';
import type { Backend, Marked } from '../support/backend.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { ownKafkaOrSkip } from '../support/kafka.ts';
import type { Kafka, Skippable } from '../support/kafka.ts';
import { writeTopology } from '../support/plan.ts';
import { KafkaProxy } from '../support/proxy.ts';
import type { ApiName, Fault, Fired } from '../support/proxy.ts';
import { feedNumbered, readCommitted, verifyNumbered } from '../support/stream.ts';

interface Site {
  readonly kafka: Kafka;
  readonly proxy: KafkaProxy;
  readonly backend: Backend;
}

let site: Promise<Site | null> | undefined;

/** One Kafka behind one proxy for this file: a start takes seconds. Only the daemon's requests go wrong, not the tests' own. */
function siteOrSkip(t: Skippable): Promise<Site | null> {
  return (site ??= open(t));
}

async function open(t: Skippable): Promise<Site | null> {
  const proxy = await KafkaProxy.listen('millrace');
  const kafka = await ownKafkaOrSkip(t, { properties: { 'advertised.listeners': `PLAINTEXT://127.0.0.1:${proxy.port}` } });
  if (kafka === null) {
    proxy.close();
    return null;
  }
  proxy.forwardTo(Number(kafka.brokers.split(':')[1]));
  return { kafka, proxy, backend: kafkaBackend(`127.0.0.1:${proxy.port}`) };
}

after(async () => {
  const opened = await site;
  opened?.proxy.close();
  await opened?.kafka.stop();
});

const piece = 100;
const piecesBehind = 8;
const most = 60_000;

interface Run {
  readonly delivery: 'exactly_once' | 'at_least_once';
  readonly faults: readonly Fault[];
  /** Arms the faults before the daemon starts, not once it has opened its tasks. */
  readonly atStart?: boolean;
}

/** Feeds a daemon through the proxy in small pieces while the faults happen; it must get over them by itself. */
async function survive(t: Skippable & { diagnostic(text: string): void }, { delivery, faults, atStart = false }: Run): Promise<readonly Fired[] | null> {
  const opened = await siteOrSkip(t);
  if (opened === null) return null;
  const { proxy, backend } = opened;
  const marked = markedTopology(backend, { delivery });
  return backend.use(async (broker) => {
    await createTopics(broker, marked);
    if (atStart) proxy.arm(faults);
    const daemon = new DaemonProcess(writeTopology(marked.yaml), { stateDir: stateDir(), args: ['--session-timeout', '3'] });
    await daemon.caughtUp(20_000);
    if (!atStart) proxy.arm(faults);
    const count = await feedThrough(broker, marked.topics.in, proxy, faults.length);
    const fed = performance.now();
    await untilCommitted(broker, marked);
    const restarts = restartsIn(await daemon.metrics());
    t.diagnostic(`${count} records, ${faults.length} faults, task restarts ${JSON.stringify(restarts)}, caught up ${Math.round(performance.now() - fed)} ms after the last record`);
    assert.equal(await daemon.stop(), 0, daemon.output);
    const fired = [...proxy.fired];
    proxy.arm([]);
    if (delivery === 'exactly_once') await verifyNumbered(broker, marked.topics, count);
    else await verifyNothingLost(broker, marked.topics, count);
    return fired;
  });
}

/** Feeds small pieces, some beyond the last fault; the number of records. How many requests a daemon makes of them is its own affair. */
async function feedThrough(broker: Broker, topic: string, proxy: KafkaProxy, faults: number): Promise<number> {
  let count = 0;
  for (let more = piecesBehind; more > 0; more -= Number(proxy.fired.length === faults)) {
    assert.ok(count < most, `did not happen: ${JSON.stringify(proxy.left)}`);
    await Promise.all([feedNumbered(broker, topic, piece, count), wait(25)]);
    count += piece;
  }
  return count;
}

/** Waits for the committed offsets themselves: the lag a daemon tells may be a fetch old. */
async function untilCommitted(broker: Broker, { name, topics }: Marked): Promise<void> {
  const partitions = Array.from({ length: 4 }, (_, partition) => ({ topic: topics.in, partition }));
  const ends = await broker.listOffsets(partitions, 'end');
  const deadline = performance.now() + 30_000;
  for (;;) {
    const offsets = (await broker.committed(name, partitions)).map((found) => found?.offset ?? 0);
    if (offsets.every((offset, partition) => offset >= (ends[partition] ?? 0))) return;
    assert.ok(performance.now() < deadline, `committed ${offsets.join()} of ${ends.join()}`);
    await wait(20);
  }
}

/** Task restarts by failure code, as /metrics counts them. */
function restartsIn(metrics: string): Record<string, number> {
  const restarts: Record<string, number> = {};
  for (const [, labels = '', value] of metrics.matchAll(/^millrace_task_restarts_total\{(.*)\} (\d+)/gm)) {
    const code = /code="(\w+)"/.exec(labels)?.[1] ?? labels;
    restarts[code] = (restarts[code] ?? 0) + Number(value);
  }
  return restarts;
}

/** At least once: every input is there; one may be there twice. A record comes again only behind where it was first, so first sights are in order. */
async function verifyNothingLost(broker: Broker, topics: { readonly out: string; readonly bad: string }, count: number): Promise<void> {
  const seen = new Set<number>();
  for (const topic of [topics.out, topics.bad]) {
    const last = new Map<string, number>();
    for (const { value } of await readCommitted(broker, topic)) {
      const [, id = '', key = '', seq = ''] = /"id":(\d+),"key":"([^"]+)","seq":(\d+)/.exec(Buffer.from(value ?? []).toString()) ?? [];
      if (!seen.has(Number(id))) {
        assert.ok(Number(seq) > (last.get(key) ?? -1), `${key}: ${seq} came first after ${last.get(key) ?? -1}`);
        last.set(key, Number(seq));
      }
      seen.add(Number(id));
    }
  }
  const missing = Array.from({ length: count }, (_, id) => id).filter((id) => !seen.has(id));
  assert.deepEqual({ missing: missing.slice(0, 10), all: seen.size }, { missing: [], all: count });
}

function lost(api: ApiName, ...numbers: readonly number[]): Fault[] {
  return numbers.map((nth) => ({ api, nth, what: 'lose_reply' }));
}

describe('answers of Kafka that are lost, exactly once: each input has its effect once, in order', () => {
  const apis: readonly ApiName[] = ['Produce', 'AddPartitionsToTxn', 'AddOffsetsToTxn', 'TxnOffsetCommit', 'EndTxn'];
  for (const api of apis) {
    it(`of ${api}, done by the broker`, async (t) => {
      await survive(t, { delivery: 'exactly_once', faults: lost(api, 2, 7, 8, 20, 31) });
    });
  }

  it('of InitProducerId, at the start and when a task opens again', async (t) => {
    const faults = [...lost('InitProducerId', 1, 2, 5, 9, 10), ...lost('EndTxn', 8, 12), { api: 'InitProducerId', nth: 11, what: 'cut' } as const];
    await survive(t, { delivery: 'exactly_once', faults, atStart: true });
  });

  it('all kinds of requests cut before they reach the broker', async (t) => {
    const faults = ['Produce', 'AddPartitionsToTxn', 'AddOffsetsToTxn', 'TxnOffsetCommit', 'EndTxn'] as const;
    await survive(t, {
      delivery: 'exactly_once',
      faults: faults.flatMap((api, index) => [{ api, nth: 3 + index, what: 'cut' as const }, { api, nth: 15 + 2 * index, what: 'cut' as const }])
    });
  });

  it('a Produce and an AddPartitionsToTxn that were sent again, delivered into a later transaction of the same producer', async (t) => {
    const faults: Fault[] = (['Produce', 'AddPartitionsToTxn'] as const).flatMap((api) => [4, 11, 30].map((nth) => ({ api, nth, what: { late: 700 } })));
    await survive(t, { delivery: 'exactly_once', faults });
  });

  it('an EndTxn of an attempt given up on, delivered a second later into the next transactions of its task, is refused', async (t) => {
    const faults: Fault[] = [4, 9, 16, 25].map((nth) => ({ api: 'EndTxn', nth, what: { late: 1000 } }));
    const fired = await survive(t, { delivery: 'exactly_once', faults });
    // EndTxn's answer: four bytes of throttling, then the error code: INVALID_PRODUCER_EPOCH or PRODUCER_FENCED.
    if (fired !== null) for (const { answer } of fired) assert.ok([47, 90].includes(answer?.readInt16BE(4) ?? -1), `code ${answer?.readInt16BE(4) ?? 'none'}`);
  });
});

describe('answers of Kafka that are lost, at least once: nothing is missing', () => {
  for (const api of ['Produce', 'OffsetCommit'] as const) {
    it(`of ${api}, done by the broker or not`, async (t) => {
      await survive(t, { delivery: 'at_least_once', faults: [...lost(api, 2, 3, 9, 16), { api, nth: 12, what: 'cut' }] });
    });
  }

  it('an OffsetCommit of long ago, delivered a second later', async (t) => {
    await survive(t, { delivery: 'at_least_once', faults: [3, 8].map((nth) => ({ api: 'OffsetCommit', nth, what: { late: 1000 } })) });
  });
});
