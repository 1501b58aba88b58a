import type { TopologyStatus } from '../../actors/status.ts';
import type { DaemonApi } from './api.ts';
import { Problem } from './problem.ts';
import type { Asked } from './routes.ts';

/** The topology that a path names. Throws a `Problem`. */
export function topologyOf({ params }: Asked, api: DaemonApi): TopologyStatus {
  const status = api.status().find(({ name }) => name === params['name']);
  if (status !== undefined) return status;
  throw new Problem(404, `This daemon runs no topology of that name, but ${api.status().map(({ name }) => name).join(', ')}.`);
}

/** The node that a path names, out of those that fit. Throws a `Problem`. */
export function nodeOf({ params }: Asked, topology: string, api: DaemonApi, fits: (node: ReturnType<DaemonApi['nodes']>[number]) => boolean, what: string): string {
  const nodes = api.nodes(topology).filter(fits).map(({ name }) => name);
  const node = params['node'] as string;
  if (nodes.includes(node)) return node;
  throw new Problem(404, `${topology} has no node of that name${what === '' ? '' : ` ${what}`}${nodes.length === 0 ? '' : `, but ${nodes.join(', ')}`}.`);
}

/** A number of the query. Throws a `Problem`. */
export function numberOf({ query }: Asked, name: string, fallback: number, most: number): number {
  const text = query.get(name);
  if (text === null) return fallback;
  if (/^[1-9]\d{0,5}$/.test(text) && Number(text) <= most) return Number(text);
  throw new Problem(400, `${name} is a whole number from 1 to ${most}.`);
}
