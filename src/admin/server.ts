import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { z } from 'zod';
import type { Peer } from '../../actors/peer.ts';
import type { TopologyStatus } from '../../actors/status.ts';
import type { DaemonApi } from './api.ts';
import { createHandler, json } from './handle.ts';
import { readiness } from './health.ts';
import { openApi } from './openapi.ts';
import { acceptForward } from './peers/accept.ts';
import type { Accepted } from './peers/accept.ts';
import { Rates } from './rates.ts';
import { redactValues } from './redact-values.ts';
import type { Route } from './routes.ts';
import { tokenCheck } from './token.ts';
import { v1Routes } from './v1-routes.ts';

/** Where the server listens and what it shows. */
export interface AdminSettings {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** For data and changes; null where none is asked for. */
  readonly token?: string | null;
  /** An http address at which other daemons reach this one, without a slash at the end; null takes the one it is bound to. */
  readonly advertise?: string | null;
  /** What the document says of itself. */
  readonly version?: string;
  status(): readonly TopologyStatus[];
  metrics(request: IncomingMessage, response: ServerResponse): void;
  /** Takes secrets out of a text. */
  redact(text: string): string;
  /** What `/v1` stands on; null for probes and metrics alone. */
  readonly api?: DaemonApi | null;
}

/** The probes, metrics and API of a daemon. */
export interface AdminServer {
  readonly url: string;
  /** How other daemons reach it. */
  readonly peer: Peer;
  close(): Promise<void>;
}

/** Milliseconds between two looks, for rates. */
const lookInterval = 1000;

/** Bounds of a server that anybody on its network may talk to: bytes of headers, connections, requests on one, and milliseconds for headers, a whole request, and quiet. */
const limits = { maxHeaderSize: 8192, connections: 64, requestsPerSocket: 1000, headersTimeout: 5000, requestTimeout: 10_000, keepAliveTimeout: 5000 };

/** Starts it; rejects when the address is taken. */
export async function startAdmin(settings: AdminSettings): Promise<AdminServer> {
  const { api = null, token = null } = settings;
  const rates = new Rates();
  // Nobody asks before it listens.
  let self: Peer = { id: randomUUID(), url: '' };
  const accept = (request: IncomingMessage): Accepted | null => acceptForward(request, { self, token, now: Date.now() });
  const handler = createHandler({ host: settings.host, routes: routesOf(settings, rates, () => self), accept, hasToken: token === null ? null : tokenCheck(token), redact: (text) => settings.redact(text) });
  const { maxHeaderSize, headersTimeout, requestTimeout, keepAliveTimeout } = limits;
  const server = createServer({ maxHeaderSize, headersTimeout, requestTimeout, keepAliveTimeout, connectionsCheckingInterval: 1000 }, handler);
  server.maxConnections = limits.connections;
  server.maxRequestsPerSocket = limits.requestsPerSocket;
  await listen(server, settings);
  const looking = api === null ? null : setInterval(() => { rates.look(api.status(), Date.now()); }, lookInterval).unref();
  const { address, port } = server.address() as AddressInfo;
  self = { ...self, url: settings.advertise ?? urlOf(address === '0.0.0.0' || address === '::' ? hostname() : address, port) };
  return {
    url: urlOf(address, port),
    peer: self,
    close: () =>
      new Promise((resolve) => {
        if (looking !== null) clearInterval(looking);
        server.close(() => { resolve(); });
        server.closeAllConnections();
      })
  };
}

function urlOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function listen(server: Server, { host, port }: AdminSettings): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function routesOf(settings: AdminSettings, rates: Rates, self: () => Peer): Route[] {
  const { api = null, token = null, version = '0' } = settings;
  const routes: Route[] = [...probes(settings)];
  if (api !== null) routes.push(...v1Routes({ api, rates, peers: { self, token, now: () => Date.now() }, redact: (text) => settings.redact(text), document: () => openApi(routes, version) }));
  return routes;
}

function probes(settings: AdminSettings): Route[] {
  const anything = z.looseObject({});
  return [
    { method: 'GET', path: '/livez', access: 'open', summary: 'Whether the process answers.', answers: anything, problems: [], handle: () => ({ alive: true }) },
    {
      method: 'GET', path: '/readyz', access: 'open', summary: 'Whether every topology runs with all its tasks; 503 where one does not.', answers: anything, problems: [503],
      handle({ response }) {
        const { ok, body } = readiness(settings.status());
        json(response, ok ? 200 : 503, 'application/json', redactValues(body, (text) => settings.redact(text)));
      }
    },
    {
      method: 'GET', path: '/metrics', access: 'open', summary: 'Metrics in the text format of Prometheus.', streams: 'text/plain', problems: [],
      handle({ request, response }) {
        settings.metrics(request, response);
      }
    }
  ];
}
