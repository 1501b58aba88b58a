import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { noCounts } from '../../actors/accounting.ts';
import type { NodeStatus, TopologyStatus } from '../../actors/status.ts';
import type { DaemonApi, TappedRecord } from '../../src/admin/api.ts';
import { startAdmin } from '../../src/admin/server.ts';
import type { AdminServer } from '../../src/admin/server.ts';
import { secret as noted } from '../support/secrets.ts';

const token = noted('a-token-of-twenty-letters', 'token');
const secret = noted('s3cr3t-"quoted"');

const noNode = (name: string, kind: NodeStatus['kind']): NodeStatus => ({ name, kind, counts: noCounts() });

const status: TopologyStatus = {
  name: 'orders',
  state: 'running',
  failure: { code: 'broker_unavailable', message: `away from ${secret}`, remedy: 'wait' },
  tasks: { assigned: 1, running: 1 },
  nodes: [noNode('in', 'source'), noNode('counted', 'transform'), noNode('out', 'sink')],
  partitions: [{ topic: 'o', partition: 0, position: 10, end: 15, lag: 5, lagSeconds: null }],
  lag: 5,
  restores: [{ task: 'in-0', done: 1, total: 2, secondsLeft: null }],
  tables: [{ name: 'users', type: 'kafka', ready: true, rows: 3, bytes: 1, current: 0, trouble: null }],
  measured: { processing: [], latency: [], edges: [], stores: [], watermarks: [] },
  checkpoints: 1,
  lastCheckpoint: { at: Date.now(), times: { prepare: 1, write: 2, commit: 3, apply: 4 } }
};

/** A daemon that remembers what it was told. */
class FakeDaemon implements DaemonApi {
  isPaused = false;
  drained = 0;
  level: ReturnType<DaemonApi['logLevel']> = 'info';
  listener: ((record: () => TappedRecord) => void) | null = null;
  status(): TopologyStatus[] {
    return [status];
  }
  paused(): boolean {
    return this.isPaused;
  }
  tasks(): ReturnType<DaemonApi['tasks']> {
    return [{ task: 'in-0', running: true, trouble: null }];
  }
  nodes(): ReturnType<DaemonApi['nodes']> {
    return [{ name: 'in', kind: 'source', store: false }, { name: 'counted', kind: 'transform', store: true }];
  }
  watermarks(): ReturnType<DaemonApi['watermarks']> {
    const input = { topic: 'o', partition: 0, node: 'in', watermark: 1, lag: 5, quiet_seconds: 1, idle_after_seconds: null, idle: false, internal: false };
    const upstream = [{ input: 0, task: 'in-0', watermark: null, idle: false, here: 'runs', heard: true } as const];
    return Promise.resolve({ topology: 'orders', tasks: [{ task: 'in-0', sub_topology: 'in', timed: true, epoch: 4, watermark: 1, inputs: [input], nodes: [{ node: 'counted', watermark: 1, upstream }] }] });
  }
  graph(): unknown {
    return { topologies: [{ name: 'orders', parts: [] }], topics: [], edges: [] };
  }
  store(_topology: string, _node: string, key: string): ReturnType<DaemonApi['store']> {
    const tasks = key === 'a' ? [{ task: 'in-0', epoch: 4, entries: [{ key, value: { of: secret, big: 12n } }] }] : [];
    return { tasks, more: false, looked: ['in-0'] };
  }
  alerts(): ReturnType<DaemonApi['alerts']> {
    return [{ topology: 'orders', alert: 'behind', state: 'pending', since: 1000, when: 'lag_records > 1', for: 60_000, values: { lag_records: Infinity }, broken: false }];
  }
  given(): string[] {
    return ['in-0'];
  }
  others(): ReturnType<DaemonApi['others']> {
    return Promise.resolve([]);
  }
  deadLetters(): ReturnType<DaemonApi['deadLetters']> {
    const letter = { topic: 'bad', partition: 0, offset: 3, time: '2026-11-27T00:00:00.000Z', code: 'undecodable', node: 'in', message: secret, tries: 0, source: null, key: null, value: '{', truncated: false };
    return Promise.resolve({ topology: 'orders', topics: ['bad'], dead_letters: [letter] });
  }
  pause(): void {
    this.isPaused = true;
  }
  resume(): void {
    this.isPaused = false;
  }
  drain(): void {
    this.drained += 1;
  }
  logLevel(): ReturnType<DaemonApi['logLevel']> {
    return this.level;
  }
  setLogLevel(level: ReturnType<DaemonApi['logLevel']>): void {
    this.level = level;
  }
  tap(_topology: string, _node: string, listener: (record: () => TappedRecord) => void): () => void {
    this.listener = listener;
    return () => { this.listener = null; };
  }
}

