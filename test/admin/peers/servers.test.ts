import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { afterEach, describe, it } from 'node:test';
import type { Peer } from '../../../actors/peer.ts';
import type { DaemonApi } from '../../../src/admin/api.ts';
import type { Holder } from '../../../src/admin/peers/holder.ts';
import { startAdmin } from '../../../src/admin/server.ts';
import type { AdminServer } from '../../../src/admin/server.ts';
import { secret } from '../../support/secrets.ts';
import { idleStatus } from '../../support/status.ts';

const token: string = secret('a-token-that-daemons-share', 'token');
const status = { ...idleStatus, name: 'orders' };

/** Servers that stand for daemons: each has one task, with one key, and knows of the others what they were told of it. */
describe('servers that ask each other', () => {
  const open: AdminServer[] = [];
  const holders: Holder[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((server) => server.close()));
    holders.length = 0;
  });

  async function start(key: string, settings: { readonly token: string | null; readonly host?: string; readonly advertise?: string } = { token }): Promise<AdminServer> {
    const task = `counted-${open.length}`;
    let self: Peer | null = null;
    const api: Partial<DaemonApi> = {
      status: () => [status],
      nodes: () => [{ name: 'counted', kind: 'transform', store: true }],
      store: (_topology, _node, asked) => ({ tasks: asked === key ? [{ task, epoch: 1, entries: [{ key }] }] : [], more: false, looked: [task] }),
      given: () => [task],
      others: () => Promise.resolve(holders.filter(({ peer }) => peer?.id !== self?.id))
    };
    const server = await startAdmin({ host: '127.0.0.1', port: 0, ...settings, api: api as DaemonApi, status: () => [status], metrics: (_, response) => { response.end(); }, redact: (text) => text });
    open.push(server);
    self = server.peer;
    holders.push({ member: task, peer: server.peer, tasks: [task] });
    return server;
  }

  async function ask({ url }: AdminServer, key: string): Promise<{ status: number; daemons: string[]; why: string[] }> {
    const response = await fetch(`${url}/v1/topologies/orders/stores/counted/${encodeURIComponent(key)}`, { headers: { authorization: `Bearer ${token}` } });
    const { tasks = [], unanswered = [] } = (await response.json()) as { tasks?: { daemon: string }[]; unanswered?: { why: string }[] };
    return { status: response.status, daemons: tasks.map(({ daemon }) => daemon), why: unanswered.map(({ why }) => why) };
  }

  for (const [what, key] of [['a token', token], ['none', null]] as const) {
    it(`find each other's keys, with ${what}`, async () => {
      const names = ['a', 'b/ü?&#%.. \'()*!~|^', 'c'];
      const servers = [];
      for (const name of names) servers.push(await start(name, { token: key }));
      for (const server of servers) {
        for (const [index, name] of names.entries()) assert.deepEqual(await ask(server, name), { status: 200, daemons: [servers[index]?.url], why: [] });
        assert.deepEqual(await ask(server, 'nobody'), { status: 404, daemons: [], why: [] });
      }
    });
  }

  it('do not find them with another token, or at an address that is no longer theirs, and say so', async () => {
    const one = await start('a');
    const two = await start('b', { token: secret('a-token-of-its-own-0000', 'token') });
    const { status: code, why } = await ask(one, 'b');
    assert.deepEqual([code, why.length], [503, 1]);
    assert.match(why[0] ?? '', /401.*same token/);
    holders[1] = { member: 'gone', peer: { id: 'of-before', url: two.url }, tasks: ['counted-1'] };
    assert.match((await ask(one, 'b')).why[0] ?? '', /another daemon.*421/);
    await two.close();
    assert.match((await ask(one, 'b')).why[0] ?? '', /nobody answers \(ECONN/);
    assert.deepEqual((await ask(one, 'a')).daemons, [one.url], 'what is here is answered all the same');
  });

  it('are reached where they are bound, at the name of the machine, or where they say', async () => {
    const port = (url: string): string => new URL(url).port;
    const [bound, everywhere, said] = [await start('a'), await start('b', { token, host: '0.0.0.0' }), await start('c', { token, advertise: 'https://millrace.example' })];
    assert.equal(bound.peer.url, bound.url);
    assert.equal(everywhere.peer.url, `http://${hostname()}:${port(everywhere.url)}`);
    assert.equal(said.peer.url, 'https://millrace.example');
    assert.equal(new Set([bound, everywhere, said].map(({ peer }) => peer.id)).size, 3);
  });
});
