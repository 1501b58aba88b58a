import assert from 'node:assert/strict';
import { after, before, describe, it, test } from 'node:test';
import kafkajs from 'kafkajs';
import type { AclOperationTypes as Operation, AclResourceTypes as Resource } from 'kafkajs';
import type { Failure } from '../../actors/failure.ts';
import { createKafkajsBroker, type KafkajsBroker } from '../../src/broker/kafkajs/index.ts';
import { millrace } from '../support/cli.ts';
import { as, secureKafkaOrSkip, tls, users } from '../support/kafka/secure.ts';
import { writeTopology } from '../support/plan.ts';
import { newTopic, probe, record, unique, until } from '../support/kafkajs.ts';

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;
const secure = await secureKafkaOrSkip({ skip: (why) => void test('ACLs of Kafka', { skip: why ?? true }) });

if (secure !== null) {
  const { authority: { ca } } = secure;
  const warnings: string[] = [];
  const limited = (): KafkajsBroker =>
    createKafkajsBroker({ brokers: [secure.sasl], clientId: 'test', tls: tls({ ca }), sasl: as('limited'), warn: (message) => warnings.push(message) });
  const group = unique('group');
  const ids = Array.from({ length: 3 }, () => unique('id'));
  const topics = { read: '', written: '', neither: '', visible: '' };

  before(async () => {
    const open = createKafkajsBroker({ brokers: [secure.open], clientId: 'test' });
    for (const name of Object.keys(topics) as (keyof typeof topics)[]) topics[name] = await newTopic(open, 1);
    await open.producer().send([record(topics.read, 0, 'x'), record(topics.visible, 0, 'x')], 'none');
    await open.close();
    await allow([
      [AclResourceTypes.TOPIC, topics.read, AclOperationTypes.READ], [AclResourceTypes.TOPIC, topics.written, AclOperationTypes.WRITE],
      [AclResourceTypes.TOPIC, topics.visible, AclOperationTypes.DESCRIBE], [AclResourceTypes.GROUP, group, AclOperationTypes.READ],
      ...ids.map((id) => [AclResourceTypes.TRANSACTIONAL_ID, id, AclOperationTypes.WRITE] as const)
    ]);
  });
  after(() => secure.stop());

  /** Gives `limited` some rights. */
  async function allow(rights: readonly (readonly [type: Resource, name: string, operation: Operation])[]): Promise<void> {
    const admin = secure!.admin();
    await admin.connect();
    await admin.createAcls({
      acl: rights.map(([resourceType, resourceName, operation]) => ({
        resourceType, resourceName, operation, resourcePatternType: ResourcePatternTypes.LITERAL, principal: 'User:limited', host: '*', permissionType: AclPermissionTypes.ALLOW
      }))
    });
    await admin.disconnect();
  }

  /** What work fails with: the message, whose code has to be `not_authorized`. */
  async function refused(work: (broker: KafkajsBroker) => Promise<unknown>): Promise<string> {
    const broker = limited();
    try {
      await work(broker);
    } catch (error) {
      assert.equal((error as Failure).code, 'not_authorized', String(error));
      return (error as Failure).message;
    } finally {
      await broker.close();
    }
    return assert.fail('it was allowed');
  }

  /** What a reader of a topic in a group fails with. */
  function refusedReader(topic: string, name: string): Promise<string> {
    return refused(async (broker) => {
      const { failures, reader } = await probe(broker, name, [[topic]]);
      await until('the reader fails', () => failures.length > 0);
      await reader.stop();
      throw failures[0]!;
    });
  }

  const command = (operation: string, flag: string): RegExp => new RegExp(`kafka-acls --bootstrap-server … --add --allow-principal User:limited --operation ${operation} ${flag}$`);

  describe('a right that is missing is named, with the command that gives it:', { concurrency: 4 }, () => {
    it('to read a topic, whether it may be seen or not', async () => {
      for (const topic of [topics.neither, topics.visible]) {
        const message = await refusedReader(topic, group);
        assert.match(message, new RegExp(`User:limited may not Read topic "${topic}"`));
        assert.match(message, command('Read', `--topic ${topic}`));
      }
    });

    it('to read a range without a group', async () => {
      assert.match(await refused(async (broker) => { for await (const _ of broker.readRange({ topic: topics.visible, partition: 0 }, 0, 1, 'committed')) assert.fail('read'); }), command('Read', `--topic ${topics.visible}`));
    });

    it('to be in a group', async () => {
      const other = unique('group');
      const message = await refusedReader(topics.read, other);
      assert.match(message, new RegExp(`may not Read group "${other}"`));
      assert.match(message, command('Read', `--group ${other}`));
    });

    it('to ask for offsets of a group, and to commit them', async () => {
      const other = unique('group');
      assert.match(await refused((broker) => broker.committed(other, [{ topic: topics.read, partition: 0 }])), command('Describe', `--group ${other}`));
      assert.match(await refused((broker) => broker.commitOffsets(other, [{ topic: topics.read, partition: 0, offset: 0, metadata: '' }])), command('Read', `--group ${other}`));
      assert.match(await refused((broker) => broker.commitOffsets(group, [{ topic: topics.visible, partition: 0, offset: 0, metadata: '' }])), command('Read', `--topic ${topics.visible}`));
    });

    it('to write to a topic', async () => {
      for (const topic of [topics.neither, topics.visible]) {
        const message = await refused((broker) => broker.producer().send([record(topic, 0, 'x')], 'none'));
        assert.match(message, new RegExp(`may not Write topic "${topic}"`));
        assert.match(message, command('Write', `--topic ${topic}`));
      }
    });

    it('to write to one of several topics, in a transaction and without', async () => {
      const both = [record(topics.written, 0, 'x'), record(topics.read, 0, 'x')];
      assert.match(await refused((broker) => broker.producer().send(both, 'none')), command('Write', `--topic ${topics.read}`));
      assert.match(await refused(async (broker) => {
        const producer = broker.transactionalProducer(ids[0]!, 10_000);
        await producer.open();
        await (await producer.begin()).send(both, 'none');
      }), command('Write', `--topic ${topics.read}`));
    });

    it('to write in transactions of a name', async () => {
      const other = unique('id');
      const message = await refused((broker) => broker.transactionalProducer(other, 10_000).open());
      assert.match(message, new RegExp(`may not Write transactional-id "${other}"`));
      assert.match(message, command('Write', `--transactional-id ${other}`));
    });

    it("to commit a group's offsets in a transaction", async () => {
      const other = unique('group');
      assert.match(await refused(async (broker) => {
        const producer = broker.transactionalProducer(ids[1]!, 10_000);
        await producer.open();
        const transaction = await producer.begin();
        await transaction.send([record(topics.written, 0, 'x')], 'none');
        await transaction.sendOffsets(other, [{ topic: topics.read, partition: 0, offset: 1, metadata: '' }]);
      }), command('Read', `--group ${other}`));
    });

    it('to make a topic, to delete one, and to delete records', async () => {
      const topic = unique('topic');
      assert.match(await refused((broker) => broker.createTopics([{ topic, partitions: 1 }])), command('Create', `--topic ${topic}`));
      assert.match(await refused((broker) => broker.deleteTopics([topics.visible])), command('Delete', `--topic ${topics.visible}`));
      assert.match(await refused((broker) => broker.deleteRecords([{ topic: topics.visible, partition: 0, offset: 1 }])), command('Delete', `--topic ${topics.visible}`));
    });

    it('to describe a topic', async () => {
      assert.match(await refused((broker) => broker.describeTopics([topics.neither])), command('Describe', `--topic ${topics.neither}`));
    });
  });

  it('the doctor names every right that a topology lacks, and what of it may not be seen', async () => {
    const { sasl, authority } = secure;
    const own = unique('group');
    await allow([[AclResourceTypes.TRANSACTIONAL_ID, `${own}-redrive`, AclOperationTypes.WRITE]]);
    const file = writeTopology(`
name: ${group.replaceAll('-', '_').toLowerCase()}
group: ${own}
broker: { type: kafka, brokers: "${sasl}", tls: { ca: "${authority.caFile}" }, sasl: { mechanism: scram_sha_256, username: limited, password: "${users.limited}" } }
on_error: { dead_letter: ${topics.written} }
sources: { in: { type: kafka, topics: [${topics.read}, ${topics.visible}] } }
sinks: { out: { type: kafka, from: in, topic: ${topics.visible}x }, more: { type: kafka, from: in, topic: ${topics.neither} }, again: { type: kafka, from: in, topic: { expression: '"x"' } } }
`);
    const { code, stdout } = await millrace(['doctor', file, '--json', '--timeout', '20']);
    const { findings } = JSON.parse(stdout) as { findings: { area: string; status: string; found: string; remedy: string }[] };
    const bad = findings.filter(({ status }) => status === 'failure').map(({ area, found }) => `${area}: ${found}`);
    assert.equal(code, 69);
    assert.match(bad.join('\n'), new RegExp(`rights: may not Read ${topics.visible} `));
    assert.match(bad.join('\n'), new RegExp(`topics: ${topics.neither} \\(sink more\\) does not exist, or may not be described`));
    assert.match(bad.join('\n'), /rights: may not Read the group/);
    assert.match(bad.join('\n'), /rights: may not write in transactions whose ids begin with group/);
    const warned = findings.filter(({ status }) => status === 'warning').map(({ found, remedy }) => `${found}: ${remedy}`).join('\n');
    assert.match(warned, new RegExp(`redrive may not Read the group ${own}-redrive: .*--operation Read --group ${own}-redrive`));
    assert.match(warned, new RegExp(`redrive may not Read the topic ${topics.written}: .*--operation Read --topic ${topics.written}`));
    assert.match(warned, new RegExp(`redrive may not Write the topic ${topics.read}: `));
    assert.doesNotMatch(warned, /in transactions of the id/);
    assert.ok(!stdout.includes(users.limited));
  });

  describe('what goes on without a right', () => {
    it("a topic whose configuration may not be read is taken for one with Kafka's defaults, and that is told once", async () => {
      const broker = limited();
      warnings.length = 0;
      for (let times = 0; times < 2; times++) assert.equal((await broker.describeTopics([topics.read])).get(topics.read)?.maxMessageBytes, 1_048_588);
      assert.equal(warnings.length, 1);
      assert.match(warnings[0] ?? '', new RegExp(`may not DescribeConfigs topic "${topics.read}"; kafka-acls .* --operation DescribeConfigs --topic ${topics.read}\\. It is taken for one with Kafka's defaults`));
      await broker.close();
    });

    it('a topic that may not be seen is missing among those of a pattern, and the message says that it may be hidden', async () => {
      const broker = limited();
      const { failures, reader } = await probe(broker, group, [], { topicSets: [{ topics: [topics.neither], patterns: [/^nothing-/] }] });
      await until('the reader fails', () => failures.length > 0);
      assert.equal(failures[0]?.code, 'topic_missing');
      assert.match(failures[0].message, /do not exist, or may not be described by this client/);
      await reader.stop();
      await broker.close();
    });

    it('with the rights that it needs, everything', async () => {
      const broker = limited();
      const { reader, records } = await probe(broker, group, [[topics.read]]);
      await until('a record', () => records().length === 1);
      const producer = broker.transactionalProducer(ids[2]!, 10_000);
      await producer.open();
      const transaction = await producer.begin();
      await transaction.send([record(topics.written, 0, 'x')], 'none');
      await transaction.sendOffsets(group, [{ topic: topics.read, partition: 0, offset: 1, metadata: '' }]);
      await transaction.commit();
      await broker.producer().send([record(topics.written, 0, 'x')], 'none');
      await reader.stop();
      await broker.close();
    });
  });
}
