import { join } from 'node:path';
import { asFailure } from '../../actors/failure.ts';
import type { GroupMember } from '../../actors/port.ts';
import { look, nothingThere } from '../runtime/survey/look.ts';
import type { BrokerView } from '../runtime/survey/model.ts';
import { survey } from '../runtime/survey/survey.ts';
import { summarize } from '../state/inspect.ts';
import { lockHolder } from '../state/lock.ts';
import { rememberedTask } from '../state/remembered.ts';
import { createLog } from '../telemetry/log.ts';
import type { Plan } from '../topology/model.ts';
import type { Arguments, Command } from './command.ts';
import { UsageError } from './command.ts';
import { exitCode } from './exit-code.ts';
import { loadPlans } from './load-plans.ts';
import type { Output } from './output.ts';
import { planText } from './plan-text.ts';

/** `millrace plan`: what a start would do, before anything starts; it changes nothing. */
export function planCommand(output: Output): Command {
  return {
    name: 'plan',
    summary: 'Shows what a start would do against what is there: state that is kept, rebuilt, left over or refused; topics, offsets. Changes nothing; ends with 78 where a start would be refused.',
    usage: 'FILE [options]',
    words: ['files'],
    examples: ['millrace plan orders.yaml', 'millrace plan orders.yaml --state-dir /var/lib/millrace --json'],
    options: [
      { name: 'state-dir', value: 'DIR', summary: "The daemon's folder for state.", default: './data/state' },
      { name: 'json', summary: 'Print as JSON.' }
    ],
    run: (args) => run(args, output)
  };
}

/** What is known of the broker now. */
export interface Seen {
  /** Null where it is away. */
  readonly view: BrokerView | null;
  readonly away: string | null;
  readonly members: readonly GroupMember[];
}

async function run(args: Arguments, output: Output): Promise<number> {
  const [file, ...others] = args.positionals;
  if (file === undefined || others.length > 0) throw new UsageError('Name one topology file: plan FILE.');
  const loaded = loadPlans([file], output);
  if (loaded === null) return exitCode.config;
  const [plan] = loaded.plans;
  if (plan === undefined || loaded.plans.length > 1) throw new UsageError(`Name one topology: there are ${loaded.plans.length} in ${file}.`);
  const stateDir = args.text('state-dir') as string;
  const seen = await see(plan, loaded.secrets, output);
  const tasks = summarize(stateDir, { topology: plan.group, task: null });
  const found = survey(plan, seen.view, { tasks, remembered: (task) => rememberedTask(stateDir, plan.group, task) });
  const holder = lockHolder(stateDir);
  const goesOn = found.refusals.length === 0;
  if (args.on('json')) output.print(`${JSON.stringify({ topology: plan.name, group: plan.group, goes_on: goesOn, broker_away: seen.away, members: seen.members, state_dir_used_by: holder, ...found }, null, 2)}\n`);
  else output.print(planText({ plan, found, seen, stateDir, holder }));
  return goesOn ? exitCode.ok : exitCode.config;
}

async function see(plan: Plan, secrets: readonly string[], output: Output): Promise<Seen> {
  const { createBroker } = await import('./create-broker.ts');
  const broker = createBroker(plan.broker, createLog({ level: 'silent', secrets: [...secrets], to: output.log }), { readOnly: true });
  try {
    await broker.connect();
    return { view: await look(plan, broker), away: null, members: await membersOf(plan, () => broker.groupMembers(plan.group)) };
  } catch (error) {
    const failure = asFailure(error, 'broker_unavailable');
    // An embedded broker on which nothing ran.
    if (failure.code === 'topic_missing' && plan.broker.type === 'embedded') return { view: nothingThere, away: null, members: [] };
    if (failure.code !== 'broker_unavailable') throw failure;
    return { view: null, away: failure.message, members: [] };
  } finally {
    await broker.close();
  }
}

/** Groups of an embedded broker are in the process that has it. */
async function membersOf({ broker }: Plan, ask: () => Promise<GroupMember[]>): Promise<GroupMember[]> {
  if (broker.type !== 'embedded') return ask();
  const holder = lockHolder(join(broker.path, 'broker'));
  return holder === null ? [] : [{ id: String(holder), client: `pid ${holder}`, host: 'this machine', partitions: null, peer: null }];
}
