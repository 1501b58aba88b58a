import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Peer } from '../../../actors/peer.ts';

/** What one daemon asks another, as far as it is signed. */
export interface Forward {
  readonly method: string;
  /** With the query, as it is in the request line; without what a proxy takes away. */
  readonly path: string;
  /** Whom it is for: the id, and the address too, or whoever writes another's id beside an address of his own could send it on to the other. */
  readonly to: Peer;
  /** When it was made, in milliseconds since 1970. */
  readonly time: number;
}

/** How far the clocks of two daemons may be apart, in milliseconds; for as long a request can be sent again by somebody who saw it. */
export const longestAge = 60_000;

/**
 * Signs a request with the token that the daemons of a group share, so that the token itself is never sent to an address that others may have written:
 * HMAC-SHA256 (RFC 2104) over the parts as a JSON array, in which no part can pass for another; in hexadecimal digits.
 */
export function signForward({ method, path, to, time }: Forward, token: string): string {
  return mac(['millrace forward 1', method, path, to.id, to.url, String(time)], token);
}

/** Signs an answer to a signed request: who made it has the token too, and it is the answer to that request. */
export function signAnswer(body: string, request: string, token: string): string {
  return mac(['millrace answer 1', request, body], token);
}

/** Compares in a time that does not depend on what was given. */
export function isSignature(given: string | null | undefined, wanted: string): boolean {
  const [a, b] = [Buffer.from(given ?? ''), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function mac(parts: readonly string[], token: string): string {
  return createHmac('sha256', token).update(JSON.stringify(parts)).digest('hex');
}
