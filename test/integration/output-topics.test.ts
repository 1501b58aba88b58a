import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Kafka, logLevel } from 'kafkajs';
import type { Admin } from 'kafkajs';
import type { Broker, OutgoingRecord } from '../../actors/port.ts';
import { createTopics, kafkaBackend, markedTopology, stateDir } from '../support/backend.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { kafkaOrSkip } from '../support/kafka.ts';
import { coded, newTopic, record, unique } from '../support/kafkajs.ts';
import { writeTopology } from '../support/plan.ts';
import { readCommitted } from '../support/stream.ts';

/** Kafka's number for a topic among the resources that have a configuration. */
const topicResource = 2;

async function withAdmin(brokers: string, work: (admin: Admin) => Promise<unknown>): Promise<void> {
  const admin = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await work(admin).finally(() => admin.disconnect());
}

/** Ten records of 20 kB each for the same partition: more than 50 kB in one request. */
function large(topic: string): OutgoingRecord[] {
  return Array.from({ length: 10 }, (_, n) => record(topic, 0, JSON.stringify({ n, pad: 'x'.repeat(20_000) })));
}

async function write(broker: Broker, records: readonly OutgoingRecord[]): Promise<void> {
  const producer = broker.producer();
  await producer.send(records, 'none');
  await producer.close();
}

describe('output topics that change under a running topology', () => {
  for (const delivery of ['exactly_once', 'at_least_once']) {
    it(`one that takes less than before: its limit is read again, and what fits in smaller requests is written (${delivery})`, async (t) => {
      const kafka = await kafkaOrSkip(t);
      if (kafka === null) return;
      const backend = kafkaBackend(kafka.brokers);
      const marked = markedTopology(backend, { delivery });
      await backend.use(async (broker) => {
        await createTopics(broker, marked);
        const daemon = new DaemonProcess(writeTopology(marked.yaml), { stateDir: stateDir() });
        await daemon.caughtUp();
        await write(broker, large(marked.topics.in));
        await daemon.caughtUp();
        const resource = { type: topicResource, name: marked.topics.out, configEntries: [{ name: 'max.message.bytes', value: '50000' }] };
        await withAdmin(kafka.brokers, (admin) => admin.alterConfigs({ resources: [resource], validateOnly: false }));
        await write(broker, large(marked.topics.in));
        await daemon.caughtUp();
        assert.equal(await daemon.stop(), 0, daemon.output);
        const seen = (await readCommitted(broker, marked.topics.out)).length;
        assert.ok(delivery === 'exactly_once' ? seen === 20 : seen >= 20, `${seen} outputs of 20 inputs\n${daemon.output}`);
        assert.deepEqual(await readCommitted(broker, marked.topics.bad), []);
      });
    });
  }

  it('one that is deleted, among others in a transaction: the second attempt names it, instead of trying for ever', async (t) => {
    const kafka = await kafkaOrSkip(t);
    if (kafka === null) return;
    await kafkaBackend(kafka.brokers).use(async (broker) => {
      const topics = [await newTopic(broker, 1), await newTopic(broker, 1)] as const;
      const id = unique('id');
      const send = async (): Promise<void> => {
        const producer = broker.transactionalProducer(id, 30_000);
        await producer.open();
        try {
          const transaction = await producer.begin();
          await transaction.send(topics.map((topic) => record(topic, 0, 'value')), 'none');
          await transaction.commit();
        } finally {
          await producer.close();
        }
      };
      await send();
      await withAdmin(kafka.brokers, (admin) => admin.deleteTopics({ topics: [topics[1]] }));
      await assert.rejects(send(), /not attempt|host this topic/);
      await assert.rejects(send(), coded('topic_missing'));
    });
  });
});
