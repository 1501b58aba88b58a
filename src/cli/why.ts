import { loadTopologies } from '../topology/load.ts';
import { apiClient, clientOptions } from './api-client.ts';
import type { Command } from './command.ts';
import { UsageError } from './command.ts';
import { exitCode } from './exit-code.ts';
import type { Output } from './output.ts';
import { seeAll } from './status.ts';
import { findings } from './why/findings.ts';
import type { Finding } from './why/findings.ts';

/** `millrace why`: what a running topology waits for. */
export function whyCommand(output: Output): Command {
  return {
    name: 'why',
    summary: 'Says what a running topology waits for: the partition or the input that holds event time back, a task upstream that is gone, what slows all of it. Asks its daemon.',
    usage: 'FILE|NAME [options]',
    words: ['files'],
    examples: ['millrace why flights', 'millrace why orders.yaml', 'millrace why orders.yaml --json'],
    options: [...clientOptions, { name: 'json', summary: 'Print as JSON.' }],
    async run(args) {
      const [named, ...others] = args.positionals;
      if (named === undefined || others.length > 0) throw new UsageError('Name one topology, or its file.');
      const [seen] = await seeAll(apiClient(args), nameOf(named));
      const found = seen === undefined ? [] : findings(seen, Date.now());
      output.print(args.on('json') ? `${JSON.stringify({ topology: seen?.detail.name, findings: found }, null, 2)}\n` : found.map(text).join(''));
      return exitCode.ok;
    }
  };
}

function text({ code, message, remedy }: Finding): string {
  return `${code}: ${message}\n${remedy === '' ? '' : `  ${remedy}\n`}`;
}

/** A file is for its name alone: secrets and topics of another place may lack here. */
function nameOf(named: string): string {
  if (!/\.ya?ml$/.test(named)) return named;
  const { plans, problems } = loadTopologies([named], { env: process.env });
  const [plan, ...others] = plans;
  if (plan !== undefined && others.length === 0) return plan.name;
  throw new UsageError(problems.length > 0 ? `${named} has mistakes: millrace validate ${named}. Or say the topology's name.` : `Name one topology: there are ${plans.length} in ${named}.`);
}
