import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A collector that takes spans and forgets them. */
export interface TraceCollector {
  /** A daemon's environment, with where it is. */
  env(more: Readonly<Record<string, string>>): Readonly<Record<string, string>>;
  stop(): void;
}

/** Starts one; it costs this process next to nothing, so that what is measured is the daemon. */
export async function traceCollector(): Promise<TraceCollector> {
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    env: (more) => ({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`, ...more }),
    stop() {
      server.closeAllConnections();
      server.close();
    }
  };
}
