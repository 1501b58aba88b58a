import type { IncomingMessage, ServerResponse } from 'node:http';
import type { z } from 'zod';

/** Who may ask: anybody who reaches the server, or whoever has the token where one is set: for data, and for what changes something. */
export type Access = 'open' | 'data' | 'change';

/** What a handler is given of a request. */
export interface Asked {
  /** Parts of the path by the names in braces, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** The parsed body; undefined where the route takes none. */
  readonly body: unknown;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** True where another daemon asks: it is answered with what this one has itself. */
  readonly forwarded: boolean;
}

/** A query parameter: whole numbers with a default and a largest value. */
export interface QueryNumber {
  readonly summary: string;
  readonly default: number;
  readonly most: number;
}

/** One thing the API answers. From these come the router and the OpenAPI document. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** As OpenAPI writes it: /v1/topologies/{name}. */
  readonly path: string;
  readonly access: Access;
  /** True where daemons ask each other for it; then their signature stands for the token. */
  readonly forwards?: boolean;
  readonly summary: string;
  readonly query?: Readonly<Record<string, QueryNumber>>;
  readonly body?: z.ZodType;
  /** What is answered with 200; absent for an answer that is not JSON. */
  readonly answers?: z.ZodType;
  /** Media type of an answer that is not JSON; its handler writes it. */
  readonly streams?: string;
  /** Statuses beside 200 and those that every route may answer. */
  readonly problems: readonly number[];
  /** The answer; or undefined where the handler wrote it. Throws a `Problem`. */
  handle(asked: Asked): unknown;
}
