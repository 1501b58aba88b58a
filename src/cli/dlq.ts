import type { Arguments, Command } from './command.ts';
import { UsageError } from './command.ts';
import { listDeadLetters } from './dlq-ls.ts';
import { redriveDeadLetters } from './dlq-redrive.ts';
import { showDeadLetter } from './dlq-show.ts';
import type { Output } from './output.ts';

const filters = ['code', 'node', 'since', 'until', 'limit'] as const;
const actions: Readonly<Record<string, { readonly options: readonly string[]; run(file: string, args: Arguments, output: Output): Promise<number> }>> = {
  ls: { options: filters, run: listDeadLetters },
  show: { options: ['topic', 'partition', 'offset'], run: showDeadLetter },
  redrive: { options: [...filters, 'rate', 'max-tries', 'yes'], run: redriveDeadLetters }
};
const names = Object.keys(actions);

/** `millrace dlq ls|show|redrive`: on the broker itself, also while no daemon runs. */
export function dlqCommand(output: Output): Command {
  return {
    name: 'dlq',
    summary: 'Lists the dead letters of a topology (ls), shows one (show), and writes them once more to the topics they were read from (redrive): byte for byte, each once, however often the command is run. On an embedded broker redrive is for a stopped topology.',
    usage: 'ls|show|redrive FILE [options]',
    words: [names, 'files'],
    examples: [
      'millrace dlq ls orders.yaml',
      'millrace dlq ls orders.yaml --code undecodable --since 2026-11-27T00:00:00Z',
      'millrace dlq show orders.yaml --offset 12',
      'millrace dlq redrive orders.yaml --node real',
      'millrace dlq redrive orders.yaml --node real --rate 100 --yes'
    ],
    options: [
      { name: 'code', value: 'CODE', summary: 'ls, redrive: only these, such as undecodable.' },
      { name: 'node', value: 'NODE', summary: 'ls, redrive: only those that failed at this node.' },
      { name: 'since', value: 'TIME', summary: 'ls, redrive: only those that failed at or after this time (2026-11-27T08:00:00Z).' },
      { name: 'until', value: 'TIME', summary: 'ls, redrive: only those that failed before.' },
      { name: 'limit', value: 'N', summary: 'ls: the latest N, 20 by default. redrive: the oldest N; all by default.' },
      { name: 'topic', value: 'TOPIC', summary: 'show: the dead letter topic, where there are several.' },
      { name: 'partition', value: 'N', summary: 'show: its partition.', default: '0' },
      { name: 'offset', value: 'N', summary: 'show: its offset there, as ls prints it.' },
      { name: 'rate', value: 'N', summary: 'redrive: records a second at most; no limit by default.' },
      { name: 'max-tries', value: 'N', summary: 'redrive: only those that were driven again less often than this.' },
      { name: 'yes', summary: 'redrive: do it; without it, it is only said what would be done.' },
      { name: 'json', summary: 'Print as JSON.' }
    ],
    run: (args) => run(args, output)
  };
}

async function run(args: Arguments, output: Output): Promise<number> {
  const [name, file, ...others] = args.positionals;
  const action = name !== undefined && Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (action === undefined) throw new UsageError(`dlq takes ${names.join(', ')}${name === undefined ? '' : `, not ${name}`}.`);
  if (file === undefined || others.length > 0) throw new UsageError(`Name one topology file: dlq ${name} FILE.`);
  for (const option of [...filters, 'topic', 'offset', 'rate', 'max-tries']) if (args.text(option) !== undefined && !action.options.includes(option)) throw new UsageError(`--${option} is not for dlq ${name}.`);
  if (args.on('yes') && !action.options.includes('yes')) throw new UsageError(`--yes is not for dlq ${name}.`);
  return action.run(file, args, output);
}
