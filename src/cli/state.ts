import type { Arguments, Command } from './command.ts';
import { UsageError } from './command.ts';
import type { Output } from './output.ts';
import { dropStateCommand } from './state-drop.ts';
import { getState } from './state-get.ts';
import { listState } from './state-list.ts';
import { verifyState } from './state-verify.ts';

const actions: Readonly<Record<string, { readonly takes: string; readonly options: readonly string[]; run(args: Arguments, output: Output): number }>> = {
  ls: { takes: '[FILE]', options: ['task'], run: listState },
  get: { takes: 'FILE STORE [TEXT]', options: ['task', 'limit'], run: getState },
  verify: { takes: '[FILE]', options: ['task'], run: verifyState },
  drop: { takes: 'FILE', options: ['task', 'store', 'yes'], run: dropStateCommand }
};
const names = Object.keys(actions);

/** `millrace state ls|get|verify|drop`: what a daemon keeps on this machine. */
export function stateCommand(output: Output): Command {
  return {
    name: 'state',
    summary: 'Shows the keyed state on this machine: lists it (ls), prints entries (get), also while a daemon runs; checks all of it (verify), gives it up (drop).',
    usage: 'ls [FILE] | get FILE STORE [TEXT] | verify [FILE] | drop FILE',
    words: [names, 'files'],
    examples: [
      'millrace state ls',
      'millrace state get orders.yaml per_minute purchase --limit 5',
      'millrace state verify orders.yaml',
      'millrace state drop orders.yaml --store per_minute --yes'
    ],
    options: [
      { name: 'state-dir', value: 'DIR', summary: "The daemon's folder for state.", default: './data/state' },
      { name: 'task', value: 'TASK', summary: 'Only this task, such as orders-0.' },
      { name: 'limit', value: 'N', summary: 'get: at most so many entries.', default: '20' },
      { name: 'store', value: 'NAME', summary: "drop: only this store; without it all state of the topology's tasks." },
      { name: 'yes', summary: 'drop: do it; without it what would go is only shown.' },
      { name: 'json', summary: 'Print as JSON.' }
    ],
    run: (args) => Promise.resolve().then(() => run(args, output))
  };
}

function run(args: Arguments, output: Output): number {
  const [name] = args.positionals;
  const action = name !== undefined && Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (action === undefined) throw new UsageError(`state takes ${names.join(', ')}${name === undefined ? '' : `, not ${name}`}.`);
  for (const option of ['task', 'store'] as const) if (args.text(option) !== undefined && !action.options.includes(option)) throw new UsageError(`--${option} is not for state ${name}.`);
  if (args.on('yes') && !action.options.includes('yes')) throw new UsageError(`--yes is not for state ${name}.`);
  const [least, most] = [action.takes.split(' ').filter((word) => !word.startsWith('[')).length, action.takes.split(' ').length];
  const given = args.positionals.length - 1;
  if (given < least || given > most) throw new UsageError(`Write: state ${name} ${action.takes}`);
  return action.run(args, output);
}
