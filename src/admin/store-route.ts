import type { Peer } from '../../actors/peer.ts';
import { storeAnswer } from './answers.ts';
import type { DaemonApi } from './api.ts';
import { nodeOf, numberOf, topologyOf } from './asked.ts';
import { askPeer } from './peers/ask.ts';
import type { AskSettings } from './peers/ask.ts';
import { gather } from './peers/gather.ts';
import { Problem } from './problem.ts';
import type { Route } from './routes.ts';

/** How this daemon is reached by others, and how it asks them. */
export interface PeerSettings extends AskSettings {
  self(): Peer;
}

/** State by key: any daemon may be asked, the ones that have the tasks answer. A request of another daemon is answered from the tasks here, and goes no further. */
export function storeRoute(api: DaemonApi, peers: PeerSettings): Route {
  return {
    method: 'GET', path: '/v1/topologies/{name}/stores/{node}/{key}', access: 'data', forwards: true, summary: 'Keyed state under a key, with the epoch it reflects and the daemon that has it; daemons of the group that have other tasks are asked.',
    query: { limit: { summary: 'Entries of one task at most.', default: 100, most: 1000 } }, answers: storeAnswer, problems: [404, 503],
    async handle(asked) {
      const { name } = topologyOf(asked, api);
      const node = nodeOf(asked, name, api, ({ store }) => store, 'with a store');
      const key = asked.params['key'] as string;
      const limit = numberOf(asked, 'limit', 100, 1000);
      const own = api.store(name, node, key, limit);
      if (asked.forwarded) return own;
      const path = `/v1/topologies/${[name, 'stores', node, key].map(encodeURIComponent).join('/')}?limit=${limit}`;
      const gathered = await gather({ self: peers.self(), own, given: api.given(name, node), others: api.others(name, node), ask: (peer, allowance) => askPeer(peer, path, allowance, peers) });
      if (gathered.tasks.length > 0) return { topology: name, node, key, ...gathered };
      throw notFound(node, gathered);
    }
  };
}

function notFound(node: string, { looked, unanswered }: Pick<Awaited<ReturnType<typeof gather>>, 'looked' | 'unanswered'>): Problem {
  if (unanswered.length > 0) {
    const who = unanswered.slice(0, 3).map(({ daemon, member, why }) => `${daemon ?? member ?? 'the others'} (${why})`).join(', ');
    const remedy = 'Ask again once they answer, or have gone and their tasks are with others. Daemons need the same token, and an address at which the others reach them (--http-advertise).';
    return new Problem(503, `The key is not in the tasks that were looked in, and not all could be: ${who}${unanswered.length > 3 ? ` and ${unanswered.length - 3} more` : ''}.`, { remedy, looked, unanswered });
  }
  if (looked.length === 0) return new Problem(503, `No daemon of the group has a task of ${node} yet.`, { remedy: 'Ask again in a moment; millrace status says what the topology waits for.', looked, unanswered });
  return new Problem(404, `No task of ${node} has this key; all were looked in.`, { looked });
}
