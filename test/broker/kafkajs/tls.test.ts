import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createPlainServer, type AddressInfo } from 'node:net';
import { after, describe, it } from 'node:test';
import { createServer, type TlsOptions } from 'node:tls';
import type { Failure } from '../../../actors/failure.ts';
import type { TlsSettings } from '../../../actors/security.ts';
import { createKafkajsBroker } from '../../../src/broker/kafkajs/index.ts';
import { Authority } from '../../support/certificates.ts';

const authority = new Authority();
const other = new Authority('Other Authority');
const good = authority.issue({ name: 'broker', names: 'DNS:localhost,IP:127.0.0.1' });
const base: TlsSettings = { ca: authority.ca, cert: null, key: null, passphrase: null, serverName: null };
const servers: { close(): void }[] = [];
after(() => {
  for (const server of servers) server.close();
});

/** A server that lets nobody in for other reasons than those of TLS; gives its port and how often it was connected to. */
async function serve(options: TlsOptions): Promise<{ port: number; connections: () => number }> {
  const server = createServer({ cert: good.cert, key: good.key, ...options }, (socket) => {
    socket.on('error', () => undefined);
    socket.destroy();
  });
  let connections = 0;
  server.on('connection', () => connections++).on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  servers.push(server);
  return { port: (server.address() as AddressInfo).port, connections: () => connections };
}

/** What connecting fails with, by an administrator and by a producer, which go through different parts of kafkajs. */
async function failure(port: number, more: Partial<TlsSettings> = {}): Promise<{ code: string; message: string }> {
  const broker = createKafkajsBroker({ brokers: [`127.0.0.1:${port}`], clientId: 'test', tls: { ...base, ...more } });
  const failed = (work: Promise<unknown>): Promise<Failure> => work.then(() => assert.fail('it connected'), (error: unknown) => error as Failure);
  const found = await failed(broker.connect());
  const produced = await failed(broker.producer().send([{ topic: 't', partition: 0, key: null, value: null, headers: [], timestamp: 0 }], 'none'));
  assert.equal(produced.code, found.code);
  await broker.close();
  return { code: found.code, message: found.message };
}

describe('TLS that fails says what was found, at once and without another try:', () => {
  const cases: readonly (readonly [title: string, options: TlsOptions, more: Partial<TlsSettings>, expected: RegExp])[] = [
    ['an authority that is not trusted', {}, { ca: other.ca }, /"broker, Millrace" is not trusted: it is signed by "Test Authority, Millrace", by none of those in ca \(UNABLE_TO_VERIFY_LEAF_SIGNATURE\)/],
    ['no authority at all', {}, { ca: null }, /by none of the public authorities, and broker\.tls has no ca/],
    ['a name that is not in the certificate', {}, { serverName: 'kafka.example' }, /expected a certificate for kafka\.example, found one for localhost, 127\.0\.0\.1/],
    ['a certificate that is over', { ...pair(authority.issue({ name: 'old', names: 'IP:127.0.0.1', days: -1 })) }, {}, /the certificate of "old, Millrace", or one that it is signed with, is over since \w+ \d+/],
    ['an authority signed by itself, sent along', { cert: good.cert + authority.ca }, { ca: other.ca }, /\(SELF_SIGNED_CERT_IN_CHAIN\)/],
    ['TLS 1.1', { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' }, {}, /it cannot be agreed upon|the broker ended it/],
    ['a client certificate that is asked for, by TLS 1.3', { requestCert: true, ca: authority.ca }, {}, /it asks for a client certificate: set cert and key/],
    ['a client certificate that is asked for, by TLS 1.2', { requestCert: true, ca: authority.ca, maxVersion: 'TLSv1.2' }, {}, /either it asks for a client certificate/]
  ];
  for (const [title, options, more, expected] of cases) {
    it(title, async () => {
      const { port, connections } = await serve(options);
      const { code, message } = await failure(port, more);
      assert.equal(code, 'tls_failed', message);
      assert.match(message, expected);
      assert.match(message, new RegExp(`TLS to 127\\.0\\.0\\.1:${port}: `));
      assert.ok(connections() <= 2, `${connections()} connections`);
    });
  }

  it('what is not TLS at all', async () => {
    const server = createPlainServer((socket) => {
      socket.on('error', () => undefined);
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    servers.push(server);
    const { port } = server.address() as AddressInfo;
    assert.match((await failure(port)).message, /what answers there does not speak TLS/);
    const broker = createKafkajsBroker({ brokers: [`127.0.0.1:${port}`], clientId: 'test' });
    await assert.rejects(broker.connect(), { code: 'broker_unavailable', message: /does not speak Kafka's protocol/ });
    await broker.close();
  });
});

function pair({ cert, key }: { cert: string; key: string }): { cert: string; key: string } {
  return { cert, key };
}
