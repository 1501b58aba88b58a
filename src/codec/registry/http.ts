import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import type { IncomingMessage, RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { setTimeout as wait } from 'node:timers/promises';
import { Failure } from '../../../actors/failure.ts';
import { tlsConnectOptions } from '../../../actors/security.ts';
import type { RegistryAuth, RegistrySettings } from './settings.ts';

/** An answer that is one: no trouble of the network or of the registry itself. */
export interface RegistryAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** A method, a path below the registry's URL, and what is sent. */
export interface RegistryRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: object;
}

/** Milliseconds for one request. */
const patience = 5000;

/** Waits between tries, in milliseconds; what is still not answered then is `registry_unavailable`, and the task begins again after a pause of its own. */
export const registryPauses: readonly number[] = [100, 400, 1500];

/** Longest answer that is read: schemas of a mebibyte and what is around them. */
const longestAnswer = 4 * 1024 * 1024;

const mediaType = 'application/vnd.schemaregistry.v1+json';

/** HTTP to a schema registry: keeps connections, asks the next of several addresses, and tries again what may pass. */
export class RegistryHttp {
  readonly #settings: RegistrySettings;
  readonly #agents: { readonly http: HttpAgent; readonly https: HttpsAgent };
  readonly #authorization: string | null;
  readonly #pauses: readonly number[];
  readonly #closing = new AbortController();
  #address = 0;

  constructor(settings: RegistrySettings, pauses: readonly number[]) {
    this.#settings = settings;
    this.#pauses = pauses;
    const keep = { keepAlive: true, maxSockets: 4, timeout: 30_000 };
    this.#agents = { http: new HttpAgent(keep), https: new HttpsAgent({ ...keep, ...(settings.tls === null ? {} : tlsConnectOptions(settings.tls)) }) };
    this.#authorization = settings.auth === null ? null : authorization(settings.auth);
  }

  /**
   * Asks until there is an answer of status 2xx, 404, 409 or 422. With `hurry` it is asked once. Throws a `Failure`: `registry_unavailable`, or `registry_refused` for
   * 401, 403 and a certificate that is not trusted.
   */
  async ask(request: RegistryRequest, hurry = false): Promise<RegistryAnswer> {
    let trouble = '';
    for (const pause of hurry ? [0] : [0, ...this.#pauses]) {
      if (pause > 0) await wait(pause * (0.75 + Math.random() / 2), undefined, { signal: this.#closing.signal }).catch(() => undefined);
      if (this.#closing.signal.aborted) break;
      const url = this.#settings.urls[this.#address % this.#settings.urls.length] as string;
      try {
        const answer = await this.#once(url, request);
        if (answer.status < 300 || answer.status === 404 || answer.status === 409 || answer.status === 422) return answer;
        trouble = `${url} answered ${answer.status}${messageOf(answer.body)}`;
        if (answer.status === 401 || answer.status === 403) throw new Failure('registry_refused', `${request.method} ${request.path}: ${trouble}`);
      } catch (error) {
        if (error instanceof Failure) throw error;
        trouble = `${url}: ${error instanceof Error ? error.message || String((error as NodeJS.ErrnoException).code) : String(error)}`;
        if (isUntrusted(error)) throw new Failure('registry_refused', `${request.method} ${request.path}: ${trouble}`, { cause: error });
      }
      this.#address += 1;
    }
    throw new Failure('registry_unavailable', `The schema registry does not answer: ${trouble}`);
  }

  /** Gives up what is being asked, and ends connections. */
  close(): void {
    this.#closing.abort();
    this.#agents.http.destroy();
    this.#agents.https.destroy();
  }

  #once(base: string, { method, path, body }: RegistryRequest): Promise<RegistryAnswer> {
    const url = new URL(`${base.replace(/\/+$/, '')}${path}`);
    const secure = url.protocol === 'https:';
    const payload = body === undefined ? null : Buffer.from(JSON.stringify(body));
    const options: RequestOptions = {
      method,
      agent: secure ? this.#agents.https : this.#agents.http,
      signal: AbortSignal.any([AbortSignal.timeout(patience), this.#closing.signal]),
      headers: {
        accept: `${mediaType}, application/json`,
        ...(payload === null ? {} : { 'content-type': mediaType, 'content-length': payload.length }),
        ...(this.#authorization === null ? {} : { authorization: this.#authorization })
      }
    };
    return new Promise((resolve, reject) => {
      const sent = (secure ? httpsRequest : httpRequest)(url, options, (response) => {
        readBody(response).then((content) => { resolve({ status: response.statusCode ?? 0, body: content }); }, reject);
      });
      sent.once('error', (error) => { reject(error.name === 'AbortError' || error.name === 'TimeoutError' ? new Error(`no answer within ${patience / 1000} s`) : error); });
      sent.end(payload ?? undefined);
    });
  }
}

function authorization(auth: RegistryAuth): string {
  return 'token' in auth ? `Bearer ${auth.token}` : `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString('base64')}`;
}

async function readBody(response: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > longestAnswer) throw new Error(`an answer of more than ${longestAnswer / 1024 / 1024} MiB`);
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  try {
    return JSON.parse(text);
  } catch {
    if ((response.statusCode ?? 0) >= 300) return null;
    throw new Error('an answer that is not JSON; is this the URL of a schema registry?');
  }
}

/** What the registry says about a refusal, in short. */
export function messageOf(body: unknown): string {
  const message = typeof body === 'object' && body !== null && 'message' in body ? body.message : null;
  return typeof message === 'string' ? `: ${message.slice(0, 300)}` : '';
}

/** Certificates that are wrong stay wrong. */
function isUntrusted(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === 'string' && /^(UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|CERT_|ERR_TLS_|ERR_SSL_|EPROTO)/.test(code);
}
