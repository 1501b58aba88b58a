import type { IncomingMessage } from 'node:http';
import type { Peer } from '../../../actors/peer.ts';
import { Problem } from '../problem.ts';
import { peerHeaders } from './headers.ts';
import { isSignature, longestAge, signAnswer, signForward } from './signature.ts';

/** A request of another daemon, which is answered with what this one has itself. */
export interface Accepted {
  /** The signature of an answer; null where there is no token to sign it with. */
  sign(body: string): string | null;
}

/** Who this daemon is, and what it knows. */
export interface AcceptSettings {
  readonly self: Peer;
  /** Null where none is set: then nothing is signed. */
  readonly token: string | null;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Takes a request of another daemon; null for anybody else's. Throws a `Problem`: 421 where it is for another daemon (RFC 9110, 15.5.20), 401 where it is not signed as it should be. */
export function acceptForward({ method = '', url = '', headers }: IncomingMessage, { self, token, now }: AcceptSettings): Accepted | null {
  const to = headers[peerHeaders.to];
  if (to === undefined) return null;
  if (to !== self.id) throw new Problem(421, 'This request is for another daemon, which is no longer here or never was.');
  if (token === null) return { sign: () => null };
  const time = Number(headers[peerHeaders.time]);
  const wanted = signForward({ method, path: url, to: self, time }, token);
  if (!isSignature(one(headers[peerHeaders.signature]), wanted)) throw new Problem(401, 'The signature does not fit. Daemons of a group need the same token, and the address that this one is reached at is the one it advertises.');
  if (!(Math.abs(now - time) <= longestAge)) throw new Problem(401, `The request is signed for a time more than ${longestAge / 1000} s from this daemon's: one of the clocks is wrong.`);
  return { sign: (body) => signAnswer(body, wanted, token) };
}

function one(header: string | readonly string[] | undefined): string | null {
  return typeof header === 'string' ? header : null;
}
