import type { ClusterView } from '../../actors/cluster-view.ts';
import { asFailure } from '../../actors/failure.ts';
import { redriveGroup } from '../dead-letters/redrive.ts';
import { deadLetterTopics } from '../dead-letters/topics.ts';
import { createLog } from '../telemetry/log.ts';
import { loadTopologies } from '../topology/load.ts';
import type { Plan } from '../topology/model.ts';
import type { Arguments, Command } from './command.ts';
import { UsageError } from './command.ts';
import { clusterFindings, rightFindings, topicFindings } from './doctor/broker-checks.ts';
import { clockFindings } from './doctor/clock-checks.ts';
import type { Finding } from './doctor/finding.ts';
import { failure, runCheck, skipped } from './doctor/finding.ts';
import { redriveFindings } from './doctor/redrive-checks.ts';
import type { Patient } from './doctor/patient.ts';
import { usedTopics } from './doctor/patient.ts';
import { loadFindings, nodeFindings } from './doctor/process-checks.ts';
import { productionBoxes } from './doctor/production.ts';
import { registryFindings } from './doctor/registry-checks.ts';
import { boxesText, findingsText } from './doctor/text.ts';
import { stateFindings } from './doctor/state-checks.ts';
import { exitCode } from './exit-code.ts';
import type { Output } from './output.ts';
import { paintProblem } from './paint-problem.ts';

/** `millrace doctor`: everything a topology needs, looked at from here. */
export function doctorCommand(output: Output): Command {
  return {
    name: 'doctor',
    summary: 'Looks at all that a topology needs, from this machine: broker, topics, rights, schema registry, state, disk, clock. Changes nothing; ends with 69 where something is wrong, with --production with 78 where a box is not ticked.',
    usage: 'FILE [options]',
    words: ['files'],
    examples: ['millrace doctor orders.yaml', 'millrace doctor --production orders.yaml'],
    options: [
      { name: 'production', summary: 'Print the checklist for production instead, ticked or not.' },
      { name: 'state-dir', value: 'DIR', summary: "The daemon's folder for state.", default: './data/state' },
      { name: 'timeout', value: 'SECONDS', summary: 'Longest time for one check.', default: '5' },
      { name: 'json', summary: 'Print as JSON.' }
    ],
    run: (args) => run(args, output)
  };
}

async function run(args: Arguments, output: Output): Promise<number> {
  const [file, ...others] = args.positionals;
  if (file === undefined || others.length > 0) throw new UsageError('Name one topology file: doctor FILE.');
  const deadline = Number(args.text('timeout')) * 1000;
  if (!(deadline >= 100 && deadline <= 600_000)) throw new UsageError('--timeout is a number of seconds, from 0.1 to 600.');
  const loaded = loadTopologies([file], { env: process.env });
  const [plan, ...more] = loaded.plans;
  if (loaded.problems.length > 0) {
    for (const problem of loaded.problems) output.complain(`${paintProblem(problem, output)}\n`);
    return exitCode.config;
  }
  if (plan === undefined || more.length > 0) throw new UsageError(`Name one topology: there are ${loaded.plans.length} in ${file}.`);
  const { createBroker } = await import('./create-broker.ts');
  const broker = createBroker(plan.broker, createLog({ level: 'silent', secrets: loaded.secrets, to: output.log }), { readOnly: true });
  try {
    const { view, findings } = await lookAtCluster(plan, broker, deadline);
    const patient: Patient = { plan, loaded, broker, view, stateDir: args.text('state-dir') as string };
    return args.on('production') ? await production(patient, args, output) : await examine(patient, findings, deadline, args, output);
  } finally {
    await broker.close();
    plan.registry?.close();
  }
}

/** The cluster is looked at once, for all checks that need it. */
async function lookAtCluster(plan: Plan, broker: Patient['broker'], deadline: number): Promise<{ view: ClusterView | null; findings: Finding[] }> {
  let view: ClusterView | null = null;
  const topics = [...new Set([...usedTopics(plan).map(({ topic }) => topic), ...plan.internalTopics.map(({ topic }) => topic)])];
  const findings = await runCheck({
    area: 'broker',
    async run() {
      try {
        await broker.connect();
        view = await broker.view(topics, plan.group, deadLetterTopics(plan).length > 0 ? redriveGroup(plan) : undefined);
      } catch (error) {
        // An embedded broker on which nothing ran.
        const { code, message, remedy } = asFailure(error, 'broker_unavailable');
        if (code !== 'topic_missing' || plan.broker.type !== 'embedded') return [failure('broker', message, remedy)];
        view = { id: null, nodes: [], release: 'embedded', topics: new Map(), group: null, transactionalId: null };
      }
      return clusterFindings(view);
    }
  }, deadline);
  return { view, findings };
}

async function examine(patient: Patient, ofCluster: readonly Finding[], deadline: number, args: Arguments, output: Output): Promise<number> {
  const { plan, loaded, broker, view, stateDir } = patient;
  const { registry } = plan;
  const withView = (area: string, look: (view: ClusterView) => Finding[] | Promise<Finding[]>): Promise<Finding[]> =>
    view === null ? Promise.resolve([skipped(area, 'needs the broker')]) : runCheck({ area, run: () => look(view) }, deadline);
  const rest = await Promise.all([
    withView('topics', (seen) => topicFindings(plan, seen)),
    withView('rights', (seen) => [...rightFindings(plan, seen), ...redriveFindings(plan, seen)]),
    registry === null ? [] : runCheck({ area: 'registry', run: () => registryFindings(registry, loaded) }, deadline),
    runCheck({ area: 'state', run: () => stateFindings(plan, stateDir) }, deadline),
    withView('clock', (seen) => clockFindings(plan, broker, seen)),
    withView('sockets', (seen) => loadFindings(plan, seen, stateDir)),
    runCheck({ area: 'node', run: () => nodeFindings(process.version) }, deadline)
  ]);
  const findings = [...ofCluster, ...rest.flat()];
  const bad = findings.some(({ status }) => status === 'failure');
  if (args.on('json')) output.print(`${JSON.stringify({ topology: plan.name, healthy: !bad, findings }, null, 2)}\n`);
  else output.print(findingsText(plan, findings));
  return bad ? exitCode.unavailable : exitCode.ok;
}

async function production(patient: Patient, args: Arguments, output: Output): Promise<number> {
  const boxes = await productionBoxes(patient);
  if (args.on('json')) output.print(`${JSON.stringify({ topology: patient.plan.name, boxes }, null, 2)}\n`);
  else output.print(boxesText(patient.plan, boxes));
  return boxes.some(({ ticked }) => ticked === false) ? exitCode.config : exitCode.ok;
}

