import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { Failure } from '../../actors/failure.ts';
import type { OauthSettings, SaslSettings } from '../../actors/security.ts';
import { createKafkajsBroker, type KafkajsSettings } from '../../src/broker/kafkajs/index.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { as, secureKafkaOrSkip, shortSession, tls, unsignedToken } from '../support/kafka/secure.ts';
import { newTopic, outcomeOf, probe, record, unique, until } from '../support/kafkajs.ts';
import { json, TokenServer } from '../support/token-server.ts';
import { secret } from '../support/secrets.ts';

const secure = await secureKafkaOrSkip({ skip: (why) => void test('SASL to Kafka', { skip: why ?? true }) });

if (secure !== null) {
  const { authority, proxy } = secure;
  const { ca } = authority;
  after(() => secure.stop());
  const clientSecret = secret(randomBytes(12).toString('hex'), 'client secret');
  const oauth = ({ port }: { port: number }, more: Partial<OauthSettings> = {}): SaslSettings => ({
    mechanism: 'oauthbearer', tokenEndpoint: `http://127.0.0.1:${port}/token`, clientId: 'millrace', clientSecret, scope: 'kafka', extensions: {}, tls: null, ...more
  });
  const open = (more: Partial<KafkajsSettings>) => createKafkajsBroker({ brokers: [secure.sasl], clientId: 'test', tls: tls({ ca }), ...more });

  describe('SASL to Kafka', () => {
    for (const mechanism of ['plain', 'scram_sha_256', 'scram_sha_512'] as const) {
      it(`${mechanism}: the right password opens, a wrong one is told at once and asked about once`, async () => {
        assert.equal(await outcomeOf(open({ sasl: as('admin', mechanism) })), 'connected');
        assert.match(await outcomeOf(open({ sasl: as('admin', mechanism, 'wrong-password') })), /^authentication_failed: .*user "admin" at 127\.0\.0\.1:\d+: the broker says: Authentication failed/);
      });
    }

    it('a user that does not exist, and a mechanism that the listener does not have', async () => {
      assert.match(await outcomeOf(open({ sasl: { mechanism: 'scram_sha_256', username: 'nobody', password: secret('password-of-nobody') } })), /^authentication_failed/);
      const other = createKafkajsBroker({ brokers: [secure.short], clientId: 'test', sasl: as('admin', 'plain') });
      assert.match(await outcomeOf(other), /^authentication_failed: .*this listener has no PLAIN; it has SCRAM-SHA-256, OAUTHBEARER/);
    });

    it('wrong credentials are asked about once, however many connections there are', async () => {
      const broker = createKafkajsBroker({ brokers: [secure.short], clientId: 'test', sasl: as('admin', 'scram_sha_256', 'wrong-password') });
      const asked = proxy.requests('SaslAuthenticate');
      const attempts: Promise<unknown>[] = [broker.connect(), broker.listTopics(), broker.listTopics()];
      for (let count = 0; count < 8; count++) attempts.push(broker.producer().send([record('t', 0, 'x')], 'none'), broker.transactionalProducer(unique('id'), 10_000).open());
      for (const ended of await Promise.allSettled(attempts)) assert.equal(((ended as PromiseRejectedResult).reason as Failure).code, 'authentication_failed');
      const reader = await probe(broker, unique('group'), [['t']]);
      await until('the reader fails', () => reader.failures.length > 0);
      assert.equal(reader.failures[0]?.code, 'authentication_failed');
      // Both messages of one SCRAM conversation.
      assert.equal(proxy.requests('SaslAuthenticate') - asked, 2);
      await broker.close();
    });
  });

  describe('sessions that end (KIP-368)', () => {
    it('streams go on over several of them, by SCRAM and by tokens that end too', async () => {
      const server = await TokenServer.listen((_, response) => { json(response, 200, { access_token: unsignedToken('admin', 4), token_type: 'Bearer' }); });
      const [connections, asked] = [proxy.connections, proxy.requests('SaslAuthenticate')];
      await Promise.all([as('admin'), oauth(server)].map((sasl) => streamFor(2.5 * shortSession, sasl)));
      assert.ok(proxy.requests('SaslAuthenticate') - asked >= 20, `connections were authenticated anew, in ${proxy.requests('SaslAuthenticate') - asked} messages`);
      assert.ok(proxy.connections - connections <= 20, `not that ${proxy.connections - connections} connections were opened`);
      assert.ok(server.requests.length >= 2 && server.requests.length <= 6, `${server.requests.length} tokens`);
      server.close();
    });

    it('and with the refusal of a password that was changed meanwhile it ends, without asking again and again', async () => {
      const broker = createKafkajsBroker({ brokers: [secure.short], clientId: 'test', sasl: as('limited') });
      await broker.connect();
      await secure.setPassword('limited', 'another-pa55word');
      const asked = proxy.requests('SaslAuthenticate');
      let failure: Failure | null = null;
      for (let count = 0; count < 100 && failure === null; count++) {
        await wait(50);
        await Promise.all([broker.listTopics(), broker.listTopics()]).catch((error: unknown) => { failure = error as Failure; });
      }
      assert.equal((failure as Failure | null)?.code, 'authentication_failed');
      for (let count = 0; count < 20; count++) await assert.rejects(broker.listTopics(), { code: 'authentication_failed' });
      assert.ok(proxy.requests('SaslAuthenticate') - asked <= 4, `${proxy.requests('SaslAuthenticate') - asked} messages`);
      await broker.close();
    });
  });

  describe('OAUTHBEARER', () => {
    let server: TokenServer;
    before(async () => { server = await TokenServer.listen((_, response) => { json(response, 200, { access_token: unsignedToken('admin', 60), token_type: 'Bearer', expires_in: 60 }); }); });
    after(() => { server.close(); });

    it('gets one token for all connections, as the client that it is, and with extensions', async () => {
      const broker = open({ sasl: oauth(server, { extensions: { logicalCluster: 'one' } }) });
      const before = server.requests.length;
      await Promise.all([broker.connect(), broker.listTopics(), broker.producer().send([record(await newTopic(broker, 1), 0, 'x')], 'none')]);
      assert.equal(server.requests.length - before, 1);
      const { authorization, form } = server.requests.at(-1)!;
      assert.equal(authorization, `Basic ${Buffer.from(`millrace:${clientSecret}`).toString('base64')}`);
      assert.deepEqual([form.get('grant_type'), form.get('scope')], ['client_credentials', 'kafka']);
      await broker.close();
    });

    it('a token that the broker refuses is told', async () => {
      server.answer = (_, response) => { json(response, 200, { access_token: unsignedToken('admin', -60), expires_in: 60 }); };
      assert.match(await outcomeOf(open({ sasl: oauth(server) })), /^authentication_failed: .*OAUTHBEARER as client "millrace"/);
    });

    it('a client that the endpoint refuses is told, with its reason', async () => {
      server.answer = (_, response) => { json(response, 401, { error: 'invalid_client', error_description: 'no such client' }); };
      const said = await outcomeOf(open({ sasl: oauth(server) }));
      assert.match(said, /^authentication_failed: .*answered 401 \(invalid_client: no such client\)/);
      assert.ok(!said.includes(clientSecret));
    });

    it('an endpoint that is away or overloaded is waited for', async () => {
      server.answer = (_, response) => { json(response, 503, {}); };
      assert.match(await outcomeOf(open({ sasl: oauth(server) })), /^broker_unavailable: .*answered 503/);
      assert.match(await outcomeOf(open({ sasl: oauth(server, { tokenEndpoint: 'http://127.0.0.1:1/token' }) })), /^broker_unavailable: .*cannot be reached: .*ECONNREFUSED/);
    });
  });

  describe('a daemon', () => {
    const topics = { in: unique('in'), out: unique('out') };
    const client = secure.authority.issue({ name: 'millrace client', passphrase: 'pass-phrase-of-a-key' });
    const [wrongSecret, wrongPassword] = [secret('wrong-secret-of-a-client', 'client secret'), secret('wrong-password-of-admin')];
    const folder = mkdtempSync(join(tmpdir(), 'millrace-secrets-'));
    let server: TokenServer;
    before(async () => {
      server = await TokenServer.listen((request, response) => {
        const right = request.authorization === `Basic ${Buffer.from(`millrace:${clientSecret}`).toString('base64')}`;
        if (right) json(response, 200, { access_token: unsignedToken('admin', 60), expires_in: 60 });
        else json(response, 401, { error: 'invalid_client', error_description: `not ${request.authorization}` });
      });
      const admin = createKafkajsBroker({ brokers: [secure.open], clientId: 'test' });
      await admin.createTopics(Object.values(topics).map((topic) => ({ topic, partitions: 1 })));
      await admin.producer().send([record(topics.in, 0, '{"n":1}')], 'none');
      await admin.close();
    });
    after(() => {
      server.close();
      rmSync(folder, { recursive: true });
    });
    const start = (name: string, broker: string, brokers = secure.sasl): DaemonProcess => {
      const file = join(folder, `${name}.yaml`);
      writeFileSync(file, `name: ${name}\nbroker: { type: kafka, brokers: ["${brokers}"], ${broker} }\nsources: { in: { type: kafka, topic: ${topics.in}, start: earliest } }\nsinks: { out: { type: kafka, from: in, topic: ${topics.out} } }\n`);
      return new DaemonProcess(file, { stateDir: join(folder, name), args: ['--log-level', 'trace'] });
    };
    /** Everything that a daemon says: its log, what it printed, what it answers. */
    const said = async (daemon: DaemonProcess): Promise<string> => `${daemon.output}\n${await daemon.metrics().catch(() => '')}\n${JSON.stringify(await daemon.readiness().catch(() => ''))}`;
    const clientTls = `tls: { ca: ${authority.caFile}, cert: ${client.certFile}, key: ${client.keyFile}, passphrase: pass-phrase-of-a-key }`;

    it('shows no secret, whether it is right or wrong, however it is written', async () => {
      writeFileSync(join(folder, 'secret'), `${clientSecret}\n`);
      writeFileSync(join(folder, 'wrong'), `${wrongSecret}\n`);
      const oauthOf = (file: string): string => `sasl: { mechanism: oauthbearer, token_endpoint: "http://127.0.0.1:${server.port}/token?audience=x", client_id: millrace, client_secret: "\${file:${join(folder, file)}}" }`;
      const right = start('right', `${clientTls}, ${oauthOf('secret')}`);
      const ended = [start('wrong_client', `${clientTls}, ${oauthOf('wrong')}`), start('wrong_password', `tls: { ca: ${authority.caFile} }, sasl: { mechanism: plain, username: admin, password: ${wrongPassword} }`)];
      await right.caughtUp();
      let all = await said(right);
      assert.equal(await right.stop(), 0);
      for (const daemon of ended) {
        assert.equal((await daemon.exited).code, 77, daemon.output);
        assert.match(daemon.output, /"code":"authentication_failed"/);
        all += daemon.output;
      }
      all += right.output;
      assert.match(all, /"code":"plaintext_credentials".*token_endpoint without https/, 'a client secret that goes over plain http is warned of');
      const basic = (name: string): string => Buffer.from(`millrace:${name}`).toString('base64');
      const secrets = [
        clientSecret, wrongSecret, wrongPassword, 'pass-phrase-of-a-key', basic(clientSecret), basic(wrongSecret),
        Buffer.from(`\0admin\0${wrongPassword}`).toString('base64'), ...client.key.split('\n').filter((line) => line.length > 20 && !line.startsWith('-')), unsignedToken('admin', 60).slice(0, 20)
      ];
      for (const each of secrets) for (const form of [each, Buffer.from(each).toString('base64').replace(/=+$/, '')]) assert.ok(!all.includes(form), `${form} in\n${all}`);
    });

    it('whose password is changed goes on until its session ends, and then stops, saying so', async () => {
      const daemon = start('changed', 'sasl: { mechanism: scram_sha_256, username: admin, password: admin-pa55word-of-tests }', secure.short);
      await daemon.caughtUp();
      assert.match(daemon.output, /"code":"plaintext_credentials"/);
      await secure.setPassword('admin', 'changed-pa55word');
      const asked = proxy.requests('SaslAuthenticate');
      assert.equal((await daemon.exited).code, 77);
      assert.match(daemon.output, /topology failed: authentication_failed/);
      assert.ok(proxy.requests('SaslAuthenticate') - asked <= 6, `${proxy.requests('SaslAuthenticate') - asked} messages`);
    });
  });

  /** Reads what is written in transactions, for so long, over the listener with short sessions; nothing is lost, and nobody is told of trouble. */
  async function streamFor(milliseconds: number, sasl: SaslSettings): Promise<void> {
    const broker = createKafkajsBroker({ brokers: [secure!.short], clientId: 'test', sasl });
    await broker.connect();
    const topic = await newTopic(broker, 2);
    const reader = await probe(broker, unique('group'), [[topic]]);
    await until('an assignment', () => reader.assignments.length > 0);
    const producer = broker.transactionalProducer(unique('id'), 30_000);
    await producer.open();
    let sent = 0;
    for (const end = Date.now() + milliseconds; Date.now() < end; sent += 2) {
      const transaction = await producer.begin();
      await transaction.send([record(topic, 0, `${sent}`), record(topic, 1, `${sent + 1}`)], 'none');
      await transaction.sendOffsets('offsets-of-nobody', [{ topic, partition: 0, offset: sent, metadata: '' }]);
      await transaction.commit();
      await wait(20);
    }
    await until('all records', () => reader.records().length === sent);
    assert.deepEqual([...reader.failures, ...reader.connections.filter((failure) => failure !== null)], []);
    await producer.close();
    await reader.reader.stop();
    await broker.close();
  }
}
