import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { askPeer } from '../../../src/admin/peers/ask.ts';
import type { PeerAnswer } from '../../../src/admin/peers/ask.ts';
import { signAnswer } from '../../../src/admin/peers/signature.ts';
import { secret } from '../../support/secrets.ts';

const token = secret('a-token-that-daemons-share', 'token');
const path = '/v1/topologies/orders/stores/counted/a?limit=100';
const body = JSON.stringify({ tasks: [{ task: 'in-0', epoch: 3, entries: [{ key: 'a', value: 1 }] }], more: false, looked: ['in-0'] });

/** Somebody who listens at an address that a member of the group has written. */
describe('another daemon that is asked', () => {
  let answer: (request: IncomingMessage, response: ServerResponse) => void = (_, response) => { response.end(); };
  const received: string[] = [];
  const server = createServer((request, response) => {
    received.push(JSON.stringify([request.method, request.url, request.rawHeaders]));
    answer(request, response);
  });
  let to = { id: 'one', url: '' };
  const ask = (key: string | null = token, bytes = 1e9): Promise<PeerAnswer> => askPeer(to, path, { bytes }, { token: key, now: () => 1000 });
  const why = async (call: typeof answer, key?: string | null, bytes?: number): Promise<string> => {
    answer = call;
    const got = await ask(key, bytes);
    return 'why' in got ? got.why : 'it answered';
  };
  const signed = ({ headers }: IncomingMessage, response: ServerResponse, text = body): void => {
    response.setHeader('millrace-signature', signAnswer(text, headers['millrace-signature'] as string, token));
    response.end(text);
  };

  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    to = { ...to, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  });
  after(() => {
    server.close();
    server.closeAllConnections();
  });

  it('is believed where its answer is signed', async () => {
    answer = signed;
    assert.deepEqual(await ask(), { own: JSON.parse(body) as unknown });
  });

  it('is not believed otherwise, and what is wrong is told in words of our own', async () => {
    for (const [call, expected] of [
      [(_: IncomingMessage, response: ServerResponse) => { response.end(body); }, /not signed/],
      [(request: IncomingMessage, response: ServerResponse) => { signed(request, response, 'none of JSON'); }, /none of a daemon/],
      [(request: IncomingMessage, response: ServerResponse) => { signed(request, response, '{"tasks":[{"task":1}]}'); }, /none of a daemon/],
      [(_: IncomingMessage, response: ServerResponse) => { response.writeHead(401).end('their words'); }, /same token/],
      [(_: IncomingMessage, response: ServerResponse) => { response.writeHead(421).end('their words'); }, /another daemon/],
      [(_: IncomingMessage, response: ServerResponse) => { response.writeHead(404).end('their words'); }, /404/],
      [(_: IncomingMessage, response: ServerResponse) => { response.writeHead(302, { location: `${to.url}/elsewhere` }).end(); }, /redirects/],
      [(_: IncomingMessage, response: ServerResponse) => { response.writeHead(500).end('their words'); }, /^it answers 500$/],
      [(request: IncomingMessage) => { request.socket.destroy(); }, /nobody answers/]
    ] as const) assert.match(await why(call), expected);
    assert.ok(received.every((each) => !each.includes('/elsewhere')), 'no redirect is followed');
    assert.match(await why((_, response) => { response.end(`"${'x'.repeat(9e6)}"`); }), /too large/);
    assert.match(await why(signed, token, 50), /too large/, 'of all answers together');
  });

  it('is given up after two seconds, in the middle of its answer too', async () => {
    answer = (_, response) => { if (received.length % 2 === 0) response.write('{'); };
    const got = await Promise.all([ask(), ask()]);
    assert.deepEqual(got, [{ why: 'it does not answer within 2 s' }, { why: 'it does not answer within 2 s' }]);
  });

  it('is asked over eight connections at most', async () => {
    let [open, most] = [0, 0];
    answer = (request, response) => {
      most = Math.max(most, (open += 1));
      setTimeout(() => {
        open -= 1;
        signed(request, response);
      }, 5);
    };
    const got = await Promise.all(Array.from({ length: 30 }, () => ask()));
    assert.ok(got.every((each) => 'own' in each));
    assert.equal(most, 8);
  });

  it('gets the path, its id, a time and a signature, and never the token', () => {
    assert.ok(received.length > 10);
    for (const each of received) assert.ok(!each.includes(token) && !/authorization/i.test(each), each);
    assert.match(received[0] ?? '', /millrace-to.*one.*millrace-time.*1000.*millrace-signature.*[0-9a-f]{64}/);
  });

  it('needs no signature where there is no token', async () => {
    answer = (request, response) => { response.end(request.headers['millrace-signature'] === undefined ? body : '{}'); };
    assert.deepEqual(await ask(null), { own: JSON.parse(body) as unknown });
  });
});
