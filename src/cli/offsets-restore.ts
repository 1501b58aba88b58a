import { prepareRestore } from '../runtime/restore-offsets.ts';
import type { PreparedRestore, RestoreFate, RestoreRow } from '../runtime/restore-offsets.ts';
import { fenceTasks } from '../runtime/reset-offsets.ts';
import { hasAllPositions } from '../state/positions.ts';
import { rememberedTask } from '../state/remembered.ts';
import type { Arguments } from './command.ts';
import { exitCode } from './exit-code.ts';
import { inUse } from './in-use.ts';
import type { Output } from './output.ts';
import { textTable } from './text-table.ts';
import { withTopology } from './with-topology.ts';

/** `millrace offsets restore`: shows what a state directory remembers; with --yes commits it again. */
export function restoreOffsets(file: string, args: Arguments, output: Output): Promise<number> {
  const yes = args.on('yes');
  const stateDir = args.text('state-dir') as string;
  return withTopology(file, output, { readOnly: !yes }, async (plan, broker) => {
    const members = await broker.groupMembers(plan.group);
    const free = yes && members.length === 0;
    // What a task left open may still settle, and commit.
    if (free) await fenceTasks(plan, broker);
    const restore = await prepareRestore({ plan, broker, remembered: (task) => rememberedTask(stateDir, plan.group, task) });
    const done = free && restore.commits.length > 0;
    if (done) await broker.commitOffsets(plan.group, restore.commits);
    if (args.on('json')) output.print(`${JSON.stringify({ topology: plan.name, group: plan.group, done, complete: hasAllPositions(stateDir), partitions: restore.rows }, null, 2)}\n`);
    else show(restore, stateDir, output);
    if (members.length > 0) throw inUse(plan, members);
    if (!args.on('json')) output.print(ending(restore, yes, file));
    return exitCode.ok;
  });
}

const remarks: Readonly<Record<RestoreFate, string>> = {
  restored: 'is committed again',
  same: 'is there already',
  later: 'a later commit is there',
  unknown: 'not remembered here'
};

function show({ rows }: PreparedRestore, stateDir: string, output: Output): void {
  output.print(textTable([['topic', 'partition', 'committed', 'remembered', 'task', 'epoch', ''], ...rows.map(cellsOf)], [1, 2, 3, 5]));
  if (rows.some(({ fate }) => fate === 'unknown')) {
    output.print(`What is not remembered in ${stateDir} may be in the state directory of another daemon: restore from there too, before anything starts. Where nobody ever committed, start: decides.\n`);
  }
  if (!hasAllPositions(stateDir) && rows.some(({ fate }) => fate === 'restored')) {
    output.print('The daemon did not end by itself: its last quarter of a second may lack. Those records are worked on again, and their outputs may come twice.\n');
  }
}

function cellsOf({ topic, partition, committed, offset, task, epoch, fate }: RestoreRow): string[] {
  const [before, remembered, at] = [committed, offset, epoch].map((value) => (value === null ? '-' : String(value))) as [string, string, string];
  return [topic, String(partition), before, remembered, task, at, remarks[fate]];
}

function ending({ commits }: PreparedRestore, yes: boolean, file: string): string {
  if (commits.length === 0) return 'There is nothing to restore.\n';
  return yes ? `Done. The next start goes on there: millrace run ${file}\n` : 'Nothing is changed yet: add --yes to do it.\n';
}
