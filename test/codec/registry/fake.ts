import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { RegistrySettings } from '../../../src/codec/registry/settings.ts';

/** A registry that says what a test tells it to, and remembers what it was asked. */
export interface FakeRegistry {
  readonly settings: RegistrySettings;
  /** Method, path and body of each request. */
  readonly asked: { readonly line: string; readonly body: string; readonly authorization: string | undefined }[];
  /** What it answers next and from then on. */
  answer: (line: string, body: string) => { readonly status: number; readonly body: unknown };
  close(): Promise<void>;
}

/** Starts one on a free port. */
export async function fakeRegistry(auth: RegistrySettings['auth'] = null): Promise<FakeRegistry> {
  const asked: FakeRegistry['asked'] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const line = `${request.method ?? ''} ${request.url ?? ''}`;
      asked.push({ line, body, authorization: request.headers.authorization });
      const { status, body: answer } = fake.answer(line, body);
      response.writeHead(status, { 'content-type': 'application/json' }).end(typeof answer === 'string' ? answer : JSON.stringify(answer));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const fake: FakeRegistry = {
    settings: { urls: [`http://127.0.0.1:${port}`], auth, tls: null, cache: 10 },
    asked,
    answer: () => ({ status: 404, body: { error_code: 40403, message: 'Schema not found' } }),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    }
  };
  return fake;
}

async function text(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
