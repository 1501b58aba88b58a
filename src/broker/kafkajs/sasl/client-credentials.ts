import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { Failure } from '../../../../actors/failure.ts';
import { type OauthSettings, tlsConnectOptions } from '../../../../actors/security.ts';
import { isTlsRefusal } from '../tls.ts';
import { claimsOf, type Token } from './token-cache.ts';

const timeout = 10_000;
const longestAnswer = 1024 * 1024;
/** For a token that says neither itself nor beside it how long it is good. */
const assumedLife = 300_000;

/** Asks a token endpoint for a token (RFC 6749, 4.4). Rejects with `authentication_failed` for what the endpoint refuses, `broker_unavailable` for what may pass. */
export async function fetchToken(settings: OauthSettings): Promise<Token> {
  const { status, body } = await post(settings);
  const answer = parse(body);
  if (status !== 200) throw refusal(settings, status, answer);
  const { access_token: value, token_type: type, expires_in: seconds } = answer;
  if (typeof value !== 'string' || value === '') throw new Failure('authentication_failed', `${where(settings)} answered without an access_token`);
  if (typeof type === 'string' && type.toLowerCase() !== 'bearer') throw new Failure('authentication_failed', `${where(settings)} gives tokens of type ${type.slice(0, 40)}, not bearer`);
  return { value, expiresAt: expiry(value, Number(seconds)) };
}

/** The token's own word counts: the broker goes by it. */
function expiry(token: string, seconds: number): number {
  const { exp } = claimsOf(token);
  if (typeof exp === 'number' && Number.isFinite(exp)) return exp * 1000;
  return Date.now() + (seconds > 0 ? seconds * 1000 : assumedLife);
}

function refusal(settings: OauthSettings, status: number, answer: Readonly<Record<string, unknown>>): Failure {
  const passing = status >= 500 || status === 408 || status === 429;
  const { error, error_description: description } = answer;
  const words = [error, description].filter((word) => typeof word === 'string').map((word) => withoutSecret(word, settings).slice(0, 100)).join(': ');
  return new Failure(passing ? 'broker_unavailable' : 'authentication_failed', `${where(settings)} answered ${status}${words === '' ? '' : ` (${words})`}`);
}

/** An endpoint may say again what it was told; cut off, it could not be found any more. */
function withoutSecret(text: string, settings: OauthSettings): string {
  return [settings.clientSecret, form(settings.clientSecret), credentials(settings)].reduce((left, secret) => left.replaceAll(secret, '***'), text);
}

/** Without its query, in which some endpoints take what others take for secrets. */
function where({ tokenEndpoint }: OauthSettings): string {
  const { origin, pathname } = new URL(tokenEndpoint);
  return `the token endpoint ${origin}${pathname}`;
}

function post(settings: OauthSettings): Promise<{ status: number; body: string }> {
  const url = new URL(settings.tokenEndpoint);
  const content = new URLSearchParams({ grant_type: 'client_credentials', ...(settings.scope === null ? {} : { scope: settings.scope }) }).toString();
  const headers = {
    authorization: `Basic ${credentials(settings)}`,
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': Buffer.byteLength(content),
    accept: 'application/json'
  };
  const options = { method: 'POST', headers, timeout, agent: false, signal: AbortSignal.timeout(timeout) } as const;
  const secure = url.protocol === 'https:' ? (settings.tls === null ? { minVersion: 'TLSv1.2' as const } : tlsConnectOptions(settings.tls)) : null;
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void => { reject(unreachable(settings, error)); };
    const request = secure === null ? requestHttp(url, options) : requestHttps(url, { ...options, ...secure });
    request.on('error', failed).on('response', (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('error', failed).on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > longestAnswer) request.destroy(new Error(`the answer is longer than ${longestAnswer} bytes`));
        else chunks.push(chunk);
      });
      response.on('end', () => { resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }); });
    });
    request.end(content);
  });
}

function unreachable(settings: OauthSettings, error: Error): Failure {
  const { code } = error as NodeJS.ErrnoException;
  const message = `${where(settings)} cannot be reached: ${error.name === 'AbortError' || error.name === 'TimeoutError' ? `no answer in ${timeout} ms` : error.message}`;
  return new Failure(isTlsRefusal(code) ? 'tls_failed' : 'broker_unavailable', message, { cause: error });
}

/** RFC 6749, 2.3.1: both parts are form-encoded before they are joined. */
function credentials({ clientId, clientSecret }: OauthSettings): string {
  return Buffer.from(`${form(clientId)}:${form(clientSecret)}`).toString('base64');
}

function form(text: string): string {
  return new URLSearchParams({ x: text }).toString().slice(2);
}

function parse(body: string): Readonly<Record<string, unknown>> {
  try {
    const json: unknown = JSON.parse(body);
    return typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
