import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
 * topics, and what has to be in all the others afterwards. One daemon runs all of them; what ends by itself has one of its own.
 */

const folder = resolve(import.meta.dirname, '../../config');
const files = globSync('*.yaml', { cwd: folder, exclude: ['*_test.yaml'] }).map((file) => basename(file, '.yaml'));

async function produce(broker: Broker, { input }: ReadyCase): Promise<void> {
  const partitioner = new Partitioner();
  const producer = broker.producer();
  const partitions = await broker.describeTopics([...new Set(input.map(({ topic }) => topic))]);
  const records = input.map(({ topic, partition, key = null, value, headers = {}, timestamp = Date.now() }) => {
    const bytes = key === null ? null : Buffer.from(key);
    return {
      topic,
      partition: partition ?? partitioner.partition(topic, bytes, partitions.get(topic)?.partitions ?? 1),
      key: bytes,
      value: value === null ? null : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
      headers: Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)] as const),
      timestamp
    };
  });
  await producer.send(records, 'none');
  await producer.close();
}

async function outputs(broker: Broker, topic: string, latest = false): Promise<string[]> {
  const records = await readCommitted(broker, topic);
  const last = latest ? [...new Map(records.map((record) => [String(Buffer.from(record.key ?? [])), record])).values()] : records;
  return last.map(({ value }) => Buffer.from(value ?? []).toString()).toSorted();
}

/** Waits for results that come only once the watermarks of all partitions have crossed to them. */
async function arrived(daemon: DaemonProcess, topology: string, { sink, records }: NonNullable<ReadyCase['waitsFor']>): Promise<void> {
  const written = new RegExp(`^millrace_records_out_total\\{topology="${topology}",node="${sink}".* (\\d+)`, 'm');
  const deadline = Date.now() + 30_000;
  while (Number(written.exec(await daemon.metrics())?.[1] ?? 0) < records) {
    assert.ok(Date.now() < deadline, `${topology}: ${sink} has not written ${records} in 30 s:\n${daemon.output}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Topologies placed on a backend: a folder with them, and their names, by file. Groups and transactional ids are the name's, so each gets a fresh one. */
function placed(names: readonly string[], backend: Backend): { readonly path: string; readonly called: ReadonlyMap<string, string> } {
  const path = mkdtempSync(join(tmpdir(), 'millrace-ready-'));
  cpSync(folder, path, { recursive: true, filter: (each) => !each.endsWith('.gz') });
  for (const file of globSync('*.yaml', { cwd: path })) rmSync(join(path, file));
  const called = names.map((name) => {
    const text = readFileSync(join(folder, `${name}.yaml`), 'utf8').replace(/^broker: .*$/m, backend.yaml).replace('checkpoint_interval: 10s', 'checkpoint_interval: 1s');
    const fresh = `${/^name: (.*)$/m.exec(text)?.[1] ?? assert.fail(`${name} has no name`)}_${randomBytes(4).toString('hex')}`;
    writeFileSync(join(path, `${name}.yaml`), text.replace(/^name: .*$/m, `name: ${fresh}`));
    return [name, fresh] as const;
  });
  return { path, called: new Map(called) };
}

/** Puts into topics what the cases say, runs their topologies, and ends when all that is expected has come. */
async function runAll(backend: Backend): Promise<void> {
  const topics = [...new Set(Object.values(cases).flatMap(({ input, expected }) => [...input.map(({ topic }) => topic), ...Object.keys(expected)]))];
  await backend.use(async (broker) => {
    await broker.createTopics(topics.map((topic) => ({ topic, partitions: 3 })));
    for (const ready of Object.values(cases)) await produce(broker, ready);
    const written = Object.values(cases).flatMap(({ expected }) => Object.keys(expected));
    for (const topic of written) assert.deepEqual(await outputs(broker, topic), [], `${topic} is written by one case only, on a Kafka of its own`);
  });
  const all = Object.keys(cases);
  for (const name of all.filter((each) => cases[each]?.ends === true)) {
    const daemon = new DaemonProcess(placed([name], backend).path, { stateDir: stateDir() });
    assert.equal((await daemon.exited).code, 0, daemon.output);
  }
  const going = all.filter((name) => cases[name]?.ends !== true);
  const { path, called } = placed(going, backend);
  const daemon = new DaemonProcess(path, { stateDir: stateDir() });
  await daemon.caughtUp();
  for (const name of going) {
    const { waitsFor } = cases[name] as ReadyCase;
    if (waitsFor !== undefined) await arrived(daemon, called.get(name) as string, waitsFor);
  }
  assert.equal(await daemon.stop(), 0, daemon.output);
}

describe('the ready topologies', () => {
  it('are all tested, and each says in its first words when to use it', () => {
    // The demo has its own test, and so have those that need a schema registry (registry.test.ts).
    const elsewhere = ['flights', 'avro-to-json', 'json-to-avro'];
    assert.deepEqual(files.filter((file) => !elsewhere.includes(file)).toSorted(), Object.keys(cases).toSorted());
    for (const file of files) assert.match(readFileSync(join(folder, `${file}.yaml`), 'utf8'), /^# yaml-language-server: \$schema=\.\/topology\.schema\.json\n#\n# [A-Z]/, file);
  });
});

for (const { name: on, open } of backends) {
  describe(`the ready topologies on ${on}`, () => {
    let backend: Backend | null = null;
    it('all run', async (t) => {
      const opened = await open(t);
      if (opened === null) return;
      await runAll(opened);
      backend = opened;
    });
    for (const [name, ready] of Object.entries(cases)) {
      it(`${name} does what it says`, async (t) => {
        if (backend === null) {
          t.skip('they did not run');
          return;
        }
        await backend.use(async (broker) => {
          for (const [topic, expected] of Object.entries(ready.expected)) {
            const found = (await outputs(broker, topic, ready.latest)).map((text) => (ready.strip === undefined ? text : ready.strip(text)));
            assert.deepEqual(found, expected.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).toSorted(), topic);
          }
          await ready.check?.(broker);
        });
      });
    }
  });
}
