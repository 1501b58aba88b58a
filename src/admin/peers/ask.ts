import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
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

/** Connections to one daemon at once: it takes 64 from everybody. */
const connections = 8;

const agents = { http: new HttpAgent({ maxSockets: connections }), https: new HttpsAgent({ maxSockets: connections }) };

/** Asks another daemon for what it has itself. Never rejects. Nothing is sent there but the path and a signature: whoever may join the group can write any address. */
export async function askPeer(to: Peer, path: string, allowance: Allowance, { token, now }: AskSettings): Promise<PeerAnswer> {
  const time = now();
  const signature = token === null ? null : signForward({ method: 'GET', path, to, time }, token);
  const headers = { [peerHeaders.to]: to.id, ...(signature === null ? {} : { [peerHeaders.time]: String(time), [peerHeaders.signature]: signature }) };
  const signal = AbortSignal.timeout(patience);
  try {
    const response = await send(new URL(to.url + path), headers, signal);
    if (response.statusCode !== 200) {
      response.destroy();
      return { why: refusal(response.statusCode ?? 0) };
    }
    const body = await readBody(response, allowance);
    if (body === null) return { why: 'its answer is too large; ask for a smaller limit' };
    if (token !== null && !isSignature(String(response.headers[peerHeaders.signature]), signAnswer(body, signature ?? '', token))) return { why: `its answer is not signed with this daemon's token` };
    return read(body);
  } catch (error) {
    return { why: signal.aborted ? `it does not answer within ${patience / 1000} s` : `nobody answers (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'})` };
  }
}

/** The answer, of which only the head is here yet; a redirect is one as any other. */
function send(url: URL, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const secure = url.protocol === 'https:';
  const sent = (secure ? httpsRequest : httpRequest)(url, { headers, signal, agent: secure ? agents.https : agents.http }, resolve);
  // Also what comes after the head, which the reader of the body is told too.
  sent.on('error', reject);
  sent.end();
  return promise;
}

function refusal(status: number): string {
  if (status === 401) return 'it does not take the signature (401): daemons of a group need the same token, clocks less than a minute apart, and no proxy that changes paths';
  if (status === 421) return 'another daemon answers at that address (421): --http-advertise says how the others reach a daemon';
  if (status === 404) return 'it does not know the topology or the node (404)';
  if (status >= 300 && status < 400) return `it redirects (${status}), which is not followed`;
  return `it answers ${status}`;
}

/** The text of an answer; null where it is longer than it may be. */
async function readBody(response: IncomingMessage, allowance: Allowance): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    allowance.bytes -= chunk.length;
    // Leaving the loop ends the connection.
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
