import { dropState, listDrops } from '../state/inspect.ts';
import type { Arguments } from './command.ts';
import { exitCode } from './exit-code.ts';
import type { Output } from './output.ts';
import { nothingIn, stateTarget } from './state-selection.ts';

/** `millrace state drop`: shows what would go; with --yes it goes. */
export function dropStateCommand(args: Arguments, output: Output): number {
  const target = stateTarget(args, output);
  if (target === null) return exitCode.config;
  const store = args.text('store') ?? null;
  const done = args.on('yes');
  const rebuilt = target.plan?.state.changelog === true;
  const dropped = done ? dropState(target.stateDir, target.selection, store, rebuilt) : listDrops(target.stateDir, target.selection, store);
  if (args.on('json')) output.print(`${JSON.stringify({ done, dropped }, null, 2)}\n`);
  else if (dropped.length === 0) output.print(store === null ? nothingIn(target) : `No task here has a store ${store}.\n`);
  else {
    for (const { topology, task } of dropped) output.print(`${topology} ${task}: ${store === null ? 'all state' : `store ${store}`}\n`);
    const again = rebuilt ? 'The next start builds it anew from the changelog; to begin empty: millrace offsets reset FILE --to WHERE --state drop\n' : '';
    output.print(done ? `Gone from this machine.\n${again}` : 'Nothing is gone yet: add --yes to do it.\n');
  }
  return exitCode.ok;
}
