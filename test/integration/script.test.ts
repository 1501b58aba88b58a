import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Broker, OutgoingRecord } from '../../actors/port.ts';
import { backends, stateDir } from '../support/backend.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { readCommitted } from '../support/stream.ts';

/* A script in a daemon: what it sends, what it breaks on, what it never ends on, and its change while the daemon runs. */

const script = `import { mark } from './mark.ts';
import type { Script } from 'millrace';

const script: Script<{ times: number }, { do: string; id: number; times?: number }> = (record, out, { times }) => {
  const { value } = record;
  if (value.do === 'throw') throw new Error('told to throw');
  if (value.do === 'loop') for (;;);
  if (value.do === 'refused') return out.send(record, value, { key: 'other', headers: { more: 'x'.repeat(2_000_000) } });
  for (let n = 0; n < times; n += 1) out.send(record, { id: value.id, n, ...mark }, { key: \`id-\${value.id}\` });
};

export default script;
`;

interface Topics {
  readonly in: string;
  readonly out: string;
  readonly bad: string;
}

async function feed(broker: Broker, topics: Topics, values: readonly object[]): Promise<void> {
  const producer = broker.producer();
  // Spaces and an odd number: what must come through byte for byte.
  const records = values.map((value): OutgoingRecord => ({ topic: topics.in, partition: 0, key: Buffer.from('read'), value: Buffer.from(JSON.stringify({ ...value, odd: 0 }).replace('"odd":0', ' "odd" : 1.50')), headers: [['h', Buffer.from('1')]], timestamp: Date.now() }));
  await producer.send(records, 'none');
  await producer.close();
}

/** Reads until as much is there as is wanted: the last commit's markers may take a moment. */
async function read(broker: Broker, topic: string, count: number): ReturnType<typeof readCommitted> {
  let records = await readCommitted(broker, topic);
  for (let tries = 0; tries < 50 && records.length < count; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    records = await readCommitted(broker, topic);
  }
  return records;
}

const text = (bytes: Uint8Array | null | undefined): string => Buffer.from(bytes ?? []).toString();

async function loaded(daemon: DaemonProcess, topology: string): Promise<void> {
  for (let tries = 0; tries < 400; tries += 1) {
    if (daemon.lines.some((line) => line.includes(`reload: changed ${topology}`))) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`Not reloaded:\n${daemon.output}`);
}

