import type { IncomingMessage } from 'node:http';
import { Problem } from './problem.ts';

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|::1|\[::1\]|::ffff:127(?:\.\d{1,3}){3})$/i;

/** True for an address that is reached from this machine alone. */
export function isLoopback(host: string): boolean {
  return loopback.test(host);
}

/** What a guard knows of where it stands. */
export interface GuardSettings {
  /** The address the server listens at. */
  readonly host: string;
}

/**
 * Refuses what a web page in somebody's browser could send here. On loopback only names of this machine are taken as `Host`, or a page
 * could reach it under a name of its own that resolves to 127.0.0.1 (DNS rebinding); and a request that a browser says comes from another origin
 * is not answered, whatever it asks for, since a page may send a POST without being allowed to read its answer.
 */
export function guard({ headers }: IncomingMessage, { host }: GuardSettings): void {
  const asked = headers.host;
  if (asked === undefined) throw new Problem(400, 'Expected a Host header, found none.');
  if (isLoopback(host) && !isLoopback(nameOf(asked))) throw new Problem(421, 'Expected a Host header with a name of this machine (localhost, 127.0.0.1, [::1]), found another.');
  const { origin } = headers;
  if (origin !== undefined && hostOf(origin) !== asked.toLowerCase()) throw new Problem(403, 'Requests of pages of other origins are not answered.');
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') throw new Problem(403, 'Requests of pages of other origins are not answered.');
}

/** A Host header without its port. */
function nameOf(host: string): string {
  return host.replace(/:\d{1,5}$/, '');
}

function hostOf(origin: string): string | null {
  try {
    return new URL(origin).host;
  } catch {
    return null;
  }
}
