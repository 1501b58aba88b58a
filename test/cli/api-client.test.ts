import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { UsageError } from '../../src/cli/command.ts';
import { version } from '../../src/cli/version.ts';
import { runCommand } from '../support/command.ts';

/** Answers paths with bodies, and all else with 404. */
async function serving(t: TestContext, bodies: Readonly<Record<string, string>>): Promise<string> {
  const server = createServer(({ url = '' }, response) => {
    response.writeHead(bodies[url] === undefined ? 404 : 200, { connection: 'close' }).end(bodies[url]);
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const refused = (message: RegExp) => (error: unknown): boolean => error instanceof UsageError && message.test(error.message);

describe('a command that asks a daemon', { concurrency: true }, () => {
  it('says both versions where it does not understand the answer of another', async (t) => {
    const topology = { name: 'orders', state: 'running', paused: false, lag: 0, failure: null };
    const url = await serving(t, { '/v1/topologies': JSON.stringify({ topologies: [topology] }), '/v1/openapi.json': '{"info":{"title":"Millrace","version":"0.0.7"}}' });
    await assert.rejects(runCommand('why', 'orders', '--url', url), refused(new RegExp(`^The daemon at ${url} is Millrace 0\\.0\\.7 and this command ${version.replaceAll('.', '\\.')}, which does not understand its answer to /v1/topologies \\(topologies\\.0\\.tasks\\)\\. Use the millrace`)));
  });

  it('says that there is no daemon where something else answers', async (t) => {
    for (const body of ['<html>', '{}', '{"topologies":1}']) {
      const url = await serving(t, { '/v1/topologies': body, '/v1/openapi.json': body });
      await assert.rejects(runCommand('status', '--url', url), refused(new RegExp(`^What answers at ${url} is no daemon of Millrace`)));
    }
  });
});
