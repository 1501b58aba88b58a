import { parseMoment } from '../../actors/options.ts';
import type { Broker, TopicPartition } from '../../actors/port.ts';
import { internalNames, partitionsToRead } from '../runtime/group-offsets.ts';
import { fenceTasks, prepareReset } from '../runtime/reset-offsets.ts';
import type { OffsetChange, PreparedReset, ResetTarget, StateChoice } from '../runtime/reset-offsets.ts';
import { dropState, listDrops } from '../state/inspect.ts';
import { rememberedTask } from '../state/remembered.ts';
import type { Plan } from '../topology/model.ts';
import { nearest } from '../topology/suggest.ts';
import type { Arguments } from './command.ts';
import { UsageError } from './command.ts';
import { exitCode } from './exit-code.ts';
import { inUse } from './in-use.ts';
import type { Output } from './output.ts';
import { textTable } from './text-table.ts';
import { withTopology } from './with-topology.ts';

/** `millrace offsets reset`: shows the change; with --yes makes it. */
export function resetOffsets(file: string, args: Arguments, output: Output): Promise<number> {
  const target = targetOf(args.text('to'));
  const yes = args.on('yes');
  return withTopology(file, output, { readOnly: !yes }, async (plan, broker) => {
    const state = stateChoice(plan, args);
    const selected = await selection(plan, broker, args);
    const members = await broker.groupMembers(plan.group);
    const done = yes && members.length === 0;
    // Before the offsets are read: what a task left open may still settle and move them.
    if (done) await fenceTasks(plan, broker);
    const stateDir = args.text('state-dir') as string;
    const reset = await prepareReset({ plan, broker, target, selected, state, now: Date.now(), remembered: (task) => rememberedTask(stateDir, plan.group, task) });
    const dropped = state === 'drop' ? listDrops(stateDir, { topology: plan.group, task: null }, null).map(({ task }) => task) : [];
    if (done) await make(plan, broker, reset, { stateDir, dropped });
    show({ plan, reset, state, dropped, done }, args, output);
    if (members.length > 0) throw inUse(plan, members);
    if (!args.on('json')) output.print(done ? `Done. The next start goes on there: millrace run ${file}\n` : 'Nothing is changed yet: add --yes to do it.\n');
    return exitCode.ok;
  });
}

/** What there is goes before the offsets are set: cut off in between, it can be done again. */
async function make({ group }: Plan, broker: Broker, { commits, purged, topics }: PreparedReset, { stateDir, dropped }: { readonly stateDir: string; readonly dropped: readonly string[] }): Promise<void> {
  if (dropped.length > 0) dropState(stateDir, { topology: group, task: null }, null);
  if (topics.length > 0) await broker.deleteTopics(topics);
  if (purged.length > 0) await broker.deleteRecords(purged);
  await broker.commitOffsets(group, commits);
}

/** Offsets without a word about the state would repeat records into it, or leave them out of it. */
function stateChoice(plan: Plan, args: Arguments): StateChoice | null {
  const choice = args.text('state');
  if (choice !== undefined && choice !== 'keep' && choice !== 'drop') throw new UsageError(`--state is keep or drop, not ${choice}.`);
  const stores = plan.subTopologies.flatMap((sub) => sub.stores);
  if (stores.length === 0) return null;
  if (choice === undefined) {
    throw new UsageError(
      `${plan.name} has keyed state (${stores.join(', ')}). Say what becomes of it:\n  --state drop  it begins empty, here and on every machine: windows are counted anew from where you go on.\n  --state keep  it stays as it is, watermarks too: what is read again is late or counted again, what is skipped is not counted.`
    );
  }
  const part = (['topic', 'partition'] as const).find((name) => args.text(name) !== undefined);
  if (choice === 'drop' && part !== undefined) throw new UsageError(`--state drop is for the whole topology, without --${part}. Set a part of it afterwards, with --state keep.`);
  return choice;
}

/** Numbers are offsets, never milliseconds. */
function targetOf(text: string | undefined): ResetTarget {
  if (text === undefined) throw new UsageError('Say where to go on: --to earliest, latest, a time or an offset.');
  if (text === 'earliest' || text === 'latest') return text;
  if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) return { offset: Number(text) };
  const timestamp = parseMoment(text);
  if (timestamp === null) throw new UsageError(`--to is earliest, latest, a time with its zone such as 2026-11-01T00:00:00Z, or an offset such as 4200, not ${text}.`);
  return { timestamp };
}

async function selection(plan: Plan, broker: Broker, args: Arguments): Promise<(at: TopicPartition) => boolean> {
  const [topic, number] = [args.text('topic'), args.text('partition')];
  if (number !== undefined && !/^\d{1,9}$/.test(number)) throw new UsageError(`--partition is a whole number, not ${number}.`);
  const partition = number === undefined ? null : Number(number);
  const own = internalNames(plan);
  const partitions = (await partitionsToRead(plan, broker)).filter((at) => !own.has(at.topic));
  const topics = [...new Set(partitions.map((at) => at.topic))];
  if (topic !== undefined && !topics.includes(topic)) {
    const near = nearest(topic, topics);
    throw new UsageError(`${plan.name} does not read ${topic}${near === null ? `, but ${topics.join(', ')}` : ` (did you mean ${near}?)`}.`);
  }
  const selected = (at: TopicPartition): boolean => (topic === undefined || at.topic === topic) && (partition === null || at.partition === partition);
  if (!partitions.some(selected)) throw new UsageError(partition === null ? `There is no topic that ${plan.name} reads.` : `There is no partition ${partition} in ${topic ?? topics.join(', ')}.`);
  return selected;
}

interface Shown {
  readonly plan: Plan;
  readonly reset: PreparedReset;
  readonly state: StateChoice | null;
  /** Tasks whose state is on this machine and goes. */
  readonly dropped: readonly string[];
  readonly done: boolean;
}

function show({ plan, reset: { changes, topics, purged }, state, dropped, done }: Shown, args: Arguments, output: Output): void {
  const emptied = [...new Set(purged.map(({ topic }) => topic))];
  if (args.on('json')) {
    const kept = state === null ? {} : { state, dropped: { tasks: dropped, deleted: topics, emptied } };
    output.print(`${JSON.stringify({ topology: plan.name, group: plan.group, done, changes, ...kept }, null, 2)}\n`);
    return;
  }
  output.print(textTable([['topic', 'partition', 'from', '', 'to', ''], ...changes.map(rowOf)], [1, 2, 4]));
  if (state === 'keep') output.print('State stays as it is, on every machine.\n');
  if (state !== 'drop') return;
  output.print(`State begins empty, on every machine. On this one: ${dropped.length === 0 ? 'there is none' : dropped.join(', ')}.\n`);
  if (topics.length > 0) output.print(`Deleted, and made anew by the next start: ${topics.join(', ')}.\n`);
  if (emptied.length > 0) output.print(`Emptied: ${emptied.join(', ')}.\n`);
}

function rowOf({ topic, partition, from, to, again, skipped }: OffsetChange): string[] {
  const effect = again > 0 ? `${again} are read again` : skipped > 0 ? `${skipped} are skipped` : from === to ? 'stays' : '';
  return [topic, String(partition), from === null ? '-' : String(from), '→', String(to), effect];
}
