import type { ServerResponse } from 'node:http';

/** Why a request is refused, as RFC 9457 has it: the status, a short title and what was expected and found. */
export class Problem extends Error {
  readonly status: number;
  /** Further members of the answer. */
  readonly more: Readonly<Record<string, unknown>>;

  constructor(status: number, detail: string, more: Readonly<Record<string, unknown>> = {}) {
    super(detail);
    this.name = 'Problem';
    this.status = status;
    this.more = more;
  }
}

const titles: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Token needed',
  403: 'Forbidden',
  404: 'Not found',
  405: 'Method not allowed',
  408: 'Too slow',
  409: 'Conflict',
  413: 'Too large',
  415: 'JSON expected',
  421: 'Wrong host',
  429: 'Too many',
  431: 'Headers too large',
  500: 'Error in Millrace',
  503: 'Unavailable'
};

/** A problem as the members of an `application/problem+json` answer. */
export function problemBody({ status, message, more }: Problem): Readonly<Record<string, unknown>> {
  return { type: 'about:blank', title: titles[status] ?? 'Error', status, detail: message, ...more };
}

/** Headers that every answer has: nothing of it is kept, run, framed or guessed at. */
export function setSafeHeaders(response: ServerResponse): void {
  response.setHeader('cache-control', 'no-store');
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('content-security-policy', "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'");
  response.setHeader('referrer-policy', 'no-referrer');
  response.setHeader('cross-origin-resource-policy', 'same-origin');
  response.setHeader('x-frame-options', 'DENY');
}
