import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTopics, embeddedBackend, stateDir } from '../support/backend.ts';
import { UsageError } from '../../src/cli/command.ts';
import { daemonToken } from '../../src/cli/http-token.ts';
import { runCommand } from '../support/command.ts';
import { parseCommandLine } from '../support/containers.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { writeTopology } from '../support/plan.ts';
import { emptyFolder } from '../support/scratch.ts';
import { feedNumbered } from '../support/stream.ts';
import { secret } from '../support/secrets.ts';

const token = secret('only-for-this-test-0123456789', 'token');
const backend = embeddedBackend();
const topics = { in: 'api-in', out: 'api-out', bad: 'api-bad' };
const file = writeTopology(`
name: api
${backend.yaml}
on_error: { dead_letter: api-bad }
alerts:
  far_behind: { when: "lag_records > 1e9" }
sources:
  in: { type: kafka, topic: api-in, start: earliest, codec: json }
transforms:
  marked: { type: map, from: in, set: { seen: "'yes'" } }
  counted: { type: window, from: marked, key: value.key, window: { type: tumbling, size: 1d }, aggregate: { n: count() }, emit: update, late: drop }
sinks:
  out: { type: kafka, from: marked, topic: api-out }
  counts: { type: kafka, from: counted, topic: api-out }
`);

/** A daemon of its own process, asked by the commands and by the API. */
describe('a running daemon', { timeout: 60_000 }, () => {
  let daemon: DaemonProcess;
  let url = '';
  const tokenFile = join(emptyFolder(), 'token');
  const ask = async (path: string, init: RequestInit = {}): Promise<Response> => fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` }, ...init });
  const run = (...[name = '', ...args]: string[]): Promise<string> => runCommand(name, ...args, '--url', url, '--token-file', tokenFile);

  before(async () => {
    writeFileSync(tokenFile, `${token}\n`);
    await backend.use(async (broker) => {
      await createTopics(broker, { name: 'api', topics, yaml: '' }, 2);
      await feedNumbered(broker, topics.in, 500);
    });
    daemon = new DaemonProcess(file, { stateDir: stateDir(), args: ['--http-token-file', tokenFile] });
    await daemon.caughtUp();
    url = await daemon.url();
  });
  after(async () => {
    assert.equal(await daemon.stop(), 0, daemon.output);
    assert.ok(!daemon.output.includes(token));
  });

  it('status says what it did, for people and as data', async () => {
    const stdout = await run('status', 'api');
    assert.match(stdout, /^api: running; \d of \d tasks run/);
    assert.match(stdout, /marked +transform +450 +450/);
    const { topologies } = JSON.parse(await run('status', '--json')) as { topologies: { detail: { nodes: { name: string; counts: { dead_lettered: number } }[] }; progress: { lag: number; partitions: object[] } }[] };
    assert.equal(topologies[0]?.detail.nodes.find(({ name }) => name === 'in')?.counts.dead_lettered, 50);
    assert.equal(topologies[0]?.progress.lag, 0);
    assert.match(await run('top', '--once'), /no_input|source_quiet/);
    assert.match(await run('why', file), /no_input|source_quiet/);
  });

  it('answers state by key with its epoch, and says what it has where the key is not', async () => {
    const answer = (await (await ask('/v1/topologies/api/stores/counted/key-7')).json()) as { tasks: { daemon: string; epoch: number; entries: { key: string; value: unknown; window: object }[] }[]; unanswered: object[] };
    assert.deepEqual([answer.tasks.map(({ daemon: at }) => at), answer.unanswered], [[url], []], JSON.stringify(answer));
    assert.equal(answer.tasks[0]?.entries[0]?.key, 'key-7');
    assert.ok((answer.tasks[0]?.epoch ?? 0) > 0);
    assert.match(JSON.stringify(answer.tasks[0]?.entries[0]?.value), /10/);
    const missing = await ask('/v1/topologies/api/stores/counted/nobody');
    assert.equal(missing.status, 404);
    assert.ok(((await missing.json()) as { looked: string[] }).looked.length > 0);
  });

  it('answers how its alerts stand', async () => {
    const { alerts } = (await (await ask('/v1/topologies/api/alerts')).json()) as { alerts: { name: string; when: string; for_seconds: number; state: string }[] };
    assert.deepEqual(alerts.map(({ name, when, for_seconds: wait, state }) => [name, when, wait, state]), [['far_behind', 'lag_records > 1e9', 60, 'quiet']]);
  });

  it('answers the latest dead letters, and watermarks', async () => {
    const { dead_letters: letters } = (await (await ask('/v1/topologies/api/dead-letters?limit=5')).json()) as { dead_letters: { code: string; node: string; source: { topic: string } }[] };
    assert.deepEqual(letters.map(({ code, node, source }) => [code, node, source.topic]), Array.from({ length: 5 }, () => ['undecodable', 'in', topics.in]));
    const { tasks } = (await (await ask('/v1/topologies/api/watermarks')).json()) as { tasks: { timed: boolean; watermark: number | null; nodes: { node: string; upstream: { here: string }[] }[] }[] };
    assert.ok(tasks.some(({ timed, watermark }) => timed && watermark !== null), JSON.stringify(tasks));
    assert.ok(tasks.some(({ nodes }) => nodes.some(({ upstream }) => upstream.length === 2 && upstream.every(({ here }) => here === 'runs'))), JSON.stringify(tasks));
  });

  it('keeps what it was told: paused, resumed, and the level of its log', async () => {
    const post = async (action: string): Promise<unknown> => (await ask(`/v1/topologies/api/${action}`, { method: 'POST' })).json();
    assert.deepEqual(await post('pause'), { topology: 'api', state: 'running', paused: true });
    assert.match(await run('why', 'api'), /^paused: /);
    assert.deepEqual(await post('resume'), { topology: 'api', state: 'running', paused: false });
    const level = await ask('/v1/log-level', { method: 'PUT', body: '{"level":"warn"}', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' } });
    assert.deepEqual(await level.json(), { level: 'warn' });
  });

  it('asks for its token, and a daemon that others could reach does not start without one', async () => {
    const saying = (pattern: RegExp) => (error: unknown): boolean => error instanceof Error && pattern.test(error.message);
    await assert.rejects(runCommand('tap', 'marked', '--url', url), (error) => error instanceof UsageError && /token/.test(error.message));
    await assert.rejects(runCommand('run', file, '--http', '0.0.0.0:0', '--state-dir', emptyFolder()), saying(/needs a token/));
    const made = join(emptyFolder(), 'made');
    const tokens = await Promise.all([1, 2].map(async () => daemonToken(await parseCommandLine(['run', file, '--http-token-file', made]))));
    assert.deepEqual([tokens[0] === tokens[1], tokens[0]?.length, statSync(made).mode & 0o777], [true, 64, 0o600]);
    secret(tokens[0] as string, 'token');
    writeFileSync(made, secret('short-word', 'token'));
    const named = await parseCommandLine(['run', file, '--http-token-file', made]);
    assert.throws(() => daemonToken(named), (error) => error instanceof UsageError && !error.message.includes('short-word'));
    const password = secret('pass-of-a-url');
    await assert.rejects(runCommand('status', '--url', `http://me:${password}@127.0.0.1:59999`), (error) => error instanceof UsageError && /without a user/.test(error.message) && !error.message.includes(password));
    await assert.rejects(runCommand('status', '--url', 'http://127.0.0.1:59999'), saying(/^No daemon answers at http:\/\/127\.0\.0\.1:59999 \(ECONNREFUSED\)/));
  });
});
