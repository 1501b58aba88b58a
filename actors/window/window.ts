import { defineTransform } from '../component.ts';
import type { StatefulLogic } from '../keyed/stateful.ts';
import { algebraOf, boundOf, checkOptions, kindOf } from './build.ts';
import { GroupKey } from '../keyed/group-key.ts';
import { LocalWindows, WindowsBefore, WindowsBehind } from './halves.ts';
import type { WindowSettings } from './intake.ts';
import { windowOptions } from './options.ts';
import { contentsOf } from './outcome.ts';

/** Brings records of one key together, by event time. */
export const window = defineTransform({
  type: 'window',
  stateful: true,
  changesKeys: true,
  summary:
    'Groups records by a key and by windows of event time, and computes results over each group: `{ key, <your names>, window: { start, end } }`, times in milliseconds since 1970, with `<key>-<start>` as the key of the record and its highest record timestamp as timestamp. Tombstones are dropped, counted as filtered. See Windows below.',
  example: `
transforms:
  per_minute:
    type: window
    from: events
    key: value.event_type
    window: { type: tumbling, size: 1m }
    aggregate: { count: count(), avg_amount: avg(value.amount), max_amount: max(value.amount) }
    emit: update
    grace: 30s
    late: late-events
`,
  config: windowOptions,
  build(options, context): StatefulLogic {
    checkOptions(options, context);
    const key = new GroupKey(options.key, context);
    const kind = kindOf(options);
    const algebra = algebraOf(options, context);
    const settings: WindowSettings = { name: context.name, key, kind, algebra, emit: options.emit };
    const { late = 'drop' } = options;
    return {
      holds: { key: key.source, window: kind.holds, [options.reduce === undefined ? 'aggregate' : 'reduce']: algebra.holds },
      regroups: [key.regroups],
      late: late === 'drop' ? null : late,
      unhurried: options.emit === 'complete',
      bound: boundOf(options),
      open: (task) => (task.shipped[0] === true ? new WindowsBehind(settings, task, task.store) : new LocalWindows(settings, task, task.store)),
      before: (task, partitions) => new WindowsBefore(settings, task, partitions),
      contents: (store) => contentsOf(settings, store)
    };
  }
});
