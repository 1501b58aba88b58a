import { z } from 'zod';
import type { Arguments, OptionHelp } from './command.ts';
import { UsageError } from './command.ts';
import { Failure } from '../../actors/failure.ts';
import { httpToken } from './http-token.ts';
import { version } from './version.ts';

/** Options of all commands that ask a daemon. */
export const clientOptions: readonly OptionHelp[] = [
  { name: 'url', value: 'URL', summary: 'Where the daemon serves HTTP.', default: 'http://127.0.0.1:7171' },
  { name: 'token-file', value: 'FILE', summary: "File with the daemon's token, where it has one; or MILLRACE_HTTP_TOKEN." }
];

/** Asks the API of a daemon. */
export interface ApiClient {
  get<T>(path: string, schema: z.ZodType<T>): Promise<T>;
  /** The events of a stream, until it ends or the signal aborts it. */
  events(path: string, signal: AbortSignal): AsyncGenerator<{ readonly event: string; readonly data: unknown }>;
}

/** Longest wait for an answer, in milliseconds. */
const patience = 15_000;

/** A client by the options of a command. */
export function apiClient(args: Arguments): ApiClient {
  const base = baseOf(args.text('url') as string);
  const token = httpToken(args, 'token-file');
  const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
  return {
    async get(path, schema) {
      const response = await ask(base, path, { headers, signal: AbortSignal.timeout(patience) });
      const read = schema.safeParse(await response.json().catch(() => null));
      if (read.success) return read.data;
      throw await misunderstood(base, path, read.error, headers);
    },
    async *events(path, signal) {
      const response = await ask(base, path, { headers, signal });
      yield* eventsOf(response.body as ReadableStream<Uint8Array>);
    }
  };
}

function baseOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  // Not said back: it may hold a password.
  if (text.includes('@')) throw new UsageError('--url is an http address without a user or a password; a token is given by --token-file FILE.');
  if (url === null || !/^https?:$/.test(url.protocol)) throw new UsageError(`--url is an http address such as http://127.0.0.1:7171, not ${text}.`);
  return url.href.replace(/\/$/, '');
}

/** A connection that was kept is closed by the daemon now and then, just when it is used again: what only asks is asked once more. */
async function connected(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    const { cause } = error as { readonly cause?: { readonly code?: string } };
    if (!['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'].includes(cause?.code ?? '')) throw error;
    return fetch(url, init);
  }
}

async function ask(base: string, path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await connected(base + path, { ...init, redirect: 'error' });
  } catch (error) {
    const { cause } = error as { readonly cause?: { readonly code?: string; readonly message?: string } };
    throw Object.assign(new Error(`No daemon answers at ${base} (${cause?.code ?? cause?.message ?? (error as Error).message}). --url says where it serves HTTP.`), { code: 'ECONNREFUSED' });
  }
  if (response.ok) return response;
  const { detail = `it answered ${response.status}`, code, remedy } = (await response.json().catch(() => ({}))) as { detail?: string; code?: string; remedy?: string };
  if (code !== undefined) throw new Failure('broker_unavailable', `${detail} (${remedy ?? ''})`);
  const hint = response.status === 401 ? ' Say --token-file FILE, or set MILLRACE_HTTP_TOKEN.' : '';
  throw new UsageError(`${detail}${hint}`);
}

/** An answer that this command cannot read: of a daemon of another version, or of something else. */
async function misunderstood(base: string, path: string, { issues: [issue] }: z.ZodError, headers: Record<string, string>): Promise<UsageError> {
  const about = z.object({ info: z.object({ title: z.literal('Millrace'), version: z.string().max(50) }) });
  const document = await ask(base, '/v1/openapi.json', { headers, signal: AbortSignal.timeout(patience) }).then((response) => response.json()).catch(() => null);
  const { data: daemon } = about.safeParse(document);
  if (daemon === undefined) return new UsageError(`What answers at ${base} is no daemon of Millrace. --url says where one serves HTTP.`);
  const where = (issue?.path ?? []).join('.');
  return new UsageError(`The daemon at ${base} is Millrace ${daemon.info.version} and this command ${version}, which does not understand its answer to ${path}${where === '' ? '' : ` (${where})`}. Use the millrace of the daemon's version.`);
}

/** Server-sent events, as the HTML standard has them: lines of fields, an empty line behind each event. */
async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<{ event: string; data: unknown }> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    const blocks = (rest + decoder.decode(chunk, { stream: true })).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (data !== undefined) yield { event: /^event: (.*)$/m.exec(block)?.[1] ?? 'message', data: JSON.parse(data) as unknown };
    }
  }
}
