import { after, test } from 'node:test';
import { createKafkajsBroker } from '../../src/broker/kafkajs/index.ts';
import { brokerContract } from '../contract/broker.ts';
import { newId } from '../contract/broker/support.ts';
import { kafkaOrSkip, stopSharedKafka } from '../support/kafka.ts';

const kafka = await kafkaOrSkip({ skip: (why) => void test('kafkajs keeps the broker contract', { skip: why ?? true }) });

if (kafka !== null) {
  brokerContract('kafkajs', async () => {
    const connected = async () => {
      const broker = createKafkajsBroker({ brokers: kafka.brokers.split(','), clientId: 'contract' });
      await broker.connect();
      return broker;
    };
    const admin = await connected();
    return {
      broker: connected,
      async newTopic(partitions, config = {}) {
        const topic = newId();
        await admin.createTopics([{ topic, partitions, config }]);
        return topic;
      },
      newGroup: newId,
      teardown: () => admin.close()
    };
  });
  after(stopSharedKafka);
}
