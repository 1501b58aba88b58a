import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { after, describe, it, test } from 'node:test';
import { promisify } from 'node:util';
import type { Compression } from '../../actors/component.ts';
import type { FetchedRecord } from '../../actors/port.ts';
import { codecNumbers } from '../../src/broker/kafkajs/compression.ts';
import { createKafkajsBroker } from '../../src/broker/kafkajs/index.ts';
import { line, ruled } from '../golden/compression/records.ts';
import { kafkaOrSkip, stopSharedKafka } from '../support/kafka.ts';
import { kafkaJars } from '../support/kafka/jars.ts';
import { librdkafkaPath } from '../support/kafka/librdkafka.ts';
import { newTopic } from '../support/kafkajs.ts';
import { rawBatches } from '../support/raw-batches.ts';

const run = promisify(execFile);
const programs = join(import.meta.dirname, '../golden/compression');
const codecs: readonly Compression[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
/** From nothing to a megabyte, and many small ones that share a batch. */
const sizes = [0, 1, 10, 100, 1_000, 65_535, 65_536, 65_537, 300_000, 1_048_000, ...Array.from({ length: 300 }, (_, i) => (i * 37) % 500)];
const config = { 'max.message.bytes': '4194304', 'retention.ms': '-1', 'message.timestamp.type': 'CreateTime' };

interface Client {
  readonly name: string;
  /** Runs words of the programs' small language; gives what was printed. */
  run(brokers: string, ...words: readonly string[]): Promise<string>;
}

const java: Client = {
  name: 'the Java client',
  async run(brokers, ...words) {
    const jars = await kafkaJars();
    return (await run('java', ['-Xshare:auto', '-XX:TieredStopAtLevel=1', '-cp', join(jars, '*'), join(programs, 'Clients.java'), brokers, ...words], { maxBuffer: 1e8 })).stdout;
  }
};
const librdkafka: Client = {
  name: 'librdkafka',
  async run(brokers, ...words) {
    const env = { ...process.env, PYTHONPATH: await librdkafkaPath() };
    return (await run('python3', [join(programs, 'clients.py'), brokers, ...words], { env, maxBuffer: 1e8 })).stdout;
  }
};

const kafka = await kafkaOrSkip({ skip: (why) => void test('compressed records', { skip: why ?? true }) });

if (kafka !== null) {
  const broker = createKafkajsBroker({ brokers: [kafka.brokers], clientId: 'test' });
  after(async () => {
    await broker.close();
    await stopSharedKafka();
  });

  const lines = (topic: string): string[] => sizes.map((size, i) => line(topic, ruled(topic, i, size)));

  async function read(topic: string): Promise<FetchedRecord[]> {
    const records: FetchedRecord[] = [];
    for await (const batch of broker.readRange({ topic, partition: 0 }, 0, Infinity, 'committed')) records.push(...batch.records);
    return records;
  }

  /** How the first batch is compressed. */
  const codecOf = async (topic: string): Promise<number> => (await rawBatches(kafka.brokers, topic, 4_096)).readInt16BE(21) & 7;

  /** In requests that end a batch each: at most so many records or bytes. */
  async function write(topic: string, codec: Compression): Promise<void> {
    const producer = broker.producer();
    for (let at = 0; at < sizes.length;) {
      const end = at < 10 ? at + 1 : at + 100;
      await producer.send(sizes.slice(at, end).map((size, index) => ruled(topic, at + index, size)), codec);
      at = end;
    }
    await producer.close();
  }

  describe('compressed records', { concurrency: 2 }, () => {
    for (const client of [java, librdkafka]) {
      it(`what ${client.name} wrote is read, and what was written here is read by it`, async (t) => {
        if (client === librdkafka) {
          const why = await librdkafkaPath().then(() => null, (error: unknown) => `no librdkafka: pip could not fetch it (${String(error).split('\n')[0]})`);
          if (why !== null && process.env['CI'] === 'true') assert.fail(why);
          if (why !== null) return t.skip(why);
        }
        const theirs = new Map<Compression, string>();
        const ours = new Map<Compression, string>();
        for (const codec of codecs) {
          theirs.set(codec, await newTopic(broker, 1, config));
          ours.set(codec, await newTopic(broker, 1, config));
          await write(ours.get(codec)!, codec);
        }
        const words = codecs.flatMap((codec) => ['write', codec, theirs.get(codec)!, sizes.join(), 'read', ours.get(codec)!, String(sizes.length)]);
        const printed = (await client.run(kafka.brokers, ...words)).split('\n').map((each) => each.trimEnd());
        for (const codec of codecs) {
          const [topic, own] = [theirs.get(codec)!, ours.get(codec)!];
          for (const each of [topic, own]) assert.equal(await codecOf(each), codecNumbers[codec]);
          assert.deepEqual((await read(topic)).map((record) => line(topic, record)), lines(topic), `${codec}, written by ${client.name}`);
          assert.deepEqual(printed.filter((each) => each.startsWith(own)), lines(own).map((each) => each.trimEnd()), `${codec}, read by ${client.name}`);
        }
      });
    }

    for (const codec of codecs.slice(1)) {
      it(`what the broker itself compresses anew, as ${codec}, is read`, async () => {
        const topic = await newTopic(broker, 1, { ...config, 'compression.type': codec });
        await write(topic, codec === 'gzip' ? 'zstd' : 'gzip');
        assert.equal(await codecOf(topic), codecNumbers[codec]);
        assert.deepEqual((await read(topic)).map((record) => line(topic, record)), lines(topic));
      });
    }
  });
}
