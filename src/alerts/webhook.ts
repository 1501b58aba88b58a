import { createHmac, randomUUID } from 'node:crypto';
import type { AlertChange } from '../../actors/alert.ts';
import type { AlertWay } from '../topology/model.ts';
import { noticeOf } from './notice.ts';

/** What a webhook needs from outside. */
export interface WebhookSettings {
  now(): number;
  /** Rejects once the signal is aborted. */
  wait(milliseconds: number, signal: AbortSignal): Promise<void>;
  /** Nothing is tried any more once it is aborted. */
  readonly signal: AbortSignal;
  readonly fetch?: typeof fetch;
}

/** Milliseconds between two tries; after the last of them it is given up. */
export const retries = [1000, 2000, 5000, 10_000, 30_000, 60_000, 120_000] as const;

/** Milliseconds for one try. */
const timeout = 10_000;

/**
 * Posts an alert, and again where the answer is 408, 429 or 5xx, or there is none; one id is kept over all tries. Signed as Standard Webhooks 1.0 has it:
 * HMAC-SHA256 over `id.timestamp.body`. Rejects with why it was given up; the URL is not in it.
 */
export async function postWebhook({ url, secret }: Extract<AlertWay, { kind: 'webhook' }>, change: AlertChange, settings: WebhookSettings): Promise<void> {
  const body = noticeOf(change);
  const id = `msg_${randomUUID()}`;
  for (let attempt = 0; ; attempt += 1) {
    const { again, reason } = await post(url, { body, headers: headersOf(body, id, secret, settings.now()) }, settings);
    if (reason === null) return;
    const pause = retries[attempt];
    if (!again || pause === undefined) throw new Error(attempt === 0 ? reason : `${reason}, after ${attempt + 1} tries`);
    await settings.wait(pause, settings.signal);
  }
}

/** The headers of a notice; `secret` null leaves it unsigned. */
export function headersOf(body: string, id: string, secret: string | null, now: number): Record<string, string> {
  const timestamp = String(Math.floor(now / 1000));
  const headers = { 'content-type': 'application/json', 'user-agent': 'millrace', 'webhook-id': id, 'webhook-timestamp': timestamp };
  if (secret === null) return headers;
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : secret;
  return { ...headers, 'webhook-signature': `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}` };
}

/** One try; `reason` is null where it was taken. A redirect is not followed: it might lead elsewhere with what is signed. */
async function post(url: string, request: { readonly body: string; readonly headers: Record<string, string> }, { signal, fetch: get = fetch }: WebhookSettings): Promise<{ readonly again: boolean; readonly reason: string | null }> {
  try {
    const response = await get(url, { ...request, method: 'POST', redirect: 'manual', signal: AbortSignal.any([signal, AbortSignal.timeout(timeout)]) });
    await response.body?.cancel();
    if (response.ok) return { again: false, reason: null };
    return { again: response.status === 408 || response.status === 429 || response.status >= 500, reason: `it answers ${response.status}` };
  } catch (error) {
    return { again: !signal.aborted, reason: reasonOf(error) };
  }
}

/** By code alone: a message might have the URL in it. */
function reasonOf(error: unknown): string {
  const { name, cause } = error as { name?: string; cause?: { code?: string } };
  if (name === 'TimeoutError') return `no answer in ${timeout / 1000} s`;
  return `no answer (${cause?.code ?? name ?? 'unknown reason'})`;
}
