import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Broker, OutgoingRecord } from '../../actors/port.ts';
import { embeddedBackend, stateDir } from '../support/backend.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { writeTopology } from '../support/plan.ts';
import { readCommitted } from '../support/stream.ts';

const windows = {
  tumbling: '{ type: tumbling, size: 1m }',
  hopping: '{ type: hopping, size: 1m, every: 20s }',
  session: '{ type: session, gap: 7s }',
  sliding: '{ type: sliding, size: 20s }'
};

function topology(yaml: string, window: string, key: string): string {
  return `
name: speed
${yaml}
sources:
  in: { type: kafka, topic: in, start: earliest, event_time: value.ts, watermark: { delay: 10s, idle: never } }
transforms:
  counts:
    type: window
    from: in
    ${key}
    window: ${window}
    aggregate: { ids: "collect(value.id, 1000)" }
    emit: final
    grace: 5s
    late: late
sinks:
  out: { type: kafka, from: counts, topic: out }
`;
}

/** Records of two partitions, of the same hour; some out of order, some too late; at the end one that closes every window. */
function recordsOf(partition: number): OutgoingRecord[] {
  const start = Date.UTC(2026, 0, 1);
  const records: OutgoingRecord[] = [];
  let seed = 7 + partition;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed % below;
  };
  for (let n = 0; n < 1500; n += 1) {
    const behind = random(10) === 0 ? random(150_000) : random(9000);
    records.push(record(partition, n, start + n * 2400 - behind));
  }
  return [...records, record(partition, 1500, start + 2 * 3_600_000)];
}

function record(partition: number, n: number, ts: number): OutgoingRecord {
  const group = `${partition}${n % 4}`;
  return { topic: 'in', partition, key: Buffer.from(group), value: Buffer.from(JSON.stringify({ id: `${partition}-${n}`, group: `g${n % 5}`, ts })), headers: [], timestamp: 1_767_225_600_000 };
}

/** What a topology makes of the two partitions when they come in these parts, one after the other. */
async function run(window: string, key: string, parts: readonly (readonly OutgoingRecord[])[]): Promise<{ finals: string[]; late: string[] }> {
  const backend = embeddedBackend();
  const file = writeTopology(topology(backend.yaml.replace(' }', ', partitions: 2 }'), window, key));
  const state = stateDir();
  await backend.use((broker) => broker.createTopics(['in', 'out', 'late'].map((topic) => ({ topic, partitions: 2 }))));
  for (const part of parts) {
    await backend.use((broker) => send(broker, part));
    const daemon = new DaemonProcess(file, { stateDir: state });
    await daemon.caughtUp().catch((error: unknown) => { throw new Error(daemon.output, { cause: error }); });
    assert.equal(await daemon.stop(), 0, daemon.output);
  }
  return backend.use(async (broker) => ({ finals: await values(broker, 'out'), late: await values(broker, 'late') }));
}

async function send(broker: Broker, records: readonly OutgoingRecord[]): Promise<void> {
  const producer = broker.producer();
  await producer.send(records, 'none');
  await producer.close();
}

async function values(broker: Broker, topic: string): Promise<string[]> {
  return (await readCommitted(broker, topic)).map(({ key, value }) => `${Buffer.from(key ?? []).toString()} ${Buffer.from(value ?? []).toString()}`).toSorted();
}

describe('final windows and late records do not depend on how fast partitions are read', { concurrency: 2 }, () => {
  for (const [name, window] of Object.entries(windows)) {
    for (const [where, key] of [['in one task per partition', ''], ['across a repartition topic', 'key: value.group']] as const) {
      it(`${name}, ${where}`, async () => {
        const [one, other] = [recordsOf(0), recordsOf(1)];
        const even = [0, 500, 1000].map((from) => [...one, ...other].filter((_, index) => index % 1501 >= from && index % 1501 < (from === 1000 ? Infinity : from + 500)));
        const slow = await run(window, key, even);
        const uneven = await run(window, key, [[...one, ...other.slice(0, 150)], other.slice(150)]);
        assert.ok(slow.finals.length > 20 && slow.late.length > 10, `${slow.finals.length} windows, ${slow.late.length} late`);
        assert.deepEqual(uneven.late, slow.late);
        assert.deepEqual(uneven.finals, slow.finals);
      });
    }
  }
});
