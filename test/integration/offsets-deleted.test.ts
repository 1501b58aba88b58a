import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Kafka, logLevel } from 'kafkajs';
import type { Admin } from 'kafkajs';
import type { Broker, CommittedOffset, TopicPartition } from '../../actors/port.ts';
import { createTopics, kafkaBackend, markedTopology, stateDir } from '../support/backend.ts';
import type { Backend, Marked } from '../support/backend.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { kafkaOrSkip } from '../support/kafka.ts';
import { writeTopology } from '../support/plan.ts';
import { feedNumbered, verifyNumbered } from '../support/stream.ts';

const fed = 1000;

interface Site {
  readonly backend: Backend;
  readonly marked: Marked;
  readonly file: string;
  readonly state: string;
  readonly admin: Admin;
}

type Delivery = 'exactly_once' | 'at_least_once';

/** A topology that has committed what was fed to it and is stopped, and Kafka's own tools to do harm with. */
async function afterARun(t: Parameters<typeof kafkaOrSkip>[0], delivery: Delivery, work: (site: Site) => Promise<void>): Promise<void> {
  const kafka = await kafkaOrSkip(t);
  if (kafka === null) return;
  const backend = kafkaBackend(kafka.brokers);
  const marked = markedTopology(backend, { delivery });
  const site = { backend, marked, file: writeTopology(marked.yaml), state: stateDir(), admin: new Kafka({ brokers: [kafka.brokers], logLevel: logLevel.NOTHING }).admin() };
  await backend.use(async (broker) => {
    await createTopics(broker, marked, 2);
    await feedNumbered(broker, marked.topics.in, fed);
  });
  const daemon = start(site);
  await daemon.caughtUp();
  assert.equal(await daemon.stop(), 0, daemon.output);
  await site.admin.connect();
  try {
    await work(site);
  } finally {
    await site.admin.disconnect();
  }
}

function start({ file, state }: Pick<Site, 'file' | 'state'>): DaemonProcess {
  return new DaemonProcess(file, { stateDir: state, args: ['--session-timeout', '2'] });
}

/** The ends of the outputs, markers of transactions included: they move with whatever is written. */
function outputEnds({ backend, marked }: Site): Promise<number[]> {
  const partitions = [marked.topics.out, marked.topics.bad].flatMap((topic) => [0, 1].map((partition) => ({ topic, partition })));
  return backend.use((broker) => broker.listOffsets(partitions, 'end'));
}

function inputs({ topics }: Marked): TopicPartition[] {
  return [0, 1].map((partition) => ({ topic: topics.in, partition }));
}

/** What the group has for each input partition. */
function committed({ backend, marked }: Site): Promise<(number | null)[]> {
  return backend.use(async (broker) => (await broker.committed(marked.name, inputs(marked))).map((found) => found?.offset ?? null));
}

/** Puts offsets back with what was written beside them, as a tool that saved them would. */
async function commitAgain(broker: Broker, marked: Marked, found: readonly (CommittedOffset | null)[]): Promise<void> {
  const producer = broker.transactionalProducer(`${marked.name}-restore`, 10_000);
  await producer.open();
  const transaction = await producer.begin();
  await transaction.sendOffsets(marked.name, inputs(marked).map((at, index) => ({ ...at, offset: found[index]?.offset ?? 0, metadata: found[index]?.metadata ?? '' })));
  await transaction.commit();
  await producer.close();
}

/** A daemon stops by itself, says why and where, and has neither written nor committed anything. Twice: the first one must not have made it good. */
async function refusedTwice(site: Site, code: string, message: RegExp): Promise<void> {
  const before = { ends: await outputEnds(site), committed: await committed(site) };
  for (const run of ['first', 'second']) {
    const daemon = start(site);
    const { code: exit } = await daemon.exited;
    assert.equal(exit, 65, `${run}: ${daemon.output}`);
    const line = daemon.lines.find((each) => each.includes(`"${code}"`) && message.test(each));
    assert.ok(line, `${run}: ${code} with ${message} expected in\n${daemon.output}`);
    assert.deepEqual({ ends: await outputEnds(site), committed: await committed(site) }, before, run);
  }
}

function inputEnds({ backend, marked }: Site): Promise<number[]> {
  return backend.use((broker) => broker.listOffsets(inputs(marked), 'end'));
}