describe('a script in a daemon', () => {
  for (const { name: on, open } of backends) {
    it(`sends, fails and times out record by record on ${on}, and changes by --watch with what it imports`, async (t) => {
      const backend = await open(t);
      if (backend === null) return;
      const name = `s${randomBytes(4).toString('hex')}`;
      const topics = { in: `${name}-in`, out: `${name}-out`, bad: `${name}-bad` };
      const folder = mkdtempSync(join(tmpdir(), 'millrace-scripts-'));
      writeFileSync(join(folder, 'mark.ts'), 'export const mark = { mark: "a" } as const;\n');
      writeFileSync(join(folder, 'script.ts'), script);
      const file = join(folder, 'topology.yaml');
      writeFileSync(file, `
name: ${name}
${backend.yaml}
on_error: { dead_letter: ${topics.bad} }
sources:
  in: { type: kafka, topic: ${topics.in}, start: earliest }
transforms:
  scripted: { type: script, from: in, module: ./script.ts, options: { times: 2 }, budget: 200ms }
sinks:
  out: { type: kafka, from: scripted, topic: ${topics.out} }
`);
      const acts = ['send', 'throw', 'send', 'loop', 'loop', 'refused', 'send'];
      await backend.use(async (broker) => {
        await broker.createTopics(Object.values(topics).map((topic) => ({ topic, partitions: 1 })));
        await feed(broker, topics, acts.map((act, id) => ({ do: act, id })));
      });
      const daemon = new DaemonProcess(file, { stateDir: stateDir(), args: ['--watch'] });
      await daemon.caughtUp();
      writeFileSync(join(folder, 'mark.ts'), 'export const mark = { mark: "b" } as const;\n');
      await loaded(daemon, name);
      await daemon.caughtUp();
      // The embedded broker is the daemon's alone while it runs.
      if (on === 'Kafka') await backend.use((broker) => feed(broker, topics, [{ do: 'send', id: 7 }]));
      else {
        assert.equal(await daemon.stop(), 0, daemon.output);
        await backend.use((broker) => feed(broker, topics, [{ do: 'send', id: 7 }]));
      }
      const last = on === 'Kafka' ? daemon : new DaemonProcess(file, { stateDir: stateDir() });
      await last.caughtUp();
      assert.equal(await last.stop(), 0, last.output);

      await backend.use(async (broker) => {
        const out = await read(broker, topics.out, 8);
        assert.deepEqual(out.map(({ key, value }) => `${text(key)} ${text(value)}`), [0, 2, 6, 7].flatMap((id) => [0, 1].map((n) => `id-${id} ${JSON.stringify({ id, n, mark: id === 7 ? 'b' : 'a' })}`)));
        const bad = await read(broker, topics.bad, 4);
        const header = (index: number, wanted: string): string => text(bad[index]?.headers.find(([key]) => key === wanted)?.[1]);
        const order = bad.map((_, index) => ({ offset: header(index, 'millrace.error.offset'), code: header(index, 'millrace.error.code') })).sort((a, b) => Number(a.offset) - Number(b.offset));
        assert.deepEqual(order, [['1', 'script_failed'], ['3', 'script_timeout'], ['4', 'script_timeout'], ['5', 'record_too_large']].map(([offset, code]) => ({ offset, code })));
        for (const [index, { key, value, headers }] of bad.entries()) {
          const id = Number(header(index, 'millrace.error.offset'));
          assert.equal(text(value), `{"do":"${acts[id] ?? ''}","id":${id}, "odd" : 1.50}`);
          assert.equal(text(key), 'read');
          assert.deepEqual(headers.filter(([each]) => !each.startsWith('millrace.')).map(([each, bytes]) => `${each}=${text(bytes)}`), ['h=1']);
        }
        assert.match(bad.map((_, index) => header(index, 'millrace.error.message')).join('\n'), /^script\.ts:6: told to throw$/m);
      });
    });

    if (on === 'Kafka') continue;
    it('goes on after what a script leaves behind: promises that fail, a timer that throws', async (t) => {
      const backend = await open(t);
      if (backend === null) return;
      const name = `s${randomBytes(4).toString('hex')}`;
      const folder = mkdtempSync(join(tmpdir(), 'millrace-scripts-'));
      writeFileSync(join(folder, 'leaves.ts'), `export default (record, out) => {
  void Promise.reject(new Error('left behind'));
  void Promise.reject('without a place');
  setTimeout(() => { throw new Error('late'); }, 1);
  out.pass(record);
};
`);
      const file = join(folder, 'topology.yaml');
      const topics = { in: `${name}-in`, out: `${name}-out`, bad: `${name}-bad` };
      writeFileSync(file, `
name: ${name}
${backend.yaml}
sources:
  in: { type: kafka, topic: ${topics.in}, start: earliest }
transforms:
  scripted: { type: script, from: in, module: ./leaves.ts }
sinks:
  out: { type: kafka, from: scripted, topic: ${topics.out} }
`);
      await backend.use(async (broker) => {
        await broker.createTopics(Object.values(topics).map((topic) => ({ topic, partitions: 1 })));
        await feed(broker, topics, [{ id: 0 }]);
      });
      const daemon = new DaemonProcess(file, { stateDir: stateDir() });
      await daemon.caughtUp();
      assert.equal(await daemon.stop(), 0, daemon.output);
      for (const what of ['leaves.ts:2: left behind', 'threw without a place', 'leaves.ts:4: late']) assert.ok(daemon.lines.some((line) => line.includes(`a script left work behind that failed: `) && line.includes(what)), daemon.output);
      await backend.use(async (broker) => { assert.equal((await read(broker, topics.out, 1)).length, 1); });
    });
  }
});
