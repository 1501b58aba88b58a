import type { BuildContext } from '../component.ts';
import { RecordsBefore } from '../keyed/arriving.ts';
import { GroupKey } from '../keyed/group-key.ts';
import type { StatefulLogic } from '../keyed/stateful.ts';
import { formatDuration } from '../options.ts';
import { IntervalNode, waiting } from './interval-node.ts';
import { admissionOf } from './interval-settings.ts';
import type { IntervalSettings, IntervalSide } from './interval-settings.ts';
import type { JoinOptions } from './options.ts';
import { keysOf } from './options.ts';

/** The join of two streams within a time of each other. */
export function intervalJoin(options: JoinOptions, context: BuildContext): StatefulLogic {
  checkOptions(options, context);
  const settings = settingsOf(options, context);
  const { sides, grace } = settings;
  const [left, right] = sides;
  const { kind, late = 'drop' } = options;
  const until = ({ ahead }: IntervalSide): string => formatDuration(ahead + grace);
  return {
    holds: { join: { left: left.key.source, right: right.key.source }, within: { before: left.back, after: left.ahead }, kind, rows: 1 },
    regroups: [left.key.regroups, right.key.regroups],
    late: late === 'drop' ? null : late,
    regrouped: true,
    unhurried: false,
    bound: `${options.as.left} records until ${until(left)} behind the watermark, ${options.as.right} records until ${until(right)}`,
    open: (task) => new IntervalNode(settings, task),
    before: (task, partitions, input) => new RecordsBefore(admissionOf(settings, input === 0 ? 0 : 1), task, partitions),
    contents: (store) => waiting(settings, store)
  };
}

function settingsOf(options: JoinOptions, context: BuildContext): IntervalSettings {
  const { kind, within: { before, after } = { before: 0, after: 0 }, grace = 0, as } = options;
  const keys = keysOf(options);
  const at = (side: 'left' | 'right') => (typeof options.key === 'object' ? ['key', side] : ['key']);
  return {
    name: context.name,
    sides: [
      { key: new GroupKey(keys.left, context, at('left')), back: before, ahead: after, kept: kind === 'left' || kind === 'outer' },
      { key: new GroupKey(keys.right, context, at('right')), back: after, ahead: before, kept: kind === 'right' || kind === 'outer' }
    ],
    grace,
    reach: before + after + grace,
    names: as,
    json: context.plain('json')
  };
}

function checkOptions({ within, late }: JoinOptions, context: BuildContext): void {
  if (within === undefined) {
    context.problem([], 'missing_option', 'expected the option within: how far apart in event time the records of a pair may be', 'write within: 1m, or within: { before: 10s, after: 1m } for right records from 10s before the left one to 1m after it');
  }
  if (late === undefined) {
    context.problem([], 'missing_option', 'expected the option late: a topic for records that come too late for every partner, or drop', 'write late: drop, or a topic such as late: late-payments; it is for you to choose, so there is no default');
  }
}
