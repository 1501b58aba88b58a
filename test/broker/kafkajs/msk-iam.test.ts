import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { after, before, it, mock } from 'node:test';
import type { MskIamSettings } from '../../../actors/security.ts';
import { signMskToken } from '../../../src/broker/kafkajs/sasl/msk-iam.ts';
import { secret } from '../../support/secrets.ts';

/*
 * There is no AWS here: what a broker of MSK checks is computed a second time, from AWS's own description of its signature (Signature Version 4, "Create a
 * signed AWS API request"). The credentials are those of its examples.
 */
const credentials = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: secret('wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY', 'cloud key'), AWS_SESSION_TOKEN: secret('a/session+token=', 'cloud key') };
const saved: Record<string, string | undefined> = {};
const settings: MskIamSettings = { mechanism: 'aws_msk_iam', region: 'eu-central-1', profile: null, roleArn: null, roleSessionName: null };

before(() => {
  for (const [name, value] of Object.entries(credentials)) {
    saved[name] = process.env[name];
    process.env[name] = value;
  }
});
after(() => {
  for (const [name, value] of Object.entries(saved)) {
    if (value === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = value;
  }
});

it('a token is a signed request to kafka-cluster:Connect, good for a quarter of an hour', async () => {
  mock.timers.enable({ apis: ['Date'], now: Date.parse('2015-08-30T12:36:00Z') });
  const { value, expiresAt } = await signMskToken(settings);
  mock.timers.reset();
  assert.equal(new Date(expiresAt).toISOString(), '2015-08-30T12:51:00.000Z');
  const url = new URL(Buffer.from(value, 'base64url').toString());
  assert.equal(url.origin + url.pathname, 'https://kafka.eu-central-1.amazonaws.com/');
  const query = Object.fromEntries(url.searchParams);
  assert.equal(query['Action'], 'kafka-cluster:Connect');
  assert.equal(query['X-Amz-Credential'], 'AKIDEXAMPLE/20150830/eu-central-1/kafka-cluster/aws4_request');
  assert.equal(query['X-Amz-Date'], '20150830T123600Z');
  assert.equal(query['X-Amz-Expires'], '900');
  assert.equal(query['X-Amz-Security-Token'], credentials.AWS_SESSION_TOKEN);
  assert.equal(query['X-Amz-Signature'], signatureOf(url));
});

it('without the package that signs it says what to install', async () => {
  await assert.rejects(signMskToken(settings, () => Promise.reject(new Error('Cannot find package'))), { code: 'config_invalid', message: /npm install aws-msk-iam-sasl-signer-js/ });
});

it('credentials that cannot be had now are tried again, by a profile or a role too', async () => {
  const asked: unknown[] = [];
  const failing = (options: unknown): Promise<never> => {
    asked.push(options);
    return Promise.reject(new Error('no credentials'));
  };
  const signer = () => Promise.resolve({ generateAuthToken: failing, generateAuthTokenFromProfile: failing, generateAuthTokenFromRole: failing });
  for (const more of [{}, { profile: 'p' }, { roleArn: 'arn:aws:iam::123456789012:role/r' }]) {
    await assert.rejects(signMskToken({ ...settings, ...more }, signer), { code: 'broker_unavailable', message: 'No AWS credentials to sign with: no credentials' });
  }
  assert.deepEqual(asked, [
    { region: 'eu-central-1' },
    { region: 'eu-central-1', awsProfileName: 'p' },
    { region: 'eu-central-1', awsRoleArn: 'arn:aws:iam::123456789012:role/r', awsRoleSessionName: 'millrace' }
  ]);
});

/** The signature of a presigned request; the user agent was added behind it. */
function signatureOf(url: URL): string {
  const encode = (text: string): string => encodeURIComponent(text).replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
  const query = [...url.searchParams].filter(([name]) => name !== 'X-Amz-Signature' && name !== 'User-Agent').map(([name, value]) => `${encode(name)}=${encode(value)}`).sort().join('&');
  const sha = (text: string): string => createHash('sha256').update(text).digest('hex');
  const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
  const canonical = ['GET', '/', query, `host:${url.host}`, '', 'host', sha('')].join('\n');
  const date = url.searchParams.get('X-Amz-Date') ?? '';
  const scope = [date.slice(0, 8), 'eu-central-1', 'kafka-cluster', 'aws4_request'];
  const key = scope.reduce<string | Buffer>(hmac, `AWS4${credentials.AWS_SECRET_ACCESS_KEY}`);
  return hmac(key, ['AWS4-HMAC-SHA256', date, scope.join('/'), sha(canonical)].join('\n')).toString('hex');
}
