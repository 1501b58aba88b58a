/*
 * A child process of embedded.test.ts: commits transactions of three records over two topics and an offset, for ever,
 * and says so after each. It is there to be killed.
 */
import { createEmbeddedBroker } from '../../../src/broker/embedded/index.ts';
import { outgoing } from '../../contract/broker/support.ts';

const broker = createEmbeddedBroker({ path: process.argv[2] as string, partitions: 1 });
await broker.connect();
await broker.createTopics([{ topic: 'a', partitions: 2 }, { topic: 'b', partitions: 1 }]);
const at = { topic: 'in', partition: 0 };
const [last] = await broker.committed('group', [at]);
const producer = broker.transactionalProducer('writer', 10_000);
await producer.open();
for (let round = (last?.offset ?? -1) + 1; ; round++) {
  const transaction = await producer.begin();
  await transaction.send([outgoing('a', 0, `${round}`), outgoing('a', 1, `${round}`), outgoing('b', 0, `${round}`)], 'none');
  await transaction.sendOffsets('group', [{ ...at, offset: round, metadata: `round ${round}` }]);
  await transaction.commit();
  process.stdout.write(`${round}\n`);
  if (round % 20 === 0) await new Promise((resolve) => { setImmediate(resolve); });
}
