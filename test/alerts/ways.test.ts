import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { AlertChange } from '../../actors/alert.ts';
import { runCommand } from '../../src/alerts/command.ts';
import { headersOf, postWebhook, retries } from '../../src/alerts/webhook.ts';
import { emptyFolder } from '../support/scratch.ts';
import { evidence } from '../support/evidence.ts';
import { secret } from '../support/secrets.ts';

const change: AlertChange = { topology: 'orders', alert: 'behind', status: 'firing', when: 'lag_seconds > 60', since: 1000, at: 61_000, values: { lag_seconds: 61.5 } };

describe('a webhook', () => {
  const got: { headers: IncomingHttpHeaders; body: string; url: string }[] = [];
  let answers: number[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => { body += String(part); });
    request.on('end', () => {
      got.push({ headers: request.headers, body, url: request.url ?? '' });
      evidence('webhook', `${JSON.stringify(request.headers)} ${body}`);
      const status = answers.shift() ?? 200;
      response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end();
    });
  });
  let url = '';
  const waits: number[] = [];
  const settings = { now: () => 1_700_000_000_000, wait: (milliseconds: number) => { waits.push(milliseconds); return Promise.resolve(); }, signal: new AbortController().signal };
  const post = (status: number[], more: { secret?: string; url?: string } = {}): Promise<void> => {
    answers = status;
    got.length = 0;
    waits.length = 0;
    return postWebhook({ kind: 'webhook', url: more.url ?? url, secret: more.secret ?? null }, change, settings);
  };
  before(async () => {
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${secret('/hooks/t0ps3cret', 'webhook')}`;
  });
  after(() => server.close());

  it('gets the alert as JSON, signed so that others can check it', async () => {
    await post([200], { secret: secret('k3y-of-tests', 'signing secret') });
    const { headers, body } = got[0] as (typeof got)[number];
    assert.deepEqual(JSON.parse(body), { topology: 'orders', alert: 'behind', status: 'firing', when: 'lag_seconds > 60', since: '1970-01-01T00:00:01.000Z', at: '1970-01-01T00:01:01.000Z', values: { lag_seconds: 61.5 } });
    assert.equal(headers['webhook-timestamp'], '1700000000');
    const signed = createHmac('sha256', 'k3y-of-tests').update(`${String(headers['webhook-id'])}.1700000000.${body}`).digest('base64');
    assert.equal(headers['webhook-signature'], `v1,${signed}`);
    await post([200]);
    assert.equal(got[0]?.headers['webhook-signature'], undefined);
  });

  it("signs as Svix's libraries for Standard Webhooks do, by the example of their manual", () => {
    const headers = headersOf('{"test": 2432232314}', 'msg_p5jXN8AQM9LWM0D4loKWxJek', secret('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'signing secret'), 1_614_265_330_000);
    assert.equal(headers['webhook-signature'], 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });

  it('is tried again while it is in trouble, under one id', async () => {
    await post([500, 429, 503, 204]);
    assert.equal(got.length, 4);
    assert.equal(new Set(got.map(({ headers }) => headers['webhook-id'])).size, 1);
    assert.deepEqual(waits, retries.slice(0, 3));
  });

  it('is given up after the last try, and at once where it says that it will never work', async () => {
    await assert.rejects(post(new Array<number>(20).fill(503)), { message: 'it answers 503, after 8 tries' });
    assert.equal(got.length, 8);
    await assert.rejects(post([404]), { message: 'it answers 404' });
    await assert.rejects(post([302]), { message: 'it answers 302' });
    assert.deepEqual(got.map((each) => each.url), ['/hooks/t0ps3cret'], 'a redirect is not followed');
  });

  it('says why it was not reached, without its address', async () => {
    await assert.rejects(post([], { url: 'http://127.0.0.1:1/hooks/t0ps3cret' }), (error: Error) => {
      assert.match(error.message, /^no answer \(\w+\), after 8 tries$/);
      return true;
    });
  });
});

describe('a command', () => {
  const run = (command: readonly string[], timeout = 5000, signal = new AbortController().signal): Promise<void> => runCommand({ kind: 'command', command, timeout }, change, signal);
  const node = process.execPath;

  it('gets the alert as JSON on its input', async () => {
    const file = join(emptyFolder(), 'alert.json');
    await run([node, '-e', `require('fs').writeFileSync(${JSON.stringify(file)}, require('fs').readFileSync(0))`]);
    const { alert, status } = JSON.parse(readFileSync(file, 'utf8')) as { alert: string; status: string };
    assert.deepEqual([alert, status], ['behind', 'firing']);
  });

  it('may leave its input unread', () => run(['true']));

  it('fails where it is not there, ends badly or takes too long', async () => {
    await assert.rejects(run(['./no-such-program']), /no-such-program cannot be started \(ENOENT\)/);
    await assert.rejects(run(['sh', '-c', 'exit 3']), /sh ended with 3/);
    await assert.rejects(run(['sleep', '30'], 100), /sleep took longer than 0.1 s/);
    await assert.rejects(run(['sleep', '30'], 5000, AbortSignal.timeout(50)), /sleep ended with SIGKILL/);
  });
});
