import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AlertValues } from '../../actors/alert-variables.ts';
import { alertVariables } from '../../actors/alert-variables.ts';
import { formatProblem } from '../../src/topology/format.ts';
import { readTopology } from '../../src/topology/read.ts';
import { evidence } from '../support/evidence.ts';
import { secret } from '../support/secrets.ts';

const values = Object.fromEntries(alertVariables.map(({ name }, index) => [name, index])) as AlertValues;

function read(alerts: object, env: Record<string, string> = {}): ReturnType<typeof readTopology> {
  const topology = { name: 'test', broker: { type: 'embedded', path: './data' }, sources: { in: { type: 'kafka', topic: 'in' } }, sinks: { out: { type: 'kafka', from: 'in', topic: 'out' } }, alerts };
  return readTopology('test.yaml', JSON.stringify(topology, null, 1), { env });
}

function alertOf(alert: object, env: Record<string, string> = {}) {
  const { plan, file } = read({ alert }, env);
  if (plan?.alerts[0] === undefined) throw new Error(file.problems.map(formatProblem).join('\n'));
  return plan.alerts[0];
}

describe('alerts in a file', () => {
  it('may read every variable, alone and together', () => {
    for (const { name } of alertVariables) {
      const alert = alertOf({ when: `${name} == ${values[name]} && ${name} * 1.5 >= ${values[name]}` });
      assert.deepEqual(alert.uses, [name]);
      assert.equal(alert.holds(values), true, name);
      assert.equal(alert.holds({ ...values, [name]: -1 }), false, name);
    }
    assert.equal(alertOf({ when: 'processing_rate < input_rate * 0.9 && lag_records > 10' }).holds({ ...values, processing_rate: 80, input_rate: 100, lag_records: 11 }), true);
  });

  it('wait a minute and tell the log, where nothing else is said', () => {
    const { for: wait, notify } = alertOf({ when: 'lag_records > 1' });
    assert.deepEqual([wait, notify], [60_000, []]);
  });

  it('tell one or several', () => {
    const webhook = { webhook: secret('https://example.com/hooks/abc', 'webhook'), secret: secret('k3y-of-hooks', 'signing secret') };
    const command = { command: ['page', 'me'], timeout: '2s' };
    const hook = { kind: 'webhook', url: webhook.webhook, secret: webhook.secret };
    assert.deepEqual(alertOf({ when: 'up == 0', notify: webhook }).notify, [hook]);
    assert.deepEqual(alertOf({ when: 'up == 0', notify: ['log', webhook, command, { command: ['x'] }] }).notify, [hook, { kind: 'command', command: ['page', 'me'], timeout: 2000 }, { kind: 'command', command: ['x'], timeout: 10_000 }]);
  });

  it('keep the URL and the secret of a webhook to themselves, where they are right and where they are wrong', () => {
    const url = secret('https://hooks.example/services/T0/B0/hidden?key=s3cret', 'webhook');
    secret('/services/T0/B0/hidden', 'webhook');
    secret('k3yk3y', 'signing secret');
    for (const notify of [{ webhook: url, secret: 'k3yk3y' }, ['log', { webhook: url, secret: 'k3yk3y' }]]) {
      const { secrets } = read({ a: { when: 'up == 0', notify } }).file;
      for (const each of [url, '/services/T0/B0/hidden?key=s3cret', '/services/T0/B0/hidden', 'k3yk3y']) assert.ok(secrets.includes(each), each);
    }
    for (const notify of [url, { webhook: `ftp${url}` }, { webhook: url, secrt: 'k3yk3y' }, { webhook: 5, secret: ['k3yk3y'] }, [{ webhook: { url } }]]) {
      const shown = read({ a: { when: 'up == 0', notify } }).file.problems.map(formatProblem).join('\n');
      evidence('problem', shown);
      assert.notEqual(shown, '');
      assert.doesNotMatch(shown, /hidden|s3cret|k3yk3y/, shown);
    }
  });

  it('a secret that stands in the file itself is told to the doctor, one from outside is not', () => {
    const alerts = { a: { when: 'up == 0', notify: { webhook: '${env:HOOK_URL}', secret: secret('plain-word', 'signing secret') } }, b: { when: 'up == 0', notify: ['log', { webhook: 'https://example.com/hooks/abc' }] } };
    const { inlineSecrets } = read(alerts, { HOOK_URL: secret('https://example.com/hooks/def', 'webhook') });
    assert.deepEqual(inlineSecrets.map(({ option }) => option), ['alerts.a.notify.secret', 'alerts.b.notify.1.webhook']);
  });
});
