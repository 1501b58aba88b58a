/*
 * Makes the files beside it: record batches as other clients wrote them, byte for byte as a broker keeps them. `node test/golden/compression/record.ts`;
 * needs Java and pip. The tests only read what came out.
 */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createKafkajsBroker } from '../../../src/broker/kafkajs/index.ts';
import { startKafka } from '../../support/kafka.ts';
import { kafkaJars } from '../../support/kafka/jars.ts';
import { librdkafkaPath } from '../../support/kafka/librdkafka.ts';
import { rawBatches } from '../../support/raw-batches.ts';
import { goldenSizes } from './records.ts';

const run = promisify(execFile);
const here = import.meta.dirname;
const kafka = await startKafka();
const broker = createKafkajsBroker({ brokers: [kafka.brokers], clientId: 'record' });
for (const client of ['java', 'librdkafka']) {
  for (const codec of ['gzip', 'snappy', 'lz4', 'zstd']) {
    const topic = `${client}-${codec}`;
    await broker.createTopics([{ topic, partitions: 1, config: { 'message.timestamp.type': 'CreateTime' } }]);
    const words = [kafka.brokers, 'write', codec, topic, goldenSizes.join()];
    if (client === 'java') await run('java', ['-cp', join(await kafkaJars(), '*'), join(here, 'Clients.java'), ...words]);
    else await run('python3', [join(here, 'clients.py'), ...words], { env: { ...process.env, PYTHONPATH: await librdkafkaPath() } });
    writeFileSync(join(here, `${topic}.bin`), await rawBatches(kafka.brokers, topic));
  }
}
await broker.close();
await kafka.stop();
