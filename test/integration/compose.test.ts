import assert from 'node:assert/strict';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { readDocker } from '../support/containers.ts';
import type { Compose } from '../support/containers.ts';
import { lastWords, readDockerfile } from '../support/dockerfile.ts';
import type { Stage } from '../support/dockerfile.ts';
import { kafkaJars } from '../support/kafka/jars.ts';
import { ownKafkaOrSkip } from '../support/kafka.ts';
import { checkout, emptyFolder, run } from '../support/scratch.ts';
import { Started } from '../support/started.ts';

/*
 * docker/compose.yaml without an engine: a Kafka with the settings of the service kafka, then the commands of the
 * others, with addresses and paths of this machine.
 */

const { services } = readDocker<Compose>('compose.yaml');
const image = readDockerfile(readFileSync(join(checkout, 'docker/Dockerfile'), 'utf8')).at(-1) as Stage;

/** The image of Kafka makes KAFKA_LOG_DIRS the property log.dirs. */
function properties(port: number, controller: number): Record<string, string> {
  const entries = Object.entries(services['kafka']?.environment ?? {}).filter(([name]) => name.startsWith('KAFKA_') && name !== 'KAFKA_LOG_DIRS');
  return Object.fromEntries(entries.map(([name, value]) => [name.slice('KAFKA_'.length).toLowerCase().replaceAll('_', '.'), here(String(value), port, controller)]));
}

/** Names and ports of the compose file as they are here; the host's listener takes any port. */
function here(value: string, port: number, controller: number): string {
  return value
    .replace('HOST://:9094', 'HOST://127.0.0.1:0')
    .replaceAll(/(kafka|\/\/):9092/g, (_, host: string) => `${host === 'kafka' ? '' : host}127.0.0.1:${port}`)
    .replaceAll(/(kafka|\/\/):9093/g, (_, host: string) => `${host === 'kafka' ? '' : host}127.0.0.1:${controller}`);
}

/** A folder that stands for /opt/kafka/bin. */
async function kafkaTools(): Promise<string> {
  const folder = emptyFolder();
  const tool = join(folder, 'kafka-topics.sh');
  writeFileSync(tool, `#!/bin/sh\nexec java -Xshare:auto -XX:TieredStopAtLevel=1 -cp '${await kafkaJars()}/*' org.apache.kafka.tools.TopicCommand "$@"\n`);
  chmodSync(tool, 0o755);
  return folder;
}

async function metric(url: string, pattern: RegExp): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return text.split('\n').filter((line) => pattern.test(line)).reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

describe('docker/compose.yaml', () => {
  it('starts Kafka with these settings, makes the topics, and flights go through the daemon', async (t) => {
    const kafka = await ownKafkaOrSkip(t, { properties });
    if (kafka === null) return;
    const [, port = ''] = kafka.brokers.split(':');
    const tools = await kafkaTools();
    const place = (word: string): string => here(word, Number(port), 0).replaceAll('/opt/kafka/bin', tools).replaceAll('$$', '$');
    try {
      const probe = (services['kafka']?.healthcheck?.test ?? []).slice(1).map(place);
      assert.equal((await run(probe[0] as string, probe.slice(1), { cwd: tools })).code, 0, 'Kafka is healthy');
      const made = await run('/bin/sh', ['-ec', ...(services['topics']?.command ?? []).map(place)], { cwd: tools });
      assert.equal(made.code, 0, made.output);

      const state = emptyFolder();
      const words = [...lastWords(image, 'ENTRYPOINT'), ...lastWords(image, 'CMD')].map((word) => (word === '0.0.0.0:7171' ? '127.0.0.1:0' : /^\/state(?:\/|$)/.test(word) ? word.replace('/state', state) : word.replace('/topologies', join(checkout, 'docker/topologies'))));
      const env = Object.fromEntries(Object.entries(services['millrace']?.environment ?? {}).map(([name, value]) => [name, place(String(value))]));
      const daemon = new Started(process.execPath, words.slice(1), { cwd: checkout, env });
      await daemon.ready();
      const demo = new Started(process.execPath, [...lastWords(image, 'ENTRYPOINT').slice(1), ...(services['demo']?.command ?? []).map(place)], { cwd: checkout });
      await demo.shows(/Sending flights into flights/);
      const url = await daemon.url();
      // One flight in a hundred is broken: the first dead letter comes behind 99 others.
      while ((await metric(url, /fate="dead_lettered"/)) === 0) await new Promise((resolve) => setTimeout(resolve, 50));
      assert.ok((await metric(url, /^millrace_records_out_total\{.*kind="sink"/)) > 50);
      assert.equal(await demo.stop(), 0, demo.output);
      assert.match(demo.output, /Sent [\d,]+ flights/);
      assert.equal(await daemon.stop(), 0, daemon.output);
    } finally {
      await kafka.stop();
    }
  });
});
