import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import type { SaslSettings } from '../../actors/security.ts';
import { type Loaded, loadTopologies } from '../../src/topology/load.ts';
import { readSasl, readTls, saslOptions, tlsOptions } from '../../src/topology/security-options.ts';
import { Authority } from '../support/certificates.ts';
import { writeTopology } from '../support/plan.ts';
import { evidence } from '../support/evidence.ts';
import { secret } from '../support/secrets.ts';

const authority = new Authority();
const client = authority.issue({ name: 'client' });
const other = authority.issue({ name: 'other' });
for (const each of ['pass word', 's3cret-word', 'my-secret-word', '271828182845', 'hidden-word'] as const) secret(each);
const locked = authority.issue({ name: 'locked', passphrase: 'open sesame' });

/** A topology with these options of its broker. */
function load(options: string, env: Record<string, string> = {}): Loaded {
  const yaml = `name: orders\nbroker:\n  type: kafka\n  brokers: ["127.0.0.1:9092"]\n${options}\nsources: { a: { type: kafka, topic: a } }\nsinks: { b: { type: kafka, from: a, topic: b } }\n`;
  return loadTopologies([writeTopology(yaml)], { env });
}

function brokerOf(loaded: Loaded) {
  assert.deepEqual(loaded.problems, []);
  const broker = loaded.plans[0]?.broker;
  assert.ok(broker?.type === 'kafka');
  return broker;
}

/** All that was said, each as line:column code message hint. */
function said({ problems }: Loaded): string[] {
  const all = problems.map(({ line, column, code, message, hint }) => `${line}:${column} ${code} ${message} ${hint ?? ''}`);
  evidence('problem', all.join('\n'));
  return all;
}

describe('tls', () => {
  it('true is all defaults, false and nothing are none', () => {
    assert.deepEqual(brokerOf(load('  tls: true')).tls, { ca: null, cert: null, key: null, passphrase: null, serverName: null });
    assert.equal(brokerOf(load('  tls: false')).tls, null);
    assert.equal(brokerOf(load('')).tls, null);
  });

  it('takes files, relative to the topology, and PEM text', () => {
    const text = JSON.stringify(client.key);
    const { tls } = brokerOf(load(`  tls: { ca: ${authority.caFile}, cert: ${client.certFile}, key: ${text}, server_name: kafka.example }`));
    assert.deepEqual(tls, { ca: authority.ca, cert: client.cert, key: client.key, passphrase: null, serverName: 'kafka.example' });
    const report = (): void => assert.fail('a mistake');
    const named: string[] = [];
    const relative = readTls(tlsOptions.parse({ ca: basename(authority.caFile) }), dirname(authority.caFile), report, (file) => named.push(file));
    assert.equal(relative?.ca, authority.ca);
    assert.deepEqual(named, [authority.caFile]);
  });

  it('takes the key that is in the file of the certificate, and one that is encrypted', () => {
    const both = join(authority.folder, 'both.pem');
    writeFileSync(both, client.key + client.cert);
    assert.equal(brokerOf(load(`  tls: { cert: ${both} }`)).tls?.key, client.key + client.cert);
    assert.equal(brokerOf(load(`  tls: { cert: ${locked.certFile}, key: ${locked.keyFile}, passphrase: "\${env:KEY_PASSPHRASE}" }`, { KEY_PASSPHRASE: 'open sesame' })).tls?.passphrase, 'open sesame');
  });

  it('changes the fingerprint when a file changes', () => {
    const file = join(authority.folder, 'changing.pem');
    const fingerprint = (content: string): string | undefined => {
      writeFileSync(file, content);
      return load(`  tls: { ca: ${file} }`).plans[0]?.fingerprint;
    };
    const first = fingerprint(authority.ca);
    assert.ok(first !== undefined && first !== fingerprint(authority.ca + authority.ca));
  });

  const broken = join(authority.folder, 'broken.pem');
  writeFileSync(broken, authority.ca.replace(/[A-Za-z0-9+/]{20}/, 'AAAAAAAAAAAAAAAAAAAA'));
  const binary = join(authority.folder, 'keystore.jks');
  writeFileSync(binary, Buffer.from([0xfe, 0xed, 0xfe, 0xed, 0, 0]));
  const mistakes: readonly (readonly [title: string, options: string, expected: RegExp])[] = [
    ['a file that is not there', 'ca: nowhere.pem', /^5:14 unreadable_file cannot read nowhere\.pem \(ENOENT\) a path is relative to the topology file/],
    ['a key store of Java', `ca: ${binary}`, /bad_value expected certificates in PEM .*found a binary file .*keytool/],
    ['a key in the place of a certificate', `ca: ${client.keyFile}`, /found PRIVATE KEY/],
    ['a certificate that is damaged', `ca: ${broken}`, /number 1 is damaged/],
    ['a key without its certificate', `key: ${client.keyFile}`, /missing_option expected the option cert/],
    ['a certificate without its key', `cert: ${client.certFile}`, /missing_option expected the option key/],
    ['the key of another certificate', `cert: ${client.certFile}, key: ${other.keyFile}`, /found that of another one/],
    ['a certificate in the place of the key', `cert: ${client.certFile}, key: ${client.certFile}`, /expected a private key in PEM, found CERTIFICATE/],
    ['an encrypted key without its passphrase', `cert: ${locked.certFile}, key: ${locked.keyFile}`, /missing_option expected the option passphrase: the key is encrypted/],
    ['a passphrase that is wrong', `cert: ${locked.certFile}, key: ${locked.keyFile}, passphrase: ${secret('open barley', 'passphrase')}`, /expected the passphrase of the key, found another one/],
    ['a passphrase of nothing', 'passphrase: x', /missing_option expected the options cert and key/],
    ['an option that does not exist, as it should', 'verify: false', /unknown_key there is no option verify here/]
  ];
  for (const [title, options, expected] of mistakes) {
    it(`tells ${title}`, () => {
      const [first, ...others] = said(load(`  tls: { ${options} }`));
      assert.match(first ?? 'nothing was told', expected);
      assert.deepEqual(others, []);
    });
  }
});

