import { z } from 'zod';
import { topologyList } from '../admin/answers.ts';
import { apiClient, clientOptions } from './api-client.ts';
import type { ApiClient } from './api-client.ts';
import type { Command } from './command.ts';
import { UsageError } from './command.ts';
import { exitCode } from './exit-code.ts';
import type { Output } from './output.ts';

const record = z.object({ topic: z.string(), partition: z.number(), offset: z.number(), time: z.number(), key: z.string().nullable(), value: z.string().nullable() });

/** `millrace tap`: records that pass a node, as they pass. */
export function tapCommand(output: Output): Command {
  return {
    name: 'tap',
    summary: 'Shows what a node of a running topology sends on, or a sink receives: a sample, as it passes, before it is committed.',
    usage: '[NAME] NODE [options]',
    words: [],
    examples: ['millrace tap checked', 'millrace tap flights checked --rate 2 --limit 10'],
    options: [
      ...clientOptions,
      { name: 'rate', value: 'N', summary: 'Records a second at most, up to 100.', default: '10' },
      { name: 'limit', value: 'N', summary: 'End after so many.' },
      { name: 'json', summary: 'Print each as JSON.' }
    ],
    async run(args) {
      const limit = args.text('limit');
      if (limit !== undefined && !/^[1-9]\d{0,8}$/.test(limit)) throw new UsageError(`--limit is a whole number from 1, not ${limit}.`);
      const client = apiClient(args);
      const [name, node] = await namesOf(args.positionals, client);
      const stop = new AbortController();
      let seen = 0;
      const path = `/v1/topologies/${encodeURIComponent(name)}/tap/${encodeURIComponent(node)}?rate=${encodeURIComponent(args.text('rate') as string)}`;
      for await (const { event, data } of client.events(path, stop.signal)) {
        if (event === 'dropped' && !args.on('json')) output.complain(`… ${String((data as { records: number }).records)} more passed\n`);
        if (event !== 'record') continue;
        output.print(args.on('json') ? `${JSON.stringify(data)}\n` : text(record.parse(data)));
        seen += 1;
        if (seen === Number(limit ?? Infinity)) break;
      }
      stop.abort();
      return exitCode.ok;
    }
  };
}

/** A daemon with one topology needs no name of it. */
async function namesOf(words: readonly string[], client: ApiClient): Promise<readonly [string, string]> {
  const [first, second, ...others] = words;
  if (first === undefined || others.length > 0) throw new UsageError('Name a node; in front of it the topology, where the daemon runs several.');
  if (second !== undefined) return [first, second];
  const { topologies } = await client.get('/v1/topologies', topologyList);
  const [only, ...more] = topologies;
  if (only === undefined || more.length > 0) throw new UsageError(`Name the topology too: ${topologies.map(({ name }) => name).join(', ') || 'the daemon runs none'}.`);
  return [only.name, first];
}

function text({ topic, partition, offset, time, key, value }: z.infer<typeof record>): string {
  const at = time >= 0 && time <= 8.64e15 ? new Date(time).toISOString() : '-';
  return `${at}  ${topic}[${partition}]@${offset}  ${key ?? '-'}  ${value ?? '(tombstone)'}\n`;
}
