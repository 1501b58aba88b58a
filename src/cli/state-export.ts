import { Failure } from '../../actors/failure.ts';
import { rememberedTask } from '../state/remembered.ts';
import { snapshotStore } from '../state/snapshot.ts';
import type { StoreSnapshot } from '../state/snapshot.ts';
import { writeState, writeWhole } from '../state/state-file.ts';
import type { ExportedTask, StateHeader, WriteText } from '../state/state-file.ts';
import type { Plan } from '../topology/model.ts';
import type { Arguments } from './command.ts';
import { exitCode } from './exit-code.ts';
import { storeNode } from './state-node.ts';
import type { Output } from './output.ts';
import { showEntry } from './state-entry.ts';
import { nothingIn, stateTarget } from './state-selection.ts';

/** `millrace state export`: a node's store as JSON lines, also while a daemon runs. */
export function exportState(args: Arguments, output: Output): number {
  const target = stateTarget(args, output);
  if (target === null) return exitCode.config;
  const plan = target.plan as Plan;
  const node = storeNode(plan, args);
  const path = args.text('out');
  const snapshots = snapshotStore(target.stateDir, target.selection, node);
  try {
    const own = snapshots.filter(({ holds, problem }) => holds !== null || problem !== null);
    if (own.length === 0) throw new Failure('export_refused', nothingIn(target).trim());
    const work = (write: WriteText): number[] => (args.on('results') ? writeResults(own, write) : writeState(headerOf(plan, node, own, target.stateDir), (task) => (own[task] as StoreSnapshot).entries(), write));
    const entries = path === undefined ? work((text) => { output.print(text); }) : writeWhole(path, work);
    const told = own.map(({ task, applied, prepared }, index) => `${task}: ${entries[index] ?? 0} entries of epoch ${applied?.epoch ?? '-'}${prepared === null ? '' : `; whether epoch ${prepared.epoch} was committed is not known here: it is not in`}\n`);
    output.complain(told.join(''));
    return exitCode.ok;
  } finally {
    for (const snapshot of snapshots) snapshot.close();
  }
}

function headerOf({ name, group }: Plan, node: string, snapshots: readonly StoreSnapshot[], stateDir: string): StateHeader {
  const tasks = snapshots.map((snapshot) => taskOf(snapshot, group, stateDir));
  const [first, ...others] = snapshots.map(({ holds }) => holds ?? {});
  const other = others.findIndex((holds) => JSON.stringify(holds) !== JSON.stringify(first));
  if (other >= 0) throw new Failure('export_refused', `${snapshots[other + 1]?.task ?? ''} holds something else than ${snapshots[0]?.task ?? ''}: one is of an earlier definition of ${node}.`);
  return { topology: name, group, node, holds: first ?? {}, exported: new Date().toISOString(), tasks };
}

/** Entries and positions have to be of one epoch, and a task that was restored notes them beside its state. */
function taskOf({ task, applied, problem }: StoreSnapshot, group: string, stateDir: string): ExportedTask {
  if (problem !== null) throw new Failure('export_refused', `The state of ${task} cannot be read: ${problem}.`);
  if (applied === null) throw new Failure('export_refused', `The state of ${task} is half restored, or new: no epoch is whole in it.`);
  const { epoch, nonce } = applied;
  if (applied.at !== undefined) return { task, epoch, nonce, ...applied.at };
  const noted = rememberedTask(stateDir, group, task);
  if (noted?.epoch === epoch && noted.nonce === nonce && Object.keys(noted.offsets).length > 0) return { task, ...noted };
  throw new Failure('export_refused', `The state of ${task} does not say yet where its epoch ${epoch} was committed.`);
}

/** Characters that are written at once. */
const chunk = 1 << 18;

/** Entries as `state get` prints them. */
function writeResults(snapshots: readonly StoreSnapshot[], write: WriteText): number[] {
  return snapshots.map((snapshot) => {
    const { task, holds, problem } = snapshot;
    if (problem !== null) throw new Failure('export_refused', `The state of ${task} cannot be read: ${problem}.`);
    let count = 0;
    let waiting = '';
    for (const [key, value] of snapshot.entries()) {
      waiting += `${JSON.stringify({ task, ...showEntry(key, value, holds ?? {}) })}\n`;
      count++;
      if (waiting.length < chunk) continue;
      write(waiting);
      waiting = '';
    }
    write(waiting);
    return count;
  });
}