describe('sasl', () => {
  it('becomes settings', () => {
    assert.deepEqual(brokerOf(load('  sasl: { mechanism: scram_sha_256, username: alice, password: secret-word }')).sasl, { mechanism: 'scram_sha_256', username: 'alice', password: secret('secret-word') });
    assert.deepEqual(brokerOf(load(`  sasl: { mechanism: oauthbearer, token_endpoint: "https://idp.example/token", client_id: c, client_secret: s3cr3t, tls: { ca: ${authority.caFile} } }`)).sasl, {
      mechanism: 'oauthbearer', tokenEndpoint: 'https://idp.example/token', clientId: 'c', clientSecret: secret('s3cr3t', 'client secret'), scope: null, extensions: {}, tls: { ca: authority.ca, cert: null, key: null, passphrase: null, serverName: null }
    } satisfies SaslSettings);
    assert.deepEqual(brokerOf(load('  sasl: { mechanism: aws_msk_iam, region: eu-central-1, role_arn: "arn:aws:iam::123456789012:role/x" }')).sasl, {
      mechanism: 'aws_msk_iam', region: 'eu-central-1', profile: null, roleArn: 'arn:aws:iam::123456789012:role/x', roleSessionName: null
    } satisfies SaslSettings);
  });

  it('without the package that signs for MSK says how to get it', () => {
    const told: unknown[] = [];
    readSasl(saslOptions.parse({ mechanism: 'aws_msk_iam', region: 'us-gov-west-1' }), '.', (...problem) => told.push(problem), undefined, () => false);
    assert.deepEqual(told, [[['mechanism'], 'bad_value', 'expected a package that is not installed: aws_msk_iam needs aws-msk-iam-sasl-signer-js', 'npm install aws-msk-iam-sasl-signer-js, beside Millrace']]);
  });

  const mistakes: readonly (readonly [title: string, options: string, expected: RegExp])[] = [
    ['a mechanism in the words of Java', 'mechanism: SCRAM-SHA-256, username: a, password: b', /5:22 bad_value expected one of plain, .*did you mean scram_sha_256/],
    ['a password that is missing', 'mechanism: plain, username: a', /missing_option expected the option password/],
    ['an option of another mechanism', 'mechanism: plain, username: a, password: b, client_id: c', /unknown_key there is no option client_id here .*option of another type/],
    ['an endpoint that is none', 'mechanism: oauthbearer, token_endpoint: idp.example, client_id: a, client_secret: b', /expected an http or https URL/],
    ['an endpoint with a password in it', 'mechanism: oauthbearer, token_endpoint: "https://u:hidden-word@idp.example/", client_id: a, client_secret: b', /expected an http or https URL, without user/],
    ['an extension that the protocol has for itself', 'mechanism: oauthbearer, token_endpoint: "https://idp.example/", client_id: a, client_secret: b, extensions: { auth: x }', /names other than auth/],
    ['a region that is none', 'mechanism: aws_msk_iam, region: Frankfurt', /expected a region of AWS, such as eu-central-1/],
    ['a profile beside a role', 'mechanism: aws_msk_iam, region: eu-west-1, profile: p, role_arn: "arn:aws:iam::123456789012:role/x"', /either profile or role_arn/]
  ];
  for (const [title, options, expected] of mistakes) {
    it(`tells ${title}`, () => {
      const all = said(load(`  sasl: { ${options} }`));
      assert.match(all[0] ?? 'nothing was told', expected);
      assert.equal(all.length, 1);
      assert.ok(!all.join().includes('hidden-word'));
    });
  }
});

