import type { BuildContext } from '../component.ts';
import { GroupKey } from '../keyed/group-key.ts';
import { RecordsBefore } from '../keyed/arriving.ts';
import type { StatefulLogic } from '../keyed/stateful.ts';
import type { JoinOptions } from './options.ts';
import { keysOf } from './options.ts';
import { heldContents, TimedTableJoin } from './table-join-timed.ts';
import { TableJoin, tableJoinAdmission } from './table-join-node.ts';
import type { TableJoinSettings } from './table-join-node.ts';

/** A join of a stream with the table of a table node. */
export function tableJoin(options: JoinOptions, context: BuildContext): StatefulLogic {
  checkOptions(options, context);
  const { kind, into = '', as_of: asOf = 'now' } = options;
  const key = new GroupKey(keysOf(options).left, context, typeof options.key === 'object' ? ['key', 'left'] : ['key']);
  const settings: TableJoinSettings = { key, path: into.split('.'), inner: kind === 'inner', timed: asOf === 'event_time', json: context.plain('json') };
  return {
    // What is held does not depend on what becomes of it: kind and into may change.
    holds: { join: 'table', key: key.source, as_of: asOf },
    regroups: [key.regroups],
    late: null,
    unhurried: false,
    bound: settings.timed ? 'records until the watermarks of both sides are past them' : 'no records, only how far the tasks before it are',
    open: (task) => (settings.timed ? new TimedTableJoin(settings, task) : new TableJoin(settings, task)),
    before: (task, partitions) => new RecordsBefore(tableJoinAdmission(settings), task, partitions),
    contents: heldContents
  };
}

function checkOptions(options: JoinOptions, context: BuildContext): void {
  const { kind, key, into, as } = options;
  if (into === undefined) context.problem([], 'missing_option', 'expected the option into: the field that takes the row', 'such as into: user');
  if (kind === 'right' || kind === 'outer') context.problem(['kind'], 'bad_value', `expected inner or left, found ${kind}: rows do not come out by themselves`, 'where changes of rows are wanted, read the table node itself');
  if (typeof key === 'object') context.problem(['key'], 'bad_value', 'expected one expression: rows have the key of their table node', 'write key: value.user_id');
  for (const option of ['within', 'grace', 'late'] as const) if (options[option] !== undefined) context.problem([option], 'bad_value', `expected no ${option}: it is for two streams, with the option with`, 'leave it out');
  if (as.left !== 'left' || as.right !== 'right') context.problem(['as'], 'bad_value', 'expected no as: the row becomes a field of the record', 'name the field with into');
}