describe('what was committed is gone when a daemon starts: it stops, says so, and writes nothing', { concurrency: 2 }, () => {
  for (const delivery of ['exactly_once', 'at_least_once'] as const) {
    it(`the whole group deleted, ${delivery}`, (t) =>
      afterARun(t, delivery, async (site) => {
        const { marked, backend, admin } = site;
        const at = await committed(site);
        await admin.deleteGroups([marked.name]);
        assert.deepEqual(await committed(site), [null, null]);
        await backend.use((broker) => feedNumbered(broker, marked.topics.in, 100, fed));
        await refusedTwice(site, 'checkpoint_lost', new RegExp(`${marked.name} has no offset for ${marked.topics.in}\\[([01])\\].*last committed offset (${at.join('|')}) `));
      }));

    it(`the input deleted beyond the position, ${delivery}`, (t) =>
      afterARun(t, delivery, async (site) => {
        const { marked, backend, admin } = site;
        const [position] = await committed(site);
        await backend.use((broker) => feedNumbered(broker, marked.topics.in, 500, fed));
        const [end = 0] = await inputEnds(site);
        await deleteBelow(admin, marked.topics.in, [end - 10]);
        await refusedTwice(site, 'offset_out_of_range', new RegExp(`${marked.topics.in}\\[0\\] holds offsets ${end - 10} to ${end}, committed is ${position}: records below`));
      }));
  }

  it('the input deleted up to the position: nothing is missing, it goes on', (t) =>
    afterARun(t, 'exactly_once', async (site) => {
      const { marked, backend, admin } = site;
      const at = await committed(site);
      await backend.use((broker) => feedNumbered(broker, marked.topics.in, 500, fed));
      await deleteBelow(admin, marked.topics.in, at.map((offset) => offset ?? 0));
      const daemon = start(site);
      await daemon.caughtUp();
      assert.equal(await daemon.stop(), 0, daemon.output);
      await backend.use((broker) => verifyNumbered(broker, marked.topics, fed + 500));
    }));

  it('the input made anew with fewer records, whether Kafka deleted its offsets with it or they are there again', (t) =>
    afterARun(t, 'exactly_once', async (site) => {
      const { marked, backend, admin } = site;
      const before = await backend.use((broker) => broker.committed(marked.name, inputs(marked)));
      const at = before.map((found) => found?.offset).join('|');
      await remake(site, admin, 100);
      if ((await committed(site)).includes(null)) {
        await refusedTwice(site, 'checkpoint_lost', new RegExp(`${marked.topics.in}\\[[01]\\].*last committed offset (${at}) `));
        await backend.use((broker) => commitAgain(broker, marked, before));
      }
      await refusedTwice(site, 'offset_out_of_range', new RegExp(`${marked.topics.in}\\[[01]\\] holds offsets 0 to \\d+, committed is (${at}): .*made anew`));
      await backend.use((broker) => verifyNumbered(broker, marked.topics, fed));
    }));

  it('the input gone', (t) =>
    afterARun(t, 'exactly_once', async (site) => {
      const { marked, admin } = site;
      await admin.deleteTopics({ topics: [marked.topics.in] });
      const before = await outputEnds(site);
      const daemon = start(site);
      assert.equal((await daemon.exited).code, 78, daemon.output);
      assert.ok(daemon.lines.some((line) => line.includes('"topic_missing"') && line.includes(marked.topics.in)), daemon.output);
      assert.deepEqual(await outputEnds(site), before);
    }));
});

/** Deletes records below these offsets, by partition, as retention would. Kafkajs finds the leaders only after it has looked at the topic. */
async function deleteBelow(admin: Admin, topic: string, offsets: readonly number[]): Promise<void> {
  await admin.fetchTopicOffsets(topic);
  await admin.deleteTopicRecords({ topic, partitions: offsets.map((offset, partition) => ({ partition, offset: String(offset) })) });
}

/** Deletes the input topic and makes one of the same name with `count` records. */
async function remake({ backend, marked }: Site, admin: Admin, count: number): Promise<void> {
  await admin.deleteTopics({ topics: [marked.topics.in] });
  await backend.use(async (broker) => {
    await gone(broker, marked.topics.in);
    await broker.createTopics([{ topic: marked.topics.in, partitions: 2 }]);
    await feedNumbered(broker, marked.topics.in, count);
  });
}

async function gone(broker: Broker, topic: string): Promise<void> {
  const deadline = Date.now() + 10_000;
  while ((await broker.describeTopics([topic])).has(topic)) assert.ok(Date.now() < deadline, `${topic} is still there`);
}