describe('secrets', () => {
  it('are those of the options, whatever way they came, with their base64 forms, the key line by line', () => {
    const { secrets } = load(
      `  tls: { cert: ${locked.certFile}, key: ${locked.keyFile}, passphrase: open sesame }\n  sasl: { mechanism: plain, username: alice, password: pass word }`
    );
    const base64 = (text: string): string => Buffer.from(text).toString('base64');
    const line = locked.key.split('\n')[2] ?? '';
    assert.ok(line.length > 40);
    for (const each of ['open sesame', base64('open sesame'), 'pass word', 'pass%20word', base64('pass word'), base64('\0alice\0pass word'), locked.key, line]) assert.ok(secrets.includes(each), each);
    const oauth = load('  sasl: { mechanism: oauthbearer, token_endpoint: "https://idp.example/", client_id: client, client_secret: s3cret-word }');
    for (const each of ['s3cret-word', base64('s3cret-word'), base64('client:s3cret-word')]) assert.ok(oauth.secrets.includes(each), each);
    assert.ok(!oauth.secrets.includes('client'));
  });

  it('are shown in no mistake, wherever they stand', () => {
    const key = JSON.stringify(client.key);
    const wrong = [
      '  sasl: my-secret-word', '  tls: my-secret-word', '  sasl: { mechanism: plain, username: a, password: 271828182845 }', '  sasl: { mechanism: plain, username: [], password: my-secret-word }',
      '  sasl: { mechanism: oauthbearer, token_endpoint: "https://a:my-secret-word@b/", client_id: {}, client_secret: my-secret-word }', '  sasl: { mechanism: nothing, password: my-secret-word }',
      `  tls: { ca: ${key}, server_name: 5 }`, `  tls: { cert: ${client.certFile}, key: ${JSON.stringify(client.key.split('\n').slice(1).join(''))} }`, `  tls: { key: ${key} }`, '  tls: { passphrase: my-secret-word }'
    ];
    const lines = client.key.split('\n').filter((line) => line.length > 20 && !line.startsWith('-'));
    for (const options of wrong) {
      const all = said(load(options)).join('\n');
      assert.notEqual(all, '', options);
      for (const each of ['my-secret-word', '271828182845', ...lines, lines[0]?.slice(0, 30) ?? '']) assert.ok(!all.includes(each), all);
    }
  });
});
