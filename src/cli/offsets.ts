import type { Arguments, Command } from './command.ts';
import { UsageError } from './command.ts';
import { getOffsets } from './offsets-get.ts';
import { resetOffsets } from './offsets-reset.ts';
import { restoreOffsets } from './offsets-restore.ts';
import type { Output } from './output.ts';

/** `millrace offsets get|reset|restore`: where a topology's group goes on. */
export function offsetsCommand(output: Output): Command {
  return {
    name: 'offsets',
    summary: "Shows a topology's committed offsets (get), also while it runs; sets them (reset) or commits again what this machine remembers (restore) while it is stopped.",
    usage: 'get|reset|restore FILE [options]',
    words: [['get', 'reset', 'restore'], 'files'],
    examples: [
      'millrace offsets get orders.yaml',
      'millrace offsets reset orders.yaml --to earliest',
      'millrace offsets reset orders.yaml --to 2026-11-01T00:00:00Z --yes',
      'millrace offsets reset orders.yaml --to 4200 --topic orders --partition 0 --yes',
      'millrace offsets reset counts.yaml --to earliest --state drop --yes',
      'millrace offsets restore orders.yaml'
    ],
    options: [
      { name: 'to', value: 'WHERE', choices: ['earliest', 'latest'], summary: 'reset: earliest, latest, a time with its zone (2026-11-01T00:00:00Z: the first record at or after it), or a whole number: an offset.' },
      { name: 'topic', value: 'TOPIC', summary: 'reset: only this topic.' },
      { name: 'partition', value: 'N', summary: 'reset: only this partition number.' },
      { name: 'state', value: 'WHAT', choices: ['keep', 'drop'], summary: 'reset, where there is keyed state: keep it as it is, or drop it on every machine.' },
      { name: 'yes', summary: 'reset, restore: do it; without it the change is only shown.' },
      { name: 'state-dir', value: 'DIR', summary: "reset, restore: a daemon's folder for state, which remembers epochs and offsets, and whose state is dropped.", default: './data/state' },
      { name: 'json', summary: 'Print as JSON.' }
    ],
    run: (args) => run(args, output)
  };
}

function run(args: Arguments, output: Output): Promise<number> {
  const [action, file, ...others] = args.positionals;
  if (action !== 'get' && action !== 'reset' && action !== 'restore') throw new UsageError(`offsets takes get, reset or restore${action === undefined ? '' : `, not ${action}`}.`);
  if (file === undefined || others.length > 0) throw new UsageError(`Name one topology file: offsets ${action} FILE.`);
  if (action === 'reset') return resetOffsets(file, args, output);
  for (const option of ['to', 'topic', 'partition', 'state']) if (args.text(option) !== undefined) throw new UsageError(`--${option} is for offsets reset.`);
  if (action === 'restore') return restoreOffsets(file, args, output);
  return getOffsets(file, args, output);
}
