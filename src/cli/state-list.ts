import { summarize } from '../state/inspect.ts';
import type { TaskSummary } from '../state/inspect.ts';
import type { Arguments } from './command.ts';
import { exitCode } from './exit-code.ts';
import type { Output } from './output.ts';
import { nothingIn, stateTarget } from './state-selection.ts';
import { textTable } from './text-table.ts';

/** `millrace state ls`. */
export function listState(args: Arguments, output: Output): number {
  const target = stateTarget(args, output);
  if (target === null) return exitCode.config;
  const tasks = summarize(target.stateDir, target.selection);
  if (args.on('json')) output.print(`${JSON.stringify({ tasks }, null, 2)}\n`);
  else if (tasks.length === 0) output.print(nothingIn(target));
  else output.print(textTable([['topology', 'task', 'store', 'entries', 'task MiB', 'epoch', 'written', ''], ...tasks.flatMap(rowsOf)], [3, 4, 5]));
  return exitCode.ok;
}

function rowsOf({ topology, task, bytes, applied, writtenAt, stores, problem }: TaskSummary): string[][] {
  const ending = [(bytes / 1_048_576).toFixed(1), applied === null ? '-' : String(applied.epoch), writtenAt === null ? '-' : new Date(writtenAt).toISOString()];
  const remark = problem ?? (applied === null ? 'half restored, or new' : '');
  if (stores.length === 0) return [[topology, task, '-', '-', ...ending, remark]];
  return stores.map(({ name, entries }) => [topology, task, name, String(entries), ...ending, remark]);
}
