import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, describe, it, test } from 'node:test';
import { createKafkajsBroker, type KafkajsSettings } from '../../src/broker/kafkajs/index.ts';
import { brokerContract } from '../contract/broker.ts';
import { Authority } from '../support/certificates.ts';
import { as, secureKafkaOrSkip, tls } from '../support/kafka/secure.ts';
import { outcomeOf } from '../support/kafkajs.ts';

const secure = await secureKafkaOrSkip({ skip: (why) => void test('TLS to Kafka', { skip: why ?? true }) });

if (secure !== null) {
  const { authority, client } = secure;
  const { ca } = authority;
  after(() => secure.stop());

  describe('TLS to Kafka', () => {
    it('checks the certificate against an authority, and the name against the address', async () => {
      assert.equal(await outcome(secure.tls, { tls: tls({ ca }) }), 'connected');
      assert.equal(await outcome(secure.tls.replace('127.0.0.1', 'localhost'), { tls: tls({ ca }) }), 'connected');
      assert.match(await outcome(secure.tls, { tls: tls() }), /^tls_failed: .*"broker, Millrace" is not trusted: it is signed by "Test Authority, Millrace"/);
      assert.match(await outcome(secure.tls, { tls: tls({ ca, serverName: 'other.example' }) }), /^tls_failed: .*expected a certificate for other\.example, found one for localhost, 127\.0\.0\.1/);
    });

    it('checks against a name of its own where the address is another', async () => {
      assert.equal(await outcome(secure.tls, { tls: tls({ ca, serverName: 'localhost' }) }), 'connected');
    });

    it('sends a client certificate where one is asked for', async () => {
      assert.equal(await outcome(secure.mutual, { tls: tls({ ca, cert: client.cert, key: client.key }) }), 'connected');
      assert.match(await outcome(secure.mutual, { tls: tls({ ca }) }), /^tls_failed: .*asks for a client certificate: set cert and key/);
      const stranger = new Authority('Other Authority').issue({ name: 'stranger' });
      assert.match(await outcome(secure.mutual, { tls: tls({ ca, cert: stranger.cert, key: stranger.key }) }), /^tls_failed: .*it refuses the client certificate of cert/);
      const encrypted = authority.issue({ name: 'millrace client', passphrase: 'a-pass-phrase' });
      assert.equal(await outcome(secure.mutual, { tls: tls({ ca, cert: encrypted.cert, key: encrypted.key, passphrase: 'a-pass-phrase' }) }), 'connected');
    });

    it('says so where the other side speaks plain text, or this one', async () => {
      assert.match(await outcome(secure.open, { tls: tls({ ca }) }), /^tls_failed: .*the broker speaks plain text there/);
      assert.match(await outcome(secure.tls, {}), /^tls_failed: .*the broker speaks TLS there; set broker\.tls/);
      assert.match(await outcome(secure.sasl, { sasl: as('admin') }), /^tls_failed: .*the broker speaks TLS there/);
    });

    it('says so where a name is asked for and none is given, or given and not asked for', async () => {
      assert.match(await outcome(secure.sasl, { tls: tls({ ca }) }), /^authentication_failed: .*set broker\.sasl, with one of .*SCRAM-SHA-256/);
      assert.match(await outcome(secure.short, {}), /^authentication_failed: .*set broker\.sasl, with one of .*OAUTHBEARER/);
      assert.match(await outcome(secure.open, { sasl: as('admin') }), /^authentication_failed: .*this listener has no SASL/);
    });

    it('ends a producer at once too: nothing is tried again', async () => {
      const broker = createKafkajsBroker({ brokers: [secure.tls], clientId: 'test', tls: tls() });
      const started = performance.now();
      await assert.rejects(broker.producer().send([{ topic: 't', partition: 0, key: null, value: null, headers: [], timestamp: 0 }], 'none'), { code: 'tls_failed' });
      await assert.rejects(broker.transactionalProducer('x', 10_000).open(), { code: 'tls_failed' });
      assert.ok(performance.now() - started < 3_000);
      await broker.close();
    });
  });

  brokerContract('kafkajs over TLS, as a user by SCRAM,', async () => {
    const connected = async () => {
      const broker = createKafkajsBroker({ brokers: [secure.sasl], clientId: 'contract', tls: tls({ ca }), sasl: as('admin', 'scram_sha_512') });
      await broker.connect();
      return broker;
    };
    const admin = await connected();
    const newId = (): string => `t${randomBytes(6).toString('hex')}`;
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
}

/** `connected`, or the code and message of the failure, which must come within seconds. */
function outcome(at: string, more: Partial<KafkajsSettings>): Promise<string> {
  return outcomeOf(createKafkajsBroker({ brokers: [at], clientId: 'test', ...more }));
}
