import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEmbeddedBroker } from '../../src/broker/embedded/index.ts';
import { brokerContract } from '../contract/broker.ts';
import { newId } from '../contract/broker/support.ts';

brokerContract('embedded', async () => {
  const path = mkdtempSync(join(tmpdir(), 'millrace-embedded-'));
  const connected = async () => {
    const broker = createEmbeddedBroker({ path, partitions: 1 });
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
    async teardown() {
      await admin.close();
      rmSync(path, { recursive: true });
    }
  };
});
