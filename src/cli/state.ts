import type { Arguments, Command } from './command.ts';
import { UsageError } from './command.ts';
import type { Output } from './output.ts';
import { dropStateCommand } from './state-drop.ts';
import { exportState } from './state-export.ts';
import { getState } from './state-get.ts';
import { importStateCommand } from './state-import.ts';
import { listState } from './state-list.ts';
import { verifyState } from './state-verify.ts';

const actions: Readonly<Record<string, { readonly takes: string; readonly options: readonly string[]; run(args: Arguments, output: Output): number | Promise<number> }>> = {
  ls: { takes: '[FILE]', options: ['task'], run: listState },
  get: { takes: 'FILE STORE [TEXT]', options: ['task', 'limit', 'key'], run: getState },
  verify: { takes: '[FILE]', options: ['task'], run: verifyState },
  drop: { takes: 'FILE', options: ['task', 'store', 'yes'], run: dropStateCommand },
  export: { takes: 'FILE', options: ['task', 'node', 'out', 'results'], run: exportState },
  import: { takes: 'FILE', options: ['node', 'from', 'offsets', 'replace', 'yes'], run: importStateCommand }
};
const names = Object.keys(actions);

/** `millrace state ls|get|verify|drop|export|import`: what a daemon keeps on this machine. */
export function stateCommand(output: Output): Command {
  return {
    name: 'state',
    summary: 'Shows the keyed state on this machine: lists it (ls), prints entries (get), also while a daemon runs; checks all of it (verify), gives it up (drop); writes that of a node to a file (export) and takes it back (import).',
    usage: 'ls [FILE] | get FILE STORE [TEXT] | verify [FILE] | drop FILE | export FILE --node NODE | import FILE --node NODE --from ROWS',
    words: [names, 'files'],
    examples: [
      'millrace state ls',
      'millrace state get orders.yaml per_minute purchase --limit 5',
      'millrace state get orders.yaml customers --key c42',
      'millrace state verify orders.yaml',
      'millrace state drop orders.yaml --store per_minute --yes',
      'millrace state export orders.yaml --node per_minute --out rows.ndjson',
      'millrace state import orders.yaml --node per_minute --from rows.ndjson'
    ],
    options: [
      { name: 'state-dir', value: 'DIR', summary: "The daemon's folder for state.", default: './data/state' },
      { name: 'task', value: 'TASK', summary: 'Only this task, such as orders-0.' },
      { name: 'key', value: 'KEY', summary: 'get: only this key; of a table it is found at once, however large that is.' },
      { name: 'limit', value: 'N', summary: 'get: at most so many entries.', default: '20' },
      { name: 'store', value: 'NAME', summary: "drop: only this store; without it all state of the topology's tasks." },
      { name: 'node', value: 'NODE', summary: 'export, import: the node whose store it is.' },
      { name: 'out', value: 'ROWS', summary: 'export: the file to be written; default: standard output.' },
      { name: 'results', summary: 'export: as get prints entries, to be read and not to be imported.' },
      { name: 'from', value: 'ROWS', summary: 'import: the file that was exported.' },
      { name: 'offsets', value: 'WHAT', choices: ['set', 'keep'], summary: 'import, where the group stands elsewhere: set its offsets to those of the export, or keep them.' },
      { name: 'replace', summary: 'import: give up the state that is there, on every machine.' },
      { name: 'yes', summary: 'drop, import: do it; without it the change is only shown.' },
      { name: 'json', summary: 'Print as JSON.' }
    ],
    run: (args) => Promise.resolve().then(() => run(args, output))
  };
}

function run(args: Arguments, output: Output): number | Promise<number> {
  const [name] = args.positionals;
  const action = name !== undefined && Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (action === undefined) throw new UsageError(`state takes ${names.join(', ')}${name === undefined ? '' : `, not ${name}`}.`);
  for (const option of ['task', 'key', 'store', 'node', 'out', 'from', 'offsets'] as const) if (args.text(option) !== undefined && !action.options.includes(option)) throw new UsageError(`--${option} is not for state ${name}.`);
  for (const option of ['yes', 'results', 'replace'] as const) if (args.on(option) && !action.options.includes(option)) throw new UsageError(`--${option} is not for state ${name}.`);
  const [least, most] = [action.takes.split(' ').filter((word) => !word.startsWith('[')).length, action.takes.split(' ').length];
  const given = args.positionals.length - 1;
  if (given < least || given > most) throw new UsageError(`Write: state ${name} ${action.takes}`);
  return action.run(args, output);
}
