import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, it } from 'node:test';
import type { z } from 'zod';
import type { Peer } from '../../actors/peer.ts';
import { storeAnswer } from '../../src/admin/answers.ts';
import { signForward } from '../../src/admin/peers/signature.ts';
import { kafkaBackend, stateDir } from '../support/backend.ts';
import type { Backend } from '../support/backend.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { kafkaOrSkip, stopSharedKafka } from '../support/kafka.ts';
import { writeTopology } from '../support/plan.ts';
import { emptyFolder } from '../support/scratch.ts';
import { secret } from '../support/secrets.ts';
import { feedNumbered } from '../support/stream.ts';

const token = secret('what-all-daemons-of-this-test-share', 'token');
const name = `owner_${process.pid}`;
const topics = { in: `${name}-in`, out: `${name}-out` };
// Records of every tenth key are broken.
const keys = Array.from({ length: 50 }, (_, index) => `key-${index}`).filter((key) => !key.endsWith('9')).slice(0, 20);
const authorized = { authorization: `Bearer ${token}` };
const pathOf = (key: string): string => `/v1/topologies/${name}/stores/counted/${key}`;

after(stopSharedKafka);

function topologyOn({ yaml }: Backend): string {
  return writeTopology(`
name: ${name}
${yaml}
on_error: { dead_letter: ${topics.out} }
sources:
  in: { type: kafka, topic: ${topics.in}, start: earliest, codec: json }
transforms:
  counted: { type: window, from: in, window: { type: tumbling, size: 365d }, aggregate: { n: count() }, late: drop }
sinks:
  out: { type: kafka, from: counted, topic: ${topics.out} }
`);
}

/** Daemons of one group, with one token. */
class Site {
  readonly #file: string;
  readonly #tokenFile = join(emptyFolder(), 'token');

