import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Shortest token that is taken, in characters. */
export const shortestToken = 16;

/** Checks `Authorization: Bearer TOKEN` in a time that does not depend on what was sent (hashes of one length are compared). */
export function tokenCheck(token: string): (request: IncomingMessage) => boolean {
  const wanted = hash(token);
  return ({ headers }) => {
    const given = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
    return timingSafeEqual(hash(given ?? ''), wanted) && given !== undefined;
  };
}

function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
