import { alertsAnswer, progressAnswer, topologyDetail, topologyList, watermarksAnswer } from '../admin/answers.ts';
import { apiClient, clientOptions } from './api-client.ts';
import type { ApiClient } from './api-client.ts';
import type { Command } from './command.ts';
import { UsageError } from './command.ts';
import { exitCode } from './exit-code.ts';
import type { Output } from './output.ts';
import { showStatus } from './status-text.ts';
import type { Seen } from './status-text.ts';

/** `millrace status`: what a running daemon is doing. */
export function statusCommand(output: Output): Command {
  return {
    name: 'status',
    summary: 'Shows what a running daemon is doing: topologies, tasks, rates, lag, nodes, what is wrong.',
    usage: '[NAME] [options]',
    words: [],
    examples: ['millrace status', 'millrace status flights --json', 'millrace status --url http://10.0.0.5:7171 --token-file token'],
    options: [...clientOptions, { name: 'json', summary: 'Print as JSON.' }],
    async run(args) {
      const [name, ...others] = args.positionals;
      if (others.length > 0) throw new UsageError('Name one topology, or none for all.');
      const seen = await seeAll(apiClient(args), name);
      output.print(args.on('json') ? `${JSON.stringify({ topologies: seen }, null, 2)}\n` : seen.map(showStatus).join('\n'));
      return exitCode.ok;
    }
  };
}

/** What the API tells of the topologies of a daemon, or of one of them. */
export async function seeAll(client: ApiClient, name?: string): Promise<Seen[]> {
  const { topologies } = await client.get('/v1/topologies', topologyList);
  const names = topologies.map((topology) => topology.name);
  if (name !== undefined && !names.includes(name)) throw new UsageError(`The daemon runs no topology ${name}, but ${names.join(', ') || 'none'}.`);
  const wanted = name === undefined ? names : [name];
  return Promise.all(wanted.map(async (each) => {
    const path = `/v1/topologies/${encodeURIComponent(each)}`;
    const [detail, progress, watermarks, { alerts }] = await Promise.all([
      client.get(path, topologyDetail), client.get(`${path}/progress`, progressAnswer), client.get(`${path}/watermarks`, watermarksAnswer), client.get(`${path}/alerts`, alertsAnswer)
    ]);
    return { detail, progress, watermarks, alerts };
  }));
}
