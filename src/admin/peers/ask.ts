import type { z } from 'zod';
import type { Peer } from '../../../actors/peer.ts';
import { ownAnswer } from '../answers.ts';
import { peerHeaders } from './headers.ts';
import { isSignature, signAnswer, signForward } from './signature.ts';

/** What other daemons are asked with. */
export interface AskSettings {
  /** Null where none is set: then nothing is signed, and no signature expected. */
  readonly token: string | null;
  readonly now: () => number;
  readonly fetch?: typeof fetch;
}

/** What another daemon answered, or why it did not, in words that nobody else chose. */
export type PeerAnswer = { readonly own: z.infer<typeof ownAnswer> } | { readonly why: string };

/** Bytes that may still be read, of this answer and of all that are asked for beside it. */
export interface Allowance {
  bytes: number;
}

/** Milliseconds for an answer. */
const patience = 2000;

/** Largest answer, in bytes. */
const mostBytes = 8 * 1024 * 1024;

/** Asks another daemon for what it has itself. Never rejects. Nothing is sent there but the path and a signature: whoever may join the group can write any address. */
export async function askPeer(to: Peer, path: string, allowance: Allowance, { token, now, fetch: get = fetch }: AskSettings): Promise<PeerAnswer> {
  const time = now();
  const signature = token === null ? null : signForward({ method: 'GET', path, to, time }, token);
  const headers = { [peerHeaders.to]: to.id, ...(signature === null ? {} : { [peerHeaders.time]: String(time), [peerHeaders.signature]: signature }) };
  try {
    const response = await get(to.url + path, { headers, redirect: 'manual', signal: AbortSignal.timeout(patience) });
    if (response.status !== 200) {
      await response.body?.cancel();
      return { why: refusal(response.status) };
    }
    const body = await readBody(response, allowance);
    if (body === null) return { why: 'its answer is too large; ask for a smaller limit' };
    if (token !== null && !isSignature(response.headers.get(peerHeaders.signature), signAnswer(body, signature ?? '', token))) return { why: `its answer is not signed with this daemon's token` };
    return read(body);
  } catch (error) {
    return { why: reasonOf(error) };
  }
}

function refusal(status: number): string {
  if (status === 401) return 'it does not take the signature (401): daemons of a group need the same token, clocks less than a minute apart, and no proxy that changes paths';
  if (status === 421) return 'another daemon answers at that address (421): --http-advertise says how the others reach a daemon';
  if (status === 404) return 'it does not know the topology or the node (404)';
  if (status >= 300 && status < 400) return `it redirects (${status}), which is not followed`;
  return `it answers ${status}`;
}

/** The text of an answer; null where it is longer than it may be. */
async function readBody({ body }: Response, allowance: Allowance): Promise<string | null> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    allowance.bytes -= chunk.length;
    // Leaving the loop cancels the rest.
    if (size > mostBytes || allowance.bytes < 0) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function read(body: string): PeerAnswer {
  try {
    return { own: ownAnswer.parse(JSON.parse(body)) };
  } catch {
    return { why: 'its answer is none of a daemon of this version' };
  }
}

/** By code alone: a message might have more of the other side in it than is wanted. */
function reasonOf(error: unknown): string {
  const { name, cause } = error as { name?: string; cause?: { code?: string } };
  if (name === 'TimeoutError') return `it does not answer within ${patience / 1000} s`;
  return `nobody answers (${cause?.code ?? name ?? 'unknown reason'})`;
}
