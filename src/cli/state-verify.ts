import { selectTasks } from '../state/inspect.ts';
import { verifyTask } from '../state/verify.ts';
import type { Arguments } from './command.ts';
import { exitCode } from './exit-code.ts';
import type { Output } from './output.ts';
import { nothingIn, stateTarget } from './state-selection.ts';

/** `millrace state verify`: reads every entry and checks it; 65 where one is damaged. */
export function verifyState(args: Arguments, output: Output): number {
  const target = stateTarget(args, output);
  if (target === null) return exitCode.config;
  const tasks = selectTasks(target.stateDir, target.selection).map(({ topology, task, folder }) => ({ topology, task, ...verifyTask(folder) }));
  const isSound = tasks.every(({ bad }) => bad === 0);
  if (args.on('json')) output.print(`${JSON.stringify({ sound: isSound, tasks }, null, 2)}\n`);
  else if (tasks.length === 0) output.print(nothingIn(target));
  for (const { topology, task, entries, problems, bad } of args.on('json') ? [] : tasks) {
    const counts = Object.entries(entries).map(([store, count]) => `${store} ${count}`).join(', ');
    output.print(`${topology} ${task}: ${bad === 0 ? 'sound' : 'damaged'}${counts === '' ? '' : ` (entries: ${counts})`}\n`);
    for (const problem of problems) output.print(`  ${problem}\n`);
    if (bad > problems.length) output.print(`  and ${bad - problems.length} more\n`);
    if (bad > 0) output.print(`  The next start of the task puts it aside as soon as it meets the damage; or give it up now: millrace state drop ${args.positionals[1] ?? 'FILE'} --task ${task} --yes\n`);
  }
  return isSound ? exitCode.ok : exitCode.data;
}
