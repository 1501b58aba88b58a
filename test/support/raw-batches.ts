import { fetchFrom } from '../../src/broker/kafkajs/fetch.ts';
import { Nodes } from '../../src/broker/kafkajs/nodes.ts';
import { connectionSettings } from '../../src/broker/kafkajs/settings.ts';

/** The record batches of a topic's first partition, as the broker keeps them; at most so many bytes. */
export async function rawBatches(brokers: string, topic: string, maxBytes = 1_000_000): Promise<Buffer> {
  const nodes = new Nodes(connectionSettings({ brokers: [brokers], clientId: 'test' }));
  try {
    const at = { topic, partition: 0 };
    const [part] = await fetchFrom(nodes, await nodes.leader(at), [{ ...at, position: 0 }], { isolation: 'uncommitted', maxWait: 500, maxBytes, maxBytesPerPartition: maxBytes });
    return Buffer.from(part?.records ?? []);
  } finally {
    nodes.close();
  }
}
