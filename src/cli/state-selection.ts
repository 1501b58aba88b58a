import type { Selection } from '../state/inspect.ts';
import type { Plan } from '../topology/model.ts';
import type { Arguments } from './command.ts';
import { UsageError } from './command.ts';
import { loadPlans } from './load-plans.ts';
import type { Output } from './output.ts';

/** What a `state` command is about. */
export interface StateTarget {
  readonly stateDir: string;
  readonly selection: Selection;
  /** Null where no file is named. */
  readonly plan: Plan | null;
}

/** From the file and the options; null, and every mistake told, where the file has any. State is kept under the name of the group. */
export function stateTarget(args: Arguments, output: Output): StateTarget | null {
  const [, file] = args.positionals;
  const stateDir = args.text('state-dir') as string;
  const task = args.text('task') ?? null;
  if (file === undefined) return { stateDir, plan: null, selection: { topology: null, task } };
  const loaded = loadPlans([file], output);
  if (loaded === null) return null;
  const [plan, ...others] = loaded.plans;
  if (plan === undefined || others.length > 0) throw new UsageError(`Name one topology: there are ${loaded.plans.length} in ${file}.`);
  return { stateDir, plan, selection: { topology: plan.group, task } };
}

/** What is said where nothing is found. */
export function nothingIn({ stateDir, selection: { topology, task } }: StateTarget): string {
  const whose = [topology, task].filter((name) => name !== null).join(' ');
  return `There is no state${whose === '' ? '' : ` of ${whose}`} in ${stateDir}. Another folder: --state-dir DIR\n`;
}
