import type { BuildContext } from '../component.ts';
import { defineTransform } from '../component.ts';
import type { StatefulLogic } from '../keyed/stateful.ts';
import { intervalJoin } from './interval.ts';
import type { JoinOptions } from './options.ts';
import { joinOptions } from './options.ts';
import { tableJoin } from './table-join.ts';

/** Brings records of two streams together, or records of a stream and rows of a table. */
export const join = defineTransform({
  type: 'join',
  stateful: true,
  inputs: ['with'],
  sides: ['left', 'right'],
  table: 'node',
  summary:
    'Brings together what has the same key: records of two streams within a time of each other (`with`), or records of a stream and the rows of a table node (`table`). Two streams give `{ key, left, right, time: { left, right } }`, under names of your own (`as`), as soon as both records are there; what has no partner comes out, where `kind` keeps its side, once it cannot find one any more. See Joins below.',
  example: `
transforms:
  paid_orders:
    type: join
    from: orders
    with: payments
    key: { left: value.id, right: value.order_id }
    kind: left
    within: { before: 10s, after: 1m }
    grace: 30s
    late: late-payments
    as: { left: order, right: payment }
`,
  config: joinOptions,
  build(options, context): StatefulLogic {
    checkSides(options, context);
    return options.table === undefined ? intervalJoin(options, context) : tableJoin(options, context);
  }
});

function checkSides({ with: stream, table, as, into, as_of: asOf }: JoinOptions, context: BuildContext): void {
  const hint = 'with: a node whose records are matched with those of from; table: a node of type table, in which each record of from finds a row';
  if (stream !== undefined && table !== undefined) context.problem(['table'], 'bad_value', 'expected one of with and table, found both', hint);
  if (stream === undefined && table === undefined) context.problem([], 'missing_option', 'expected one of the options with and table', hint);
  if (table === undefined && into !== undefined) context.problem(['into'], 'bad_value', 'expected no into: two streams give a new value', 'as says what the two sides are called');
  if (table === undefined && asOf !== undefined) context.problem(['as_of'], 'bad_value', 'expected no as_of: it is for the rows of a table', 'within says how far apart two records may be');
  for (const side of ['left', 'right'] as const) {
    const called = as[side];
    if (called === 'key' || called === 'time') context.problem(['as', side], 'duplicate_name', `${called} is a field of every result`, 'give the side another name');
  }
  if (as.left === as.right) context.problem(['as'], 'duplicate_name', `both sides are called ${as.left}`, 'give each a name of its own');
}
