import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { processSecrets } from '../../src/cli/process-secrets.ts';
import { parseCommandLine } from '../support/containers.ts';
import { emptyFolder } from '../support/scratch.ts';
import { secret } from '../support/secrets.ts';

it('a daemon keeps to itself its token, what collectors are told, and what its clients find in the environment', async () => {
  const token = secret('token-of-a-daemon-0123', 'token');
  const [url, header, cloud, session, database] = [secret('pass-of-traces'), secret('key-of-metrics', 'header'), secret('cloud-key-of-tests', 'cloud key'), secret('session-of-tests', 'cloud key'), secret('pg-pass-of-tests')];
  const file = join(emptyFolder(), 'token');
  writeFileSync(file, token);
  const args = await parseCommandLine(['run', 'x.yaml', '--http-token-file', file, '--traces', `http://me:${url}@127.0.0.1:4318`]);
  const env = { OTEL_EXPORTER_OTLP_METRICS_HEADERS: `key=${header}`, AWS_SECRET_ACCESS_KEY: cloud, AWS_SESSION_TOKEN: session, PGPASSWORD: database, HOME: '/root' };
  assert.deepEqual(processSecrets(args, env), [token, header, url, Buffer.from(`me:${url}`).toString('base64'), cloud, session, database]);
  assert.deepEqual(processSecrets(await parseCommandLine(['run', 'x.yaml']), { PGPASSWORD: 'abc' }), []);
});
