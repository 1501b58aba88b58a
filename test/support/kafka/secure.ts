import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Kafka as Kafkajs, logLevel } from 'kafkajs';
import type { SaslSettings, TlsSettings } from '../../../actors/security.ts';
import { Authority, type Certificate } from '../certificates.ts';
import { type Kafka, ownKafkaOrSkip, type Skippable } from '../kafka.ts';
import { KafkaProxy } from '../proxy.ts';
import { kafkaJars } from './jars.ts';
import { secret } from '../secrets.ts';

/** Users of the broker with their passwords. `admin` may do all, `limited` only what it is given. */
export const users = { admin: secret('admin-pa55word-of-tests'), limited: secret('limited-pa55word-of-tests') } as const;

/** A session of the listener `short` lasts so long, in milliseconds. */
export const shortSession = 2_000;

/** One broker with a listener for each way to be reached, each as host:port. */
export interface SecureKafka {
  readonly kafka: Kafka;
  /** Plain text, no names: who comes here may do all. */
  readonly open: string;
  readonly tls: string;
  /** Asks for a client certificate. */
  readonly mutual: string;
  /** SASL_SSL with PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 and OAUTHBEARER, whose tokens need no signature. */
  readonly sasl: string;
  /** SASL_PLAINTEXT with SCRAM-SHA-256 and OAUTHBEARER, in sessions of `shortSession`, behind a proxy that counts. */
  readonly short: string;
  readonly proxy: KafkaProxy;
  readonly authority: Authority;
  /** The subject of this client's certificate may do all. */
  readonly client: Certificate;
  /** kafkajs' own administrator, by the open listener. */
  admin(): ReturnType<Kafkajs['admin']>;
  stop(): Promise<void>;
  /** Sets a user's SCRAM-SHA-256 password. */
  setPassword(user: string, password: string): Promise<void>;
}

/** TLS settings from a few. */
export function tls(more: Partial<TlsSettings> = {}): TlsSettings {
  return { ca: null, cert: null, key: null, passphrase: null, serverName: null, ...more };
}

/** As whom: a user of the broker, with the right password unless another is given. */
export function as(user: keyof typeof users, mechanism: 'plain' | 'scram_sha_256' | 'scram_sha_512' = 'scram_sha_256', password: string = users[user]): SaslSettings {
  return { mechanism, username: user, password: secret(password) };
}

/** A broker of the test's own; null, and the test is skipped, where it cannot be had. */
export async function secureKafkaOrSkip(t: Skippable): Promise<SecureKafka | null> {
  const authority = new Authority();
  const server = authority.issue({ name: 'broker', names: 'DNS:localhost,IP:127.0.0.1' });
  const client = authority.issue({ name: 'millrace client' });
  // Kafka takes a PEM key store with the key before the certificate.
  const keyStore = join(authority.folder, 'keystore.pem');
  writeFileSync(keyStore, server.key + server.cert);
  const proxy = await KafkaProxy.listen('');
  let ports: readonly number[] = [];
  const kafka = await ownKafkaOrSkip(t, {
    ports: 4,
    format: scramUsers(),
    properties: (port, controller, more) => {
      ports = more;
      return listenerProperties(port, controller, more, { keyStore, trustStore: authority.caFile, proxy: proxy.port });
    }
  });
  if (kafka === null) {
    proxy.close();
    return null;
  }
  proxy.forwardTo(ports[3] ?? 0);
  const at = (index: number): string => `127.0.0.1:${ports[index]}`;
  const admin = (): ReturnType<Kafkajs['admin']> => new Kafkajs({ brokers: [kafka.brokers], logLevel: logLevel.NOTHING }).admin();
  return { kafka, open: kafka.brokers, tls: at(0), mutual: at(1), sasl: at(2), short: `127.0.0.1:${proxy.port}`, proxy, authority, client, admin, stop: () => stop(kafka, proxy), setPassword: (user, password) => setPassword(kafka.brokers, user, password) };
}

/** What an unsigned token says; the broker takes it for `subject`. */
export function unsignedToken(subject: string, seconds: number): string {
  const now = Math.floor(Date.now() / 1000);
  const part = (content: object): string => Buffer.from(JSON.stringify(content)).toString('base64url');
  // Its middle alone is as good as all of it, for there is no signature.
  const claims = secret(part({ sub: subject, iat: now - 1, exp: now + seconds }), 'token');
  return `${part({ alg: 'none' })}.${claims}.`;
}

function scramUsers(): string[] {
  return Object.entries(users).flatMap(([name, password]) => ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => ['--add-scram', `${mechanism}=[name=${name},password=${password}]`]));
}

function listenerProperties(port: number, controller: number, [ssl, mutual, sasl, short]: readonly number[], { keyStore, trustStore, proxy }: { keyStore: string; trustStore: string; proxy: number }): Record<string, string> {
  const at = (name: string, number: number | undefined): string => `${name}://127.0.0.1:${number ?? 0}`;
  const direct = [at('PLAINTEXT', port), at('TLS', ssl), at('MUTUAL', mutual), at('SASL', sasl)].join(',');
  const module = (name: string, options = ''): string => `org.apache.kafka.common.security.${name} required${options};`;
  const logins = module('plain.PlainLoginModule', Object.entries(users).map(([name, password]) => ` user_${name}="${password}"`).join(''));
  const scram = module('scram.ScramLoginModule');
  const oauth = module('oauthbearer.OAuthBearerLoginModule', ' unsecuredLoginStringClaim_sub="broker"');
  return {
    listeners: `${direct},${at('SHORT', short)},CONTROLLER://127.0.0.1:${controller}`,
    'advertised.listeners': `${direct},${at('SHORT', proxy)}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,TLS:SSL,MUTUAL:SSL,SASL:SASL_SSL,SHORT:SASL_PLAINTEXT',
    'inter.broker.listener.name': 'PLAINTEXT',
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': keyStore,
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': trustStore,
    'listener.name.mutual.ssl.client.auth': 'required',
    'listener.name.sasl.sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
    'listener.name.sasl.plain.sasl.jaas.config': logins,
    'listener.name.sasl.scram-sha-256.sasl.jaas.config': scram,
    'listener.name.sasl.scram-sha-512.sasl.jaas.config': scram,
    'listener.name.sasl.oauthbearer.sasl.jaas.config': oauth,
    'listener.name.short.sasl.enabled.mechanisms': 'SCRAM-SHA-256,OAUTHBEARER',
    'listener.name.short.scram-sha-256.sasl.jaas.config': scram,
    'listener.name.short.oauthbearer.sasl.jaas.config': oauth,
    'listener.name.short.connections.max.reauth.ms': String(shortSession),
    'connection.failed.authentication.delay.ms': '100',
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': 'User:ANONYMOUS;User:admin;User:CN=millrace client,O=Millrace',
    'allow.everyone.if.no.acl.found': 'false'
  };
}

async function stop(kafka: Kafka, proxy: KafkaProxy): Promise<void> {
  proxy.close();
  await kafka.stop();
}

async function setPassword(brokers: string, user: string, password: string): Promise<void> {
  secret(password);
  const jars = await kafkaJars();
  await promisify(execFile)('java', [
    '-Xshare:auto', '-XX:TieredStopAtLevel=1', '-cp', join(jars, '*'), 'kafka.admin.ConfigCommand', '--bootstrap-server', brokers,
    '--alter', '--entity-type', 'users', '--entity-name', user, '--add-config', `SCRAM-SHA-256=[password=${password}]`
  ]);
}
