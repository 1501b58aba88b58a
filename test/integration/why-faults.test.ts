import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { kafkaBackend, stateDir } from '../support/backend.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { kafkaOrSkip, ownKafkaOrSkip } from '../support/kafka.ts';
import { writeTopology } from '../support/plan.ts';
import { KafkaProxy } from '../support/proxy.ts';
import { Feeder, feedOnce, firstIs, whyUntil } from '../support/why.ts';

/*
 * What `millrace why` says while something beside it is slow, hangs or is gone.
 */

const running = ({ topologies }: Awaited<ReturnType<DaemonProcess['readiness']>>): boolean => topologies.every(({ state, tasks }) => state === 'running' && tasks.running > 0);

describe('why, while something is wrong', { concurrency: 2, timeout: 60_000 }, () => {
  it('names the broker that hangs, the sinks that are slow, by what each writes, and then the broker that is gone', async (t) => {
    const proxy = await KafkaProxy.listen('millrace');
    const kafka = await ownKafkaOrSkip(t, { properties: { 'advertised.listeners': `PLAINTEXT://127.0.0.1:${proxy.port}` } });
    if (kafka === null) return proxy.close();
    proxy.forwardTo(Number(kafka.brokers.split(':')[1]));
    const backend = kafkaBackend(`127.0.0.1:${proxy.port}`);
    t.after(async () => {
      await kafka.stop();
      proxy.close();
    });
    await backend.use(async (broker) => {
      await broker.createTopics(['in', 'much', 'little'].map((topic) => ({ topic, partitions: 1 })));
      const file = writeTopology(`
name: written
${backend.yaml}
sources: { in: { type: kafka, topic: in, start: earliest } }
transforms: { few: { type: filter, from: in, where: "value.k == 'k0'" } }
sinks: { much: { type: kafka, from: in, topic: much }, little: { type: kafka, from: few, topic: little } }
`);
      const daemon = new DaemonProcess(file, { stateDir: stateDir(), args: ['--session-timeout', '6'] });
      await daemon.until(running);
      const hangs = async (): Promise<void> => {
        kafka.pause();
        firstIs(await whyUntil(daemon, 'written', 'broker_away'), 'broker_away', new RegExp(`written has waited for the broker for [\\d.]+ s: broker_unavailable: Broker 1 at 127.0.0.1:${proxy.port} has not answered a (Fetch|Heartbeat) since 20`), /Check that the brokers run/);
        assert.equal((await daemon.readiness()).ready, false);
        kafka.continue();
      };
      await hangs();
      firstIs(await whyUntil(daemon, 'written', 'no_input'), 'no_input', /read all there is/, /^$/);
      proxy.slow('Produce', 1500);
      await feedOnce(broker, [{ topic: 'in', partition: 0, records: 40_000 }]);
      firstIs(await whyUntil(daemon, 'written', 'sink_slow', /83 %/), 'sink_slow', /writing is what takes long.*what much \(83 % of the records.*little \(17 %/, /brokers of the topics that are written/);
      await hangs();
      await whyUntil(daemon, 'written', 'sink_slow');
      kafka.kill();
      firstIs(await whyUntil(daemon, 'written', 'broker_away'), 'broker_away', /written has waited for the broker for \d+ s: broker_unavailable: /, /Check that the brokers run/);
      await daemon.kill();
    });
  });

  it('names what does not start, what fails, and the script that everything waits for', async (t) => {
    const kafka = await kafkaOrSkip(t);
    if (kafka === null) return;
    const name = `f${randomBytes(3).toString('hex')}`;
    const backend = kafkaBackend(kafka.brokers);
    const folder = mkdtempSync(join(tmpdir(), 'millrace-why-'));
    const source = (topic: string, more = ''): string => `sources: { in: { type: kafka, topic: ${name}-${topic}, start: earliest${more} } }`;
    const sink = (from: string, topic: string): string => `sinks: { out: { type: kafka, from: ${from}, topic: ${name}-${topic} } }`;
    const files = {
      registry: `registry: { url: "http://127.0.0.1:9" }\n${source('framed', ', codec: avro')}\n${sink('in', 'out')}`,
      fails: `on_error: fail\n${source('in')}\ntransforms: { marked: { type: map, from: in, set: { x: value.none.none } } }\n${sink('marked', 'out')}`,
      scripted: `${source('in')}\ntransforms: { scored: { type: script, from: in, module: ./slow.ts } }\n${sink('scored', 'out')}`,
      beside: `${source('in')}\n${sink('in', 'out')}`
    };
    writeFileSync(join(folder, 'slow.ts'), 'export default (record, out) => {\n  const end = performance.now() + 5;\n  while (performance.now() < end);\n  out.send(record, record.value);\n};\n');
    for (const [each, text] of Object.entries(files)) writeFileSync(join(folder, `${each}.yaml`), `name: ${name}_${each}\n${backend.yaml}\n${text}\n`);
    await backend.use(async (broker) => {
      await broker.createTopics(['in', 'framed', 'out'].map((topic) => ({ topic: `${name}-${topic}`, partitions: 1 })));
      const daemon = new DaemonProcess(folder, { stateDir: stateDir() });
      await daemon.until(({ topologies }) => topologies.filter(({ state }) => state === 'running').length >= 2);
      // Names schema 1, which nobody can be asked for.
      const producer = broker.producer();
      await producer.send([{ topic: `${name}-framed`, partition: 0, key: null, value: Buffer.from([0, 0, 0, 0, 1, 2]), headers: [], timestamp: Date.now() }], 'none');
      await producer.close();
      const feeder = new Feeder(broker, [{ topic: `${name}-in`, partition: 0, records: 100 }]);
      try {
        firstIs(await whyUntil(daemon, `${name}_fails`, 'failed'), 'failed', /_fails has failed: record_failed: .*marked/);
        firstIs(await whyUntil(daemon, `${name}_scripted`, 'processing_slow', /scored/), 'processing_slow', /scored \(transform\) is what takes long/, /its script/);
        firstIs(await whyUntil(daemon, `${name}_registry`, 'task_fails', /registry/), 'task_fails', /Task in-0 does not run: registry_unavailable: .*127\.0\.0\.1:9/);
      } finally {
        await feeder.end();
      }
      await daemon.kill();
    });
  });
});
