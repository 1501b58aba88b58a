import assert from 'node:assert/strict';
import type { Broker } from '../../../actors/port.ts';
import { failureOf, Member, memberSettings } from './member.ts';
import { brokerCase, endOf, newId, outgoing, outgoings, sleep, texts, transact, write } from './support.ts';
import type { Case } from './support.ts';

/** Long enough for a record to come that must not. */
const quiet = 400;

const commit = (broker: Broker, topic: string, count: number, end: 'commit' | 'abort' = 'commit'): Promise<void> =>
  transact(broker, async (transaction) => {
    await transaction.send(outgoings(topic, 0, count), 'none');
    await transaction[end]();
  });

/** One member reading: from where, how much, and when not. */
export const readingCases: readonly Case[] = [
  brokerCase('assigns first, and delivers nothing before deliver', async (broker, backend) => {
    const topic = await backend.newTopic(2);
    await write(broker, outgoings(topic, 0, 5));
    const member = await Member.start(broker, memberSettings(backend.newGroup(), [topic]));
    await member.untilAssigned(2);
    await sleep(quiet);
    assert.deepEqual(member.batches, []);
    member.deliver({ topic, partition: 0 }, 2);
    await member.untilRecords(3);
    assert.deepEqual(member.values(), ['v2', 'v3', 'v4']);
    await member.stop();
  }),

  brokerCase('goes on with what is written later', async (broker, backend) => {
    const topic = await backend.newTopic(2);
    const member = await Member.start(broker, memberSettings(backend.newGroup(), [topic]), 0);
    await member.untilAssigned(2);
    for (let round = 1; round <= 5; round++) {
      await write(broker, [outgoing(topic, 0, `a${round}`), outgoing(topic, 1, `b${round}`)]);
      await member.untilRecords(2 * round);
    }
    assert.deepEqual(member.values({ topic, partition: 0 }), ['a1', 'a2', 'a3', 'a4', 'a5']);
    assert.deepEqual(member.values({ topic, partition: 1 }), ['b1', 'b2', 'b3', 'b4', 'b5']);
    await member.stop();
  }),

  brokerCase('pause and resume lose nothing and repeat nothing', async (broker, backend) => {
    const topic = await backend.newTopic(2);
    const at = { topic, partition: 0 };
    const member = await Member.start(broker, memberSettings(backend.newGroup(), [topic]), 0);
    await member.untilAssigned(2);
    const writing = (async () => {
      for (let round = 0; round < 30; round++) await write(broker, [outgoing(topic, 0, `v${round}`), outgoing(topic, 1, `v${round}`)]);
    })();
    for (let round = 0; round < 20; round++) {
      member.pause(at);
      await sleep(round);
      member.resume(at);
      await sleep(20 - round);
    }
    await writing;
    await member.untilRecords(60);
    for (const partition of [0, 1]) assert.deepEqual(member.values({ topic, partition }), texts(30));
    await member.stop();
  }),

  brokerCase('delivers nothing while paused, and others meanwhile', async (broker, backend) => {
    const topic = await backend.newTopic(2);
    const [still, busy] = [{ topic, partition: 0 }, { topic, partition: 1 }];
    const member = await Member.start(broker, memberSettings(backend.newGroup(), [topic]), 0);
    await member.untilAssigned(2);
    member.pause(still);
    await write(broker, [...outgoings(topic, 0, 5), ...outgoings(topic, 1, 5)]);
    await member.untilRecords(5, busy);
    await sleep(quiet);
    assert.deepEqual(member.values(still), []);
    member.resume(still);
    await member.untilRecords(5, still);
    assert.deepEqual(member.values(), [...texts(5), ...texts(5)]);
    await member.stop();
  }),

  brokerCase('delivers backwards and forwards', async (broker, backend) => {
    const topic = await backend.newTopic(1);
    const at = { topic, partition: 0 };
    await write(broker, outgoings(topic, 0, 10));
    const member = await Member.start(broker, memberSettings(backend.newGroup(), [topic]), 0);
    await member.untilRecords(10);
    member.deliver(at, 4);
    await member.untilRecords(16);
    assert.deepEqual(member.values().slice(10), texts(10).slice(4));
    member.deliver(at, 10);
    await write(broker, [outgoing(topic, 0, 'new')]);
    await member.untilRecords(17);
    assert.equal(member.values().at(-1), 'new');
    await member.stop();
  }),

  brokerCase('deliver from inside assigned and from inside fetched', async (broker, backend) => {
    const topic = await backend.newTopic(1);
    await write(broker, outgoings(topic, 0, 3));
    const member = new Member(broker, memberSettings(backend.newGroup(), [topic]), 1);
    const fetched = member.fetched.bind(member);
    let again = true;
    member.fetched = (batch) => {
      fetched(batch);
      if (again) member.deliver(batch, 0);
      again = false;
    };
    await member.reader.start();
    await member.until('the records from 0', () => member.values().includes('v0') && member.values().at(-1) === 'v2');
    assert.deepEqual(member.values().slice(-3), texts(3));
    await member.stop();
  }),

  brokerCase('steps over what commits and aborts leave: lag comes to 0', async (broker, backend) => {
    const topic = await backend.newTopic(1);
    const at = { topic, partition: 0 };
    const member = await Member.start(broker, memberSettings(backend.newGroup(), [topic]), 0);
    await member.untilAssigned(1);
    await commit(broker, topic, 3);
    await commit(broker, topic, 2, 'abort');
    await commit(broker, topic, 1);
    await commit(broker, topic, 2, 'abort');
    const end = await endOf(broker, topic);
    await member.until(`position ${end}`, () => member.position(at) === end);
    assert.equal(member.batches.at(-1)?.endOffset, end);
    assert.deepEqual(member.values(), [...texts(3), 'v0']);
    await member.stop();
  }),

  brokerCase('a position on what a commit left is progress without a record', async (broker, backend) => {
    const topic = await backend.newTopic(1);
    const at = { topic, partition: 0 };
    await commit(broker, topic, 3);
    const member = await Member.start(broker, memberSettings(backend.newGroup(), [topic]), 3);
    await member.until('position 4', () => member.position(at) === 4);
    assert.deepEqual(member.values(), []);
    await member.stop();
  }),

  brokerCase('bounds a fetch, but lets a single larger record through', async (broker, backend) => {
    const topic = await backend.newTopic(1);
    const [small, large] = [Buffer.alloc(30_000, 1), Buffer.alloc(900_000, 2)];
    for (const value of [small, small, small, small, large, small]) await write(broker, [outgoing(topic, 0, '', { value })]);
    const bounds = { maxBytes: 100_000, maxBytesPerPartition: 70_000 };
    const member = await Member.start(broker, memberSettings(backend.newGroup(), [topic], bounds), 0);
    await member.untilRecords(6);
    assert.deepEqual(member.records().map(({ value }) => value?.length), [30_000, 30_000, 30_000, 30_000, 900_000, 30_000]);
    for (const { bytes, records } of member.batches) assert.ok(bytes <= 70_000 || records.length === 1, `${records.length} records, ${bytes} bytes in one fetch`);
    await member.stop();
  }),

  brokerCase('reads all partitions in turn, none left behind', async (broker, backend) => {
    const topic = await backend.newTopic(4);
    for (const partition of [0, 1, 2, 3]) await write(broker, outgoings(topic, partition, 2000));
    const bounds = { maxBytes: 20_000, maxBytesPerPartition: 5000 };
    const member = await Member.start(broker, memberSettings(backend.newGroup(), [topic], bounds), 0);
    await member.untilRecords(8000);
    for (const partition of [0, 1, 2, 3]) assert.deepEqual(member.values({ topic, partition }), texts(2000));
    await member.stop();
  }),

  brokerCase('a missing topic is topic_missing', async (broker, backend) => {
    const member = new Member(broker, memberSettings(backend.newGroup(), [newId()]));
    assert.equal((await failureOf(member)).code, 'topic_missing');
    await member.stop();
  }),

  brokerCase('an offset out of range fails, and is never reset', async (broker, backend) => {
    const topic = await backend.newTopic(1);
    const group = backend.newGroup();
    await write(broker, outgoings(topic, 0, 3));
    const member = await Member.start(broker, memberSettings(group, [topic]), 1_000_000);
    await member.until('a failure', () => member.failure !== null);
    assert.equal(member.failure?.code, 'offset_out_of_range', member.failure?.message);
    await sleep(quiet);
    assert.deepEqual(member.batches, []);
    assert.deepEqual(await broker.committed(group, [{ topic, partition: 0 }]), [null]);
    await member.stop();
  })
];
