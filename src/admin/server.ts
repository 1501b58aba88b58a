import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TopologyStatus } from '../../actors/status.ts';
import { readiness } from './health.ts';

/** Where the server listens and what it shows. */
export interface AdminSettings {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  status(): readonly TopologyStatus[];
  metrics(request: IncomingMessage, response: ServerResponse): void;
  /** Takes secrets out of a text. */
  redact(text: string): string;
}

/** The probes and metrics of a daemon. */
export interface AdminServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Starts it; rejects when the address is taken. */
export async function startAdmin(settings: AdminSettings): Promise<AdminServer> {
  const server = createServer((request, response) => { answer(request, response, settings); });
  server.keepAliveTimeout = 5000;
  await listen(server, settings);
  const { address, port } = server.address() as AddressInfo;
  return {
    url: `http://${address.includes(':') ? `[${address}]` : address}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => { resolve(); });
        server.closeAllConnections();
      })
  };
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

function answer(request: IncomingMessage, response: ServerResponse, settings: AdminSettings): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    json(response, 405, { error: 'Only GET and HEAD are answered here.' });
    return;
  }
  switch (new URL(request.url ?? '/', 'http://localhost').pathname) {
    case '/livez':
      json(response, 200, { alive: true });
      return;
    case '/readyz': {
      const { ok, body } = readiness(settings.status());
      json(response, ok ? 200 : 503, JSON.parse(settings.redact(JSON.stringify(body))));
      return;
    }
    case '/metrics':
      settings.metrics(request, response);
      return;
    default:
      json(response, 404, { error: 'Not found. There are /livez, /readyz and /metrics.' });
  }
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  response.end(`${JSON.stringify(body)}\n`);
}
