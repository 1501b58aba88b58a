import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a token server is asked, as far as tests look at it. */
export interface TokenRequest {
  readonly authorization: string;
  readonly form: URLSearchParams;
}

/** A token endpoint (RFC 6749) that answers as it is told. */
export class TokenServer {
  readonly requests: TokenRequest[] = [];
  /** What is answered from now on. */
  answer: (request: TokenRequest, response: ServerResponse) => void;
  readonly #server: Server;

  private constructor(server: Server, answer: TokenServer['answer']) {
    this.#server = server;
    this.answer = answer;
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
        const asked = { authorization: request.headers.authorization ?? '', form: new URLSearchParams(Buffer.concat(chunks).toString()) };
        this.requests.push(asked);
        this.answer(asked, response);
      });
    });
  }

  /** Listens on a free port; `server` is for one with TLS. */
  static async listen(answer: TokenServer['answer'], server: Server = createServer()): Promise<TokenServer> {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TokenServer(server, answer);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

/** Answers with JSON. */
export function json(response: ServerResponse, status: number, content: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(content));
}
