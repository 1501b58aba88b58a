import { groupOffsets } from '../runtime/group-offsets.ts';
import type { GroupOffset, OffsetState } from '../runtime/group-offsets.ts';
import type { Arguments } from './command.ts';
import { exitCode } from './exit-code.ts';
import type { Output } from './output.ts';
import { textTable } from './text-table.ts';
import { withTopology } from './with-topology.ts';

/** `millrace offsets get`: reads only. */
export function getOffsets(file: string, args: Arguments, output: Output): Promise<number> {
  return withTopology(file, output, { readOnly: true }, async (plan, broker) => {
    const offsets = await groupOffsets(plan, broker);
    const members = await broker.groupMembers(plan.group);
    if (args.on('json')) {
      output.print(`${JSON.stringify({ topology: plan.name, group: plan.group, members, partitions: offsets }, null, 2)}\n`);
      return exitCode.ok;
    }
    const header = ['topic', 'partition', 'committed', 'start', 'end', 'lag', 'task', 'epoch', ''];
    output.print(textTable([header, ...offsets.map(rowOf)], [1, 2, 3, 4, 5, 7]));
    return exitCode.ok;
  });
}

/** What is worth a word in the last column. */
const remarks: Readonly<Record<OffsetState, string>> = {
  committed: '',
  none: 'nothing committed',
  foreign: 'committed by another program',
  out_of_range: 'not in the log'
};

function rowOf({ topic, partition, committed, start, end, lag, task, epoch, state }: GroupOffset): string[] {
  const cells = [partition, committed, start, end, lag].map((value) => (value === null ? '-' : String(value)));
  return [topic, ...cells, task ?? '-', epoch === null ? '-' : String(epoch), remarks[state]];
}
