import type { TopologyStatus } from '../../actors/status.ts';
import { alertsAnswer, changed, deadLettersAnswer, graphAnswer, logLevel, progressAnswer, topologyDetail, topologyList, watermarksAnswer } from './answers.ts';
import type { DaemonApi } from './api.ts';
import { nodeOf, numberOf, topologyOf } from './asked.ts';
import { Problem } from './problem.ts';
import type { Rates } from './rates.ts';
import type { Route } from './routes.ts';
import { showAlerts, showDetail, showProgress, showSummary } from './show-topology.ts';
import { storeRoute } from './store-route.ts';
import type { PeerSettings } from './store-route.ts';
import { streamTap } from './tap-stream.ts';

/** What the routes stand on. */
export interface RouteSettings {
  readonly api: DaemonApi;
  readonly rates: Rates;
  readonly peers: PeerSettings;
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
    route('/alerts', 'The alerts of its file, as this daemon sees them.', alertsAnswer, ({ name }) => showAlerts(name, api.alerts(name))),
    route('/graph', 'What reads and writes what, as millrace graph knows it.', graphAnswer, ({ name }) => api.graph(name))
  ];
}

function data({ api, peers, redact }: RouteSettings): Route[] {
  return [
    storeRoute(api, peers),
    {
      method: 'GET', path: '/v1/topologies/{name}/dead-letters', access: 'data', summary: 'The latest dead letters, from the topics they are written to; values are cut.',
      query: { limit: { summary: 'Dead letters at most.', default: 20, most: 200 } }, answers: deadLettersAnswer, problems: [404, 503],
      handle: (asked) => api.deadLetters(topologyOf(asked, api).name, numberOf(asked, 'limit', 20, 200))
    },
    {
      method: 'GET', path: '/v1/topologies/{name}/tap/{node}', access: 'data', summary: 'What a node sends on, or a sink receives, as server-sent events: a sample, not yet committed; values are cut.',
      query: { rate: { summary: 'Records a second at most.', default: 10, most: 100 } }, streams: 'text/event-stream', problems: [404, 429],
      handle(asked) {
        const { name } = topologyOf(asked, api);
        const node = nodeOf(asked, name, api, () => true, '');
        streamTap(asked.response, numberOf(asked, 'rate', 10, 100), (listener) => api.tap(name, node, listener), redact);
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