  constructor(backend: Backend) {
    this.#file = topologyOn(backend);
    writeFileSync(this.#tokenFile, token);
  }

  start(...args: string[]): DaemonProcess {
    return new DaemonProcess(this.#file, { stateDir: stateDir(), args: ['--http-token-file', this.#tokenFile, ...args] });
  }
}

const ask = (daemon: DaemonProcess, key: string, headers: Record<string, string> = authorized): Promise<Response> => daemon.url().then((url) => fetch(url + pathOf(key), { headers }));
const shared = (...daemons: DaemonProcess[]): Promise<unknown> => Promise.all(daemons.map((each) => each.until(({ ready, topologies: [one] }) => ready && one?.tasks.running === 2 && one.lag === 0)));

/** Each key with the one daemon that was found to have it. */
async function owners(daemon: DaemonProcess): Promise<Map<string, string>> {
  const found = await Promise.all(keys.map(async (key): Promise<[string, string]> => {
    const answer: z.infer<typeof storeAnswer> = storeAnswer.parse(await (await ask(daemon, key)).json());
    assert.deepEqual([answer.tasks.length, answer.looked.length, answer.unanswered], [1, 4, []], JSON.stringify(answer));
    assert.match(JSON.stringify(answer.tasks[0]?.entries), new RegExp(`"${key}"`));
    return [key, answer.tasks[0]?.daemon ?? ''];
  }));
  return new Map(found);
}

/** Whoever listens at an address that a member of the group has written, and answers what he likes. */
async function stranger(): Promise<{ readonly url: string; readonly received: string[]; close(): void }> {
  const received: string[] = [];
  const server = createServer((request, response) => {
    received.push(JSON.stringify([request.url, request.rawHeaders]));
    response.end(JSON.stringify({ tasks: [{ task: 'in-0', epoch: 1e9, entries: [{ key: 'forged' }] }], more: false, looked: ['in-0', 'in-1', 'in-2', 'in-3'] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received, close: () => { server.close(); } };
}

it('state by key is found through any daemon of a group, from the one that has it, and who is not heard is named', { timeout: 120_000 }, async (t) => {
  const kafka = await kafkaOrSkip(t);
  if (kafka === null) return;
  const backend = kafkaBackend(kafka.brokers);
  await backend.use(async (broker) => {
    await broker.createTopics(Object.values(topics).map((topic) => ({ topic, partitions: 4 })));
    await feedNumbered(broker, topics.in, 500);
  });
  const site = new Site(backend);
  const [one, two] = [site.start(), site.start()];
  await shared(one, two);
  const urls = [await one.url(), await two.url()];

  const byOne = await owners(one);
  assert.deepEqual(byOne, await owners(two), 'the same daemons, whoever is asked');
  assert.deepEqual([...new Set(byOne.values())].toSorted(), urls.toSorted(), 'both have some');
  for (const daemon of [one, two]) {
    assert.equal((await ask(daemon, 'nobody')).status, 404);
    assert.equal((await ask(daemon, 'key-1', { authorization: 'Bearer another-token-than-that' })).status, 401);
  }
  const peer = (await backend.use((broker) => broker.groupMembers(name))).map((member) => member.peer).find((each): each is Peer => each?.url === urls[1]);
  assert.ok(peer !== undefined);
  const elsewhere = keys.find((key) => byOne.get(key) === urls[0]) ?? '';
  await forwarded(two, peer, elsewhere);

  const theirs = keys.find((key) => byOne.get(key) === urls[1]) ?? '';
  two.child.kill('SIGSTOP');
  const silent = await ask(one, theirs);
  assert.equal(silent.status, 503);
  const { detail, unanswered } = (await silent.json()) as { detail: string; unanswered: z.infer<typeof storeAnswer>['unanswered'] };
  assert.match(detail, /does not answer within 2 s/);
  assert.deepEqual(unanswered.map(({ daemon }) => daemon), [urls[1]]);
  const partly = storeAnswer.parse(await (await ask(one, elsewhere)).json());
  assert.deepEqual([partly.tasks.map(({ daemon }) => daemon), partly.unanswered.map(({ daemon }) => daemon)], [[urls[0]], [urls[1]]], 'what is here is answered all the same');
  two.child.kill('SIGCONT');
  await two.stop();

  const other = await stranger();
  const three = site.start('--http-advertise', other.url);
  await shared(one, three);
  const through = await Promise.all(keys.map(async (key) => (await ask(one, key)).text()));
  assert.ok(through.some((text) => text.includes('"status":503') && text.includes(other.url) && text.includes('not signed')), through.join(''));
  assert.ok(!through.join('').includes('forged'));
  assert.ok(other.received.length >= keys.length && other.received.every((text) => text.includes('millrace-signature') && !text.includes(token) && !/authorization/i.test(text)));
  other.close();
  assert.deepEqual(await Promise.all([one.stop(), three.stop()]), [0, 0]);
});

/** As another daemon would ask: answered with what is there, and only where it is signed for that daemon. */
async function forwarded(daemon: DaemonProcess, to: Peer, elsewhere: string): Promise<void> {
  const time = Date.now();
  const signature = signForward({ method: 'GET', path: pathOf(elsewhere), to, time }, token);
  const headers = { 'millrace-to': to.id, 'millrace-time': String(time), 'millrace-signature': signature };
  const own = await ask(daemon, elsewhere, headers);
  assert.equal(own.status, 200);
  assert.deepEqual(((await own.json()) as { tasks: object[] }).tasks, [], 'it goes no further');
  assert.equal((await ask(daemon, 'another', headers)).status, 401, 'for another key');
  assert.equal((await ask(daemon, elsewhere, { ...headers, 'millrace-to': 'somebody-else' })).status, 421);
  assert.equal((await ask(daemon, elsewhere, { ...headers, 'millrace-signature': `${signature.startsWith('0') ? '1' : '0'}${signature.slice(1)}` })).status, 401);
  assert.equal((await ask(daemon, elsewhere, { ...headers, ...authorized, 'millrace-signature': '' })).status, 401, 'the token is no signature');
}
