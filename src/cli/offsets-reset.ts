import { parseMoment } from '../../actors/options.ts';
import { Failure } from '../../actors/failure.ts';
import type { Broker, GroupMember, TopicPartition } from '../../actors/port.ts';
import { partitionsToRead } from '../runtime/group-offsets.ts';
import { fenceTasks, prepareReset } from '../runtime/reset-offsets.ts';
import type { OffsetChange, PreparedReset, ResetTarget } from '../runtime/reset-offsets.ts';
import { readPositions } from '../state/positions.ts';
import type { Plan } from '../topology/model.ts';
import { nearest } from '../topology/suggest.ts';
import type { Arguments } from './command.ts';
import { UsageError } from './command.ts';
import { exitCode } from './exit-code.ts';
import type { Output } from './output.ts';
import { textTable } from './text-table.ts';
import { withTopology } from './with-topology.ts';

/** `millrace offsets reset`: shows the change; with --yes makes it. */
export function resetOffsets(file: string, args: Arguments, output: Output): Promise<number> {
  const target = targetOf(args.text('to'));
  const yes = args.on('yes');
  return withTopology(file, output, { readOnly: !yes }, async (plan, broker) => {
    const selected = await selection(plan, broker, args);
    const members = await broker.groupMembers(plan.group);
    // Before the offsets are read: what a task left open may still settle and move them.
    if (yes && members.length === 0) await fenceTasks(plan, broker);
    const stateDir = args.text('state-dir') as string;
    const reset = await prepareReset({ plan, broker, target, selected, remembered: (task) => readPositions(stateDir, `${plan.group}/${task}`) });
    const done = yes && members.length === 0;
    if (done) await broker.commitOffsets(plan.group, reset.commits);
    show(plan, reset, done, args, output);
    if (members.length > 0) throw inUse(plan, members);
    if (!args.on('json')) output.print(done ? `Done. The next start goes on there: millrace run ${file}\n` : 'Nothing is changed yet: add --yes to do it.\n');
    return exitCode.ok;
  });
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
  const partitions = await partitionsToRead(plan, broker);
  const topics = [...new Set(partitions.map((at) => at.topic))];
  if (topic !== undefined && !topics.includes(topic)) {
    const near = nearest(topic, topics);
    throw new UsageError(`${plan.name} does not read ${topic}${near === null ? `, but ${topics.join(', ')}` : ` (did you mean ${near}?)`}.`);
  }
  const selected = (at: TopicPartition): boolean => (topic === undefined || at.topic === topic) && (partition === null || at.partition === partition);
  if (!partitions.some(selected)) throw new UsageError(partition === null ? `There is no topic that ${plan.name} reads.` : `There is no partition ${partition} in ${topic ?? topics.join(', ')}.`);
  return selected;
}

function show(plan: Plan, { changes }: PreparedReset, done: boolean, args: Arguments, output: Output): void {
  if (args.on('json')) {
    output.print(`${JSON.stringify({ topology: plan.name, group: plan.group, done, changes }, null, 2)}\n`);
    return;
  }
  output.print(textTable([['topic', 'partition', 'from', '', 'to', ''], ...changes.map(rowOf)], [1, 2, 4]));
}

function rowOf({ topic, partition, from, to, again, skipped }: OffsetChange): string[] {
  const effect = again > 0 ? `${again} are read again` : skipped > 0 ? `${skipped} are skipped` : from === to ? 'stays' : '';
  return [topic, String(partition), from === null ? '-' : String(from), '→', String(to), effect];
}

function inUse({ name, group }: Plan, members: readonly GroupMember[]): Failure {
  const list = members.map(({ client, host }) => `${client} on ${host}`).join(', ');
  return new Failure('group_in_use', `${name} is running: group ${group} has ${members.length} ${members.length === 1 ? 'member' : 'members'} (${list}). Nothing was changed.`);
}
