import { Failure } from '../../actors/failure.ts';
import type { Broker } from '../../actors/port.ts';
import { createLog } from '../telemetry/log.ts';
import type { Plan } from '../topology/model.ts';
import { UsageError } from './command.ts';
import { exitCode } from './exit-code.ts';
import { loadPlans } from './load-plans.ts';
import type { Output } from './output.ts';

/** How a command uses a topology's broker. */
interface Use {
  /** Only looks: then an embedded broker may be in use by a daemon. */
  readonly readOnly: boolean;
}

/** Runs a command on one topology and its broker, connected meanwhile. */
export async function withTopology(file: string, output: Output, { readOnly }: Use, work: (plan: Plan, broker: Broker) => Promise<number>): Promise<number> {
  const loaded = loadPlans([file], output);
  if (loaded === null) return exitCode.config;
  const [plan, ...others] = loaded.plans;
  if (plan === undefined || others.length > 0) throw new UsageError(`Name one topology: there are ${loaded.plans.length} in ${file}.`);
  // Only now the brokers' clients are loaded: a mistake in the file is told at once.
  const { createBroker } = await import('./create-broker.ts');
  const broker = createBroker(plan.broker, createLog({ level: 'silent', secrets: loaded.secrets, to: output.log }), { readOnly });
  try {
    await connect(broker, plan);
    return await work(plan, broker);
  } finally {
    await broker.close();
  }
}

/** A folder that a daemon has open says the same as a group with members. */
async function connect(broker: Broker, plan: Plan): Promise<void> {
  try {
    await broker.connect();
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'state_locked') throw error;
    throw new Failure('group_in_use', `${plan.name} is running: ${error.message} Nothing was changed.`, { cause: error });
  }
}