interface Operation {
  readonly security: readonly object[];
  readonly requestBody?: object;
  readonly responses: Readonly<Record<string, { readonly content: Readonly<Record<string, { readonly schema?: object }>> }>>;
}
interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: { readonly Problem: object } };
}

const settings = (api: DaemonApi): Parameters<typeof startAdmin>[0] => ({
  host: '127.0.0.1', port: 0, token, api, status: () => api.status(),
  metrics: (_, response) => { response.end('millrace_up 1\n'); },
  redact: (text) => text.replaceAll(secret, '[redacted]')
});

/** A request with headers that fetch does not let one set. */
function raw(url: string, headers: Record<string, string>, method = 'GET', body = ''): Promise<{ status: number; text: string; headers: NodeJS.Dict<string | string[]> }> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, headers, setHost: false }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => { resolve({ status: response.statusCode ?? 0, text, headers: response.headers }); });
    });
    asked.once('error', reject);
    asked.end(body);
  });
}

describe('the API', () => {
  const daemon = new FakeDaemon();
  let admin: AdminServer;
  let document: Document;
  const authorized = { authorization: `Bearer ${token}` };
  const at = (path: string): string => admin.url + path.replace('{name}', 'orders').replace('{node}', 'counted').replace('{key}', 'a');
  const ask = (path: string, init: RequestInit = {}): Promise<Response> => fetch(at(path), { headers: authorized, ...init });

  before(async () => {
    admin = await startAdmin(settings(daemon));
    document = (await (await fetch(`${admin.url}/v1/openapi.json`)).json()) as Document;
  });
  after(() => admin.close());

  it('has a document of which every operation answers as it says, redacted', async () => {
    assert.equal(document.openapi, '3.1.0');
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    let operations = 0;
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, { responses, requestBody }] of Object.entries(methods)) {
        operations += 1;
        const stop = new AbortController();
        const init = requestBody === undefined ? {} : { body: '{"level":"debug"}', headers: { ...authorized, 'content-type': 'application/json' } };
        const response = await ask(path, { method: method.toUpperCase(), signal: stop.signal, ...init });
        assert.equal(response.status, 200, `${method} ${path}`);
        const [type = '', { schema = undefined } = {}] = Object.entries(responses['200']?.content ?? {})[0] ?? [];
        assert.ok(response.headers.get('content-type')?.startsWith(type) === true || type === 'text/plain', `${method} ${path}: ${response.headers.get('content-type') ?? ''}`);
        assert.equal(response.headers.get('access-control-allow-origin'), null);
        assert.match(response.headers.get('content-security-policy') ?? '', /default-src 'none'/);
        if (type === 'text/event-stream') stop.abort();
        else {
          const text = await response.text();
          assert.ok(!text.includes('s3cr3t'), text);
          if (schema !== undefined) assert.ok(ajv.validate(schema, JSON.parse(text)), `${method} ${path}: ${ajv.errorsText()} ${text}`);
        }
      }
    }
    assert.equal(operations, 18);
    assert.deepEqual([daemon.level, daemon.drained, daemon.isPaused], ['debug', 1, false]);
  });

  it('asks for the token for data and changes, and for nothing else', async () => {
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, { security }] of Object.entries(methods)) {
        for (const headers of [{}, { authorization: 'Bearer wrong' }, { authorization: `Basic ${token}` }, { authorization: `Bearer ${token}x` }]) {
          const response = await fetch(at(path), { method: method.toUpperCase(), headers });
          await response.body?.cancel();
          const wanted = security.length > 0 ? 401 : 200;
          assert.equal(response.status, wanted, `${method} ${path}`);
        }
      }
    }
    assert.equal(daemon.drained, 1);
  });

  it('refuses in problem+json, by the schema of its document', async () => {
    const ajv = new Ajv2020({ strict: false });
    const json = { ...authorized, 'content-type': 'application/json' };
    const cases: readonly (readonly [number, string, RequestInit?])[] = [
      [404, '/nowhere'], [404, '/v1/topologies/nobody'], [404, '/v1/topologies/{name}/tap/nobody'], [404, '/v1/topologies/{name}/stores/in/a'], [404, '/v1/topologies/{name}/stores/counted/b'],
      [405, '/v1/topologies/{name}/pause'], [405, '/livez', { method: 'DELETE' }], [400, '/v1/topologies/%zz'], [400, '/v1/topologies/{name}/dead-letters?limit=0'], [400, '/v1/topologies/{name}/tap/{node}?rate=101'],
      [415, '/v1/log-level', { method: 'PUT', body: '{}' }], [400, '/v1/log-level', { method: 'PUT', body: '{', headers: json }], [400, '/v1/log-level', { method: 'PUT', body: '{"level":"loud"}', headers: json }], [413, '/v1/log-level', { method: 'PUT', body: `"${'x'.repeat(5000)}"`, headers: json }]
    ];
    for (const [code, path, init] of cases) {
      const response = await ask(path, init);
      assert.equal(response.status, code, path);
      assert.equal(response.headers.get('content-type'), 'application/problem+json; charset=utf-8');
      const body = (await response.json()) as { status: number };
      assert.ok(ajv.validate(document.components.schemas.Problem, body));
      assert.equal(body.status, code);
    }
    assert.equal((await ask('/v1/topologies', { method: 'HEAD' })).status, 200);
  });

  it('answers no page of another origin, and on loopback no name of another machine', async () => {
    const { port } = new URL(admin.url);
    const host = `127.0.0.1:${port}`;
    const url = at('/v1/topologies');
    for (const [headers, wanted] of [
      [{ host: 'evil.example' }, 421], [{ host: `evil.example:${port}` }, 421], [{ host: '127.0.0.1.evil.example' }, 421], [{}, 400],
      [{ host, origin: 'https://evil.example' }, 403], [{ host, origin: 'null' }, 403], [{ host, 'sec-fetch-site': 'cross-site' }, 403],
      [{ host }, 200], [{ host: `localhost:${port}` }, 200], [{ host: '[::1]' }, 200], [{ host, origin: `http://${host}` }, 200], [{ host, 'sec-fetch-site': 'none' }, 200]
    ] as const) {
      assert.equal((await raw(url, headers)).status, wanted, JSON.stringify(headers));
    }
    // A page may send a POST without being allowed to read its answer.
    assert.equal((await raw(at('/v1/topologies/{name}/drain'), { host, ...authorized, origin: 'https://evil.example' }, 'POST')).status, 403);
    assert.equal(daemon.drained, 1);
  });

  it('refuses headers that are too large', async () => {
    assert.equal((await raw(at('/livez'), { host: '127.0.0.1', 'x-long': 'x'.repeat(10_000) })).status, 431);
  });

  it('taps a sample, at most as many a second as asked for, and says how many it left out', async () => {
    const stop = new AbortController();
    const response = await ask('/v1/topologies/{name}/tap/{node}?rate=3', { signal: stop.signal });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    let made = 0;
    for (let index = 0; index < 1000; index += 1) {
      daemon.listener?.(() => {
        made += 1;
        return { topic: 'o', partition: 0, offset: index, time: 1, key: secret, value: '{}' };
      });
    }
    assert.equal(made, 3, 'nothing is made of records that are left out');
    let text = '';
    while (!text.includes('event: dropped')) text += Buffer.from((await reader.read()).value ?? []).toString();
    assert.equal(text.match(/event: record\n/g)?.length, 3);
    assert.match(text, /event: dropped\ndata: \{"records":997\}/);
    assert.ok(text.includes('[redacted]') && !text.includes('s3cr3t'));
    stop.abort();
    while (daemon.listener !== null) await new Promise((resolve) => setTimeout(resolve, 5));
  });

  it('has a bound on taps', async () => {
    const stop = new AbortController();
    const all = await Promise.all(Array.from({ length: 9 }, () => ask('/v1/topologies/{name}/tap/{node}', { signal: stop.signal })));
    assert.deepEqual(all.map(({ status: code }) => code).toSorted(), [...Array.from({ length: 8 }, () => 200), 429]);
    stop.abort();
  });
});
