import { Problem } from './problem.ts';
import type { Route } from './routes.ts';

/** A route, and the parts of the path. */
export interface Found {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

/** Finds the route of a request. Throws a `Problem`: 404 for no such path, 405 for one that takes another method. */
export function createRouter(routes: readonly Route[]): (method: string, path: string) => Found {
  const table = routes.map((route) => ({ route, parts: route.path.split('/') }));
  return (method, path) => {
    const asked = path.split('/');
    const matching = table.flatMap(({ route, parts }) => {
      const params = match(parts, asked);
      return params === null ? [] : [{ route, params }];
    });
    if (matching.length === 0) throw new Problem(404, 'There is nothing at this path. /v1/openapi.json lists what there is, beside /livez, /readyz and /metrics.');
    const found = matching.find(({ route }) => route.method === method || (method === 'HEAD' && route.method === 'GET' && route.streams === undefined));
    if (found !== undefined) return found;
    throw new Problem(405, `This path takes ${matching.map(({ route }) => route.method).join(', ')}.`, { allow: matching.map(({ route }) => route.method) });
  };
}

function match(parts: readonly string[], asked: readonly string[]): Readonly<Record<string, string>> | null {
  if (parts.length !== asked.length) return null;
  const params: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const given = asked[index] as string;
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (name === undefined) {
      if (part !== given) return null;
      continue;
    }
    const value = decode(given);
    if (value === '') return null;
    params[name] = value;
  }
  return params;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new Problem(400, 'The path is not a URL path: a % stands there without two digits.');
  }
}
