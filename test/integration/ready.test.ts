import assert from 'node:assert/strict';
import { cpSync, globSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { describe, it } from 'node:test';
import type { Broker } from '../../actors/port.ts';
import { Partitioner } from '../../actors/sink/partitioner.ts';
import { backends, stateDir } from '../support/backend.ts';
import type { Backend } from '../support/backend.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { readCommitted } from '../support/stream.ts';
import { cases } from '../support/ready-cases.ts';
import type { ReadyCase } from '../support/ready-cases.ts';

/*
 * The ready topologies of config/, as they are but for their broker and name, on both brokers: what is put into their
 * topics, and what has to be in all the others afterwards.
 */

const folder = resolve(import.meta.dirname, '../../config');
const files = globSync('*.yaml', { cwd: folder, exclude: ['*_test.yaml'] }).map((file) => basename(file, '.yaml'));

async function produce(broker: Broker, { input }: ReadyCase): Promise<void> {
  const partitioner = new Partitioner();
  const producer = broker.producer();
  for (const { topic, partition, key = null, value, headers = {}, timestamp = Date.now() } of input) {
    const partitions = (await broker.describeTopics([topic])).get(topic)?.partitions ?? 1;
    const bytes = key === null ? null : Buffer.from(key);
    const record = {
      topic,
      partition: partition ?? partitioner.partition(topic, bytes, partitions),
      key: bytes,
      value: value === null ? null : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
      headers: Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)] as const),
      timestamp
    };
    await producer.send([record], 'none');
  }
  await producer.close();
}

async function outputs(broker: Broker, topic: string, latest = false): Promise<string[]> {
  const records = await readCommitted(broker, topic);
  const last = latest ? [...new Map(records.map((record) => [String(Buffer.from(record.key ?? [])), record])).values()] : records;
  return last.map(({ value }) => Buffer.from(value ?? []).toString()).toSorted();
}

/** Waits for results that come only once the watermarks of all partitions have crossed to them. */
async function arrived(daemon: DaemonProcess, { sink, records }: NonNullable<ReadyCase['waitsFor']>): Promise<void> {
  const written = new RegExp(`^millrace_records_out_total\\{.*node="${sink}".* (\\d+)`, 'm');
  const deadline = Date.now() + 30_000;
  while (Number(written.exec(await daemon.metrics())?.[1] ?? 0) < records) {
    assert.ok(Date.now() < deadline, `${sink} has not written ${records} in 30 s:\n${daemon.output}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The topology of a file on a backend. Groups and transactional ids are the name's, so it gets a fresh one. */
function placed(name: string, backend: Backend): string {
  const text = readFileSync(join(folder, `${name}.yaml`), 'utf8')
    .replace(/^broker: .*$/m, backend.yaml)
    .replace('checkpoint_interval: 10s', 'checkpoint_interval: 1s')
    .replace(/^name: (.*)$/m, `name: $1_${Math.random().toString(36).slice(2, 10)}`);
  const copy = mkdtempSync(join(tmpdir(), 'millrace-ready-'));
  cpSync(folder, copy, { recursive: true, filter: (path) => !path.endsWith('.gz') });
  writeFileSync(join(copy, `${name}.yaml`), text);
  return join(copy, `${name}.yaml`);
}

async function runCase(name: string, ready: ReadyCase, backend: Backend): Promise<void> {
  const topics = [...new Set([...ready.input.map(({ topic }) => topic), ...Object.keys(ready.expected)])];
  await backend.use(async (broker) => {
    await broker.createTopics(topics.map((topic) => ({ topic, partitions: 3 })));
    await produce(broker, ready);
  });
  const before = await backend.use(async (broker) => new Map(await Promise.all(topics.map(async (topic) => [topic, (await outputs(broker, topic)).length] as const))));
  const daemon = new DaemonProcess(placed(name, backend), { stateDir: stateDir() });
  if (ready.ends === true) assert.equal((await daemon.exited).code, 0, daemon.output);
  else {
    await daemon.caughtUp();
    if (ready.waitsFor !== undefined) await arrived(daemon, ready.waitsFor);
    assert.equal(await daemon.stop(), 0, daemon.output);
  }
  await backend.use(async (broker) => {
    for (const [topic, expected] of Object.entries(ready.expected)) {
      assert.equal(before.get(topic), 0, `${topic} is written by one case only, on a Kafka of its own`);
      const found = (await outputs(broker, topic, ready.latest)).map((text) => (ready.strip === undefined ? text : ready.strip(text)));
      assert.deepEqual(found, expected.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).toSorted(), topic);
    }
    await ready.check?.(broker);
  });
}

describe('the ready topologies', () => {
  it('are all tested, and each says in its first words when to use it', () => {
    // The demo has its own test, and so have those that need a schema registry (registry.test.ts).
    const elsewhere = ['flights', 'avro-to-json', 'json-to-avro'];
    assert.deepEqual(files.filter((file) => !elsewhere.includes(file)).toSorted(), Object.keys(cases).toSorted());
    for (const file of files) assert.match(readFileSync(join(folder, `${file}.yaml`), 'utf8'), /^# yaml-language-server: \$schema=\.\/topology\.schema\.json\n#\n# [A-Z]/, file);
  });
  for (const { name: on, open } of backends) {
    for (const [name, ready] of Object.entries(cases)) {
      it(`${name} does on ${on} what it says`, async (t) => {
        const backend = await open(t);
        if (backend !== null) await runCase(name, ready, backend);
      });
    }
  }
});
