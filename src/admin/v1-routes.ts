import type { TopologyStatus } from '../../actors/status.ts';
import { changed, deadLettersAnswer, graphAnswer, logLevel, progressAnswer, storeAnswer, topologyDetail, topologyList, watermarksAnswer } from './answers.ts';
import type { DaemonApi } from './api.ts';
import { Problem } from './problem.ts';
import type { Rates } from './rates.ts';
import type { Asked, Route } from './routes.ts';
import { showDetail, showProgress, showSummary } from './show-topology.ts';
import { streamTap } from './tap-stream.ts';

/** What the routes stand on. */
export interface RouteSettings {
  readonly api: DaemonApi;
  readonly rates: Rates;
  readonly redact: (text: string) => string;
  /** The document itself, made of all routes. */
  readonly document: () => unknown;
}

/** All routes of `/v1`. */
export function v1Routes(settings: RouteSettings): Route[] {
  return [...views(settings), ...data(settings), ...controls(settings)];
}

function views({ api, rates, document }: RouteSettings): Route[] {
  const quiet = (status: TopologyStatus): ReturnType<DaemonApi['watermarks']> =>
    api.watermarks(status.name, status.partitions.map((partition) => ({ topic: partition.topic, partition: partition.partition, quietSeconds: rates.quiet(status.name, partition, Date.now()) })));
  const route = (path: string, summary: string, answers: Route['answers'], handle: (status: TopologyStatus) => unknown): Route =>
    ({ method: 'GET', path: `/v1/topologies/{name}${path}`, access: 'open', summary, answers: answers as NonNullable<Route['answers']>, problems: [404], handle: (asked) => handle(topologyOf(asked, api)) });
  return [
    { method: 'GET', path: '/v1/openapi.json', access: 'open', summary: 'This document.', streams: 'application/json', problems: [], handle: () => document() },
    { method: 'GET', path: '/v1/topologies', access: 'open', summary: 'The topologies this daemon runs.', answers: topologyList, problems: [], handle: () => ({ topologies: api.status().map((status) => showSummary(status, api.paused(status.name))) }) },
    route('', 'One topology: its state, tasks, nodes with what became of their records, and tables.', topologyDetail, (status) => showDetail(status, api.paused(status.name), { assigned: api.tasks(status.name), nodes: api.nodes(status.name) })),
    route('/progress', 'How it gets on: rates, the last batch, positions and lag of each partition.', progressAnswer, (status) => showProgress(status, rates, Date.now())),
    route('/watermarks', 'How far event time is complete, by task, partition and node.', watermarksAnswer, quiet),
    route('/graph', 'What reads and writes what, as millrace graph knows it.', graphAnswer, ({ name }) => api.graph(name))
  ];
}

function data({ api, redact }: RouteSettings): Route[] {
  return [
    {
      method: 'GET', path: '/v1/topologies/{name}/stores/{node}/{key}', access: 'data', summary: 'Keyed state under a key, in the tasks that this daemon has, with the epoch it reflects.',
      query: { limit: { summary: 'Entries of one task at most.', default: 100, most: 1000 } }, answers: storeAnswer, problems: [404],
      handle(asked) {
        const { name } = topologyOf(asked, api);
        const node = nodeOf(asked, name, api, ({ store }) => store, 'with a store');
        const { answer, here } = api.store(name, node, asked.params['key'] as string, number(asked, 'limit', 100, 1000));
        if (answer.tasks.length > 0) return answer;
        throw new Problem(404, here.length === 0 ? `This daemon has no task of ${node}.` : `No task that this daemon has of ${node} has this key. Another daemon may.`, { tasks_here: here });
      }
    },
    {
      method: 'GET', path: '/v1/topologies/{name}/dead-letters', access: 'data', summary: 'The latest dead letters, from the topics they are written to; values are cut.',
      query: { limit: { summary: 'Dead letters at most.', default: 20, most: 200 } }, answers: deadLettersAnswer, problems: [404, 503],
      handle: (asked) => api.deadLetters(topologyOf(asked, api).name, number(asked, 'limit', 20, 200))
    },
    {
      method: 'GET', path: '/v1/topologies/{name}/tap/{node}', access: 'data', summary: 'What a node sends on, or a sink receives, as server-sent events: a sample, not yet committed; values are cut.',
      query: { rate: { summary: 'Records a second at most.', default: 10, most: 100 } }, streams: 'text/event-stream', problems: [404, 429],
      handle(asked) {
        const { name } = topologyOf(asked, api);
        const node = nodeOf(asked, name, api, () => true, '');
        streamTap(asked.response, number(asked, 'rate', 10, 100), (listener) => api.tap(name, node, listener), redact);
      }
    }
  ];
}

function controls({ api }: RouteSettings): Route[] {
  const control = (action: 'pause' | 'resume' | 'drain', summary: string): Route => ({
    method: 'POST', path: `/v1/topologies/{name}/${action}`, access: 'change', summary, answers: changed, problems: [404, 409],
    handle(asked) {
      const { name, state } = topologyOf(asked, api);
      if (state === 'stopping' || state === 'stopped' || state === 'failing' || state === 'failed') throw new Problem(409, `${name} is ${state}.`);
      api[action](name);
      return { topology: name, state: topologyOf(asked, api).state, paused: api.paused(name) };
    }
  });
  return [
    control('pause', 'Reads nothing more, commits what was read, and keeps its tasks until it is resumed or the daemon ends.'),
    control('resume', 'Goes on where it was paused.'),
    control('drain', 'Commits what was read, leaves the group and stops. A daemon whose last topology stops ends.'),
    { method: 'GET', path: '/v1/log-level', access: 'open', summary: 'The level of the log.', answers: logLevel, problems: [], handle: () => ({ level: api.logLevel() }) },
    {
      method: 'PUT', path: '/v1/log-level', access: 'change', summary: 'Sets the level of the log, until the daemon ends.', body: logLevel, answers: logLevel, problems: [400, 413, 415],
      handle({ body }) {
        api.setLogLevel(logLevel.parse(body).level);
        return { level: api.logLevel() };
      }
    }
  ];
}

function topologyOf({ params }: Asked, api: DaemonApi): TopologyStatus {
  const status = api.status().find(({ name }) => name === params['name']);
  if (status !== undefined) return status;
  throw new Problem(404, `This daemon runs no topology of that name, but ${api.status().map(({ name }) => name).join(', ')}.`);
}

function nodeOf({ params }: Asked, topology: string, api: DaemonApi, fits: (node: ReturnType<DaemonApi['nodes']>[number]) => boolean, what: string): string {
  const nodes = api.nodes(topology).filter(fits).map(({ name }) => name);
  const node = params['node'] as string;
  if (nodes.includes(node)) return node;
  throw new Problem(404, `${topology} has no node of that name${what === '' ? '' : ` ${what}`}${nodes.length === 0 ? '' : `, but ${nodes.join(', ')}`}.`);
}

function number({ query }: Asked, name: string, fallback: number, most: number): number {
  const text = query.get(name);
  if (text === null) return fallback;
  if (/^[1-9]\d{0,5}$/.test(text) && Number(text) <= most) return Number(text);
  throw new Problem(400, `${name} is a whole number from 1 to ${most}.`);
}
