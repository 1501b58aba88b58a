import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { Failure } from '../../actors/failure.ts';
import { guard } from './guard.ts';
import type { Accepted } from './peers/accept.ts';
import { peerHeaders } from './peers/headers.ts';
import { Problem, problemBody, setSafeHeaders } from './problem.ts';
import { redactValues } from './redact-values.ts';
import { createRouter } from './router.ts';
import type { Found } from './router.ts';
import type { Route } from './routes.ts';

/** What answers are made with. */
export interface HandlerSettings {
  /** The address the server listens at. */
  readonly host: string;
  readonly routes: readonly Route[];
  /** Whether a request has the token; null where none is set. */
  readonly hasToken: ((request: IncomingMessage) => boolean) | null;
  /** A request of another daemon; null for anybody else's. Throws a `Problem` where it is refused. */
  readonly accept: (request: IncomingMessage) => Accepted | null;
  readonly redact: (text: string) => string;
}

/** Largest body that is read, in bytes, and longest time for it, in milliseconds. */
const body = { bytes: 4096, milliseconds: 5000 };

/** Answers requests by the routes; whatever goes wrong becomes a problem+json, and none of it ends the process. */
export function createHandler(settings: HandlerSettings): (request: IncomingMessage, response: ServerResponse) => void {
  const find = createRouter(settings.routes);
  return (request, response) => {
    setSafeHeaders(response);
    answer(request, response, find, settings).catch((error: unknown) => { refuse(response, asProblem(error), settings); });
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, find: (method: string, path: string) => Found, settings: HandlerSettings): Promise<void> {
  guard(request, settings);
  const url = new URL(`http://localhost${request.url ?? '/'}`);
  const { route, params } = find(request.method ?? '', url.pathname);
  const forward = route.forwards === true ? settings.accept(request) : null;
  if (route.access !== 'open' && forward === null && settings.hasToken !== null && !settings.hasToken(request)) {
    response.setHeader('www-authenticate', 'Bearer realm="millrace"');
    throw new Problem(401, 'Data and changes need the token: Authorization: Bearer TOKEN.');
  }
  const given = route.body === undefined ? undefined : parse(await readBody(request), route.body);
  const result = await route.handle({ params, query: url.searchParams, body: given, request, response, forwarded: forward !== null });
  if (result === undefined) return;
  const text = textOf(redactValues(result, settings.redact));
  const signature = forward?.sign(text) ?? null;
  if (signature !== null) response.setHeader(peerHeaders.signature, signature);
  send(response, 200, 'application/json', text);
}

/** The text of a body; refused where it is none of JSON, too long or too slow. */
async function readBody(request: IncomingMessage): Promise<string> {
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) throw new Problem(415, 'Expected Content-Type: application/json.');
  const timer = setTimeout(() => request.destroy(), body.milliseconds);
  try {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > body.bytes) throw new Problem(413, `Expected a body of at most ${body.bytes} bytes.`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString();
  } finally {
    clearTimeout(timer);
  }
}

function parse(text: string, schema: z.ZodType): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Problem(400, 'The body is not JSON.');
  }
  const checked = schema.safeParse(value);
  if (checked.success) return checked.data;
  throw new Problem(400, z.prettifyError(checked.error).slice(0, 500));
}

/** A failure of the broker is the broker's; anything else that was not foreseen is told without what is inside. */
function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof Failure) return new Problem(503, error.message, { code: error.code, remedy: error.remedy });
  return new Problem(500, 'An error in Millrace itself.');
}

function refuse(response: ServerResponse, problem: Problem, { redact }: HandlerSettings): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const { allow } = problem.more;
  if (Array.isArray(allow)) response.setHeader('allow', allow.join(', '));
  // What is left of a body is not read.
  response.setHeader('connection', 'close');
  json(response, problem.status, 'application/problem+json', redactValues(problemBody(problem), redact));
}

/** Writes an answer of JSON. */
export function json(response: ServerResponse, status: number, type: string, value: unknown): void {
  send(response, status, type, textOf(value));
}

function textOf(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

function send(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { 'content-type': `${type}; charset=utf-8` });
  response.end(text);
}
