import { checkImport } from '../runtime/import-check.ts';
import type { ImportSettings, ImportTask, OffsetChoice } from '../runtime/import-check.ts';
import { importState } from '../runtime/import-state.ts';
import { holdsOf } from '../runtime/open-state.ts';
import { fenceTasks } from '../runtime/reset-offsets.ts';
import { Failure } from '../../actors/failure.ts';
import type { Broker } from '../../actors/port.ts';
import { summarize } from '../state/inspect.ts';
import { acquireLock } from '../state/lock.ts';
import { rememberedTask } from '../state/remembered.ts';
import { replaceTask } from '../state/replace-task.ts';
import { checkStateFile, entriesIn } from '../state/state-file.ts';
import type { StateFile } from '../state/state-file.ts';
import type { Plan } from '../topology/model.ts';
import type { Arguments } from './command.ts';
import { UsageError } from './command.ts';
import { exitCode } from './exit-code.ts';
import { inUse } from './in-use.ts';
import type { Output } from './output.ts';
import { storeNode } from './state-node.ts';
import { textTable } from './text-table.ts';
import { withTopology } from './with-topology.ts';

/** `millrace state import`: shows what would be taken in; with --yes takes it in. */
export function importStateCommand(args: Arguments, output: Output): Promise<number> {
  const [, file = ''] = args.positionals;
  const path = args.text('from');
  if (path === undefined) throw new UsageError('Say which export: --from FILE.');
  const offsets = offsetChoice(args.text('offsets'));
  const stateDir = args.text('state-dir') as string;
  const yes = args.on('yes');
  return withTopology(file, output, { readOnly: !yes }, async (plan, broker) => {
    const node = storeNode(plan, args);
    const read = checkStateFile(path);
    if (read.header.node !== node) throw new Failure('import_refused', `${path} is an export of ${read.header.node}, not of ${node}.`);
    const members = await broker.groupMembers(plan.group);
    if (members.length > 0) throw inUse(plan, members);
    const settings: ImportSettings = {
      plan,
      broker,
      header: read.header,
      id: read.id.slice(0, 16),
      offsets,
      replace: args.on('replace'),
      entriesHere: (task) => summarize(stateDir, { topology: plan.group, task }).flatMap(({ stores }) => stores).reduce((sum, { name, entries }) => sum + (name === node ? entries : 0), 0),
      remembered: (task) => rememberedTask(stateDir, plan.group, task),
      now: Date.now()
    };
    return yes ? take({ plan, broker, read, settings, stateDir }, args, output) : preview({ read, settings }, args, output);
  });
}

/** What an import works on. */
interface Taking {
  readonly plan: Plan;
  readonly broker: Broker;
  readonly read: StateFile;
  readonly settings: ImportSettings;
  readonly stateDir: string;
}

async function preview({ read, settings }: Pick<Taking, 'read' | 'settings'>, args: Arguments, output: Output): Promise<number> {
  show(await checkImport(settings), read, settings, args, output, false);
  if (!args.on('json')) output.print('Nothing is changed yet: add --yes to do it.\n');
  return exitCode.ok;
}

async function take({ plan, broker, read, settings, stateDir }: Taking, args: Arguments, output: Output): Promise<number> {
  const lock = acquireLock(stateDir);
  try {
    // What a task left open may still settle, and commit.
    await fenceTasks(plan, broker);
    const tasks = await checkImport(settings);
    await importState(tasks, settings, {
      entries: (index) => entriesIn(read, index),
      largest: read.largest,
      replace(task, attempt) {
        const stores = holdsOf(plan, task.unit.sub);
        replaceTask(stateDir, { topology: plan.group, task: task.unit.name, stores, durability: plan.state.durability }, entriesIn(read, task.index), attempt);
      }
    });
    show(tasks, read, settings, args, output, true);
    if (!args.on('json')) output.print(tasks.every(({ fate }) => fate === 'there') ? 'There is nothing left to do.\n' : `Done. The next start goes on there: millrace run ${plan.file}\n`);
    return exitCode.ok;
  } finally {
    lock.release();
  }
}

function offsetChoice(text: string | undefined): OffsetChoice | null {
  if (text === undefined || text === 'set' || text === 'keep') return text ?? null;
  throw new UsageError(`--offsets is set or keep, not ${text}.`);
}

const remarks: Readonly<Record<ImportTask['fate'], string>> = {
  new: 'has no state yet',
  replaced: 'its state is given up',
  unfinished: 'an import that was cut off is ended',
  there: 'was taken in before'
};

function show(tasks: readonly ImportTask[], { header, entries }: StateFile, { offsets }: ImportSettings, args: Arguments, output: Output, done: boolean): void {
  const moved = tasks.flatMap((task) => (task.fate === 'there' ? [] : task.moved));
  if (args.on('json')) {
    const rows = tasks.map(({ index, exported, fate }) => ({ task: exported.task, epoch: exported.epoch, entries: entries[index] ?? 0, fate }));
    output.print(`${JSON.stringify({ node: header.node, exported: header.exported, done, tasks: rows, offsets, moved }, null, 2)}\n`);
    return;
  }
  output.print(textTable([['task', 'epoch', 'entries', ''], ...tasks.map(({ index, exported, fate }) => [exported.task, String(exported.epoch), String(entries[index] ?? 0), remarks[fate]])], [1, 2]));
  const all = Math.max(0, ...tasks.flatMap(({ exported: { counts = {} } }) => Object.values(counts)));
  if (tasks.length < all) output.print(`The export has ${tasks.length} of ${all} tasks: the others stay as they are.\n`);
  if (moved.length === 0) return;
  output.print(textTable([['topic', 'partition', 'committed', 'export'], ...moved.map(({ topic, partition, committed, exported }) => [topic, String(partition), committed === null ? '-' : String(committed), String(exported)])], [1, 2, 3]));
  output.print(offsets === 'set' ? 'The offsets are set to those of the export: what was read since is read again, and its results come again.\n' : 'The offsets stay: results reflect the input up to the export, and from what is committed on.\n');
}
