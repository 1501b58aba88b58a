import * as z from 'zod';
import { defineTransform } from '../component.ts';
import type { BuildContext } from '../component.ts';
import { GroupKey } from '../keyed/group-key.ts';
import { RecordsBefore } from '../keyed/arriving.ts';
import type { StatefulLogic } from '../keyed/stateful.ts';
import { duration, expression, formatDuration, maxEventTime } from '../options.ts';
import { TableNode, tableAdmission, tableContents } from './table-node.ts';
import type { TableSettings } from './table-node.ts';

const config = z.strictObject({
  key: expression()
    .optional()
    .describe("An expression for the key of a row: a text stands for itself, numbers and booleans for their text; null fails the record with key_missing. Default: the record's own key. One that reads value fails on tombstones, which have none: rows are then deleted by ttl alone."),
  history: duration({ min: 1, max: maxEventTime })
    .optional()
    .describe('Also keeps the rows that were replaced or deleted, for joins with as_of: event_time: those of the last so long of event time, before the watermark and before that of the slowest node that looks up here. Updates then count by their event time, not as they come; one that is older than the watermark by more is dropped (counted as filtered).'),
  ttl: duration({ min: 1, max: maxEventTime })
    .optional()
    .describe('How long after its last update, in event time, a key is deleted, at the next checkpoint. An update that is older than the watermark by so much is dropped (counted as filtered). With history it has to be longer than that.')
});

/** Keeps the last row of each key of a stream. */
export const table = defineTransform({
  type: 'table',
  stateful: true,
  end: true,
  summary:
    'Keeps the last value of each key of a stream, for ever unless ttl says otherwise; a tombstone deletes its key, a JSON null is a value. Without history the last record to come counts, whatever its time. What it took in goes on unchanged, so that the table can be read as the stream of its changes; nobody has to. Nodes of type join look up in it, millrace state get shows it.',
  example: `
transforms:
  customers:
    type: table
    from: customer_changes
    history: 1h
`,
  config,
  build(options, context): StatefulLogic {
    const { key: source, history = null, ttl = null } = options;
    checkLengths(history, ttl, context);
    const settings: TableSettings = { name: context.name, key: new GroupKey(source, context), history, ttl, json: context.plain('json') };
    return {
      holds: { table: history === null ? 'latest' : 'versions', key: settings.key.source, ttl: ttl !== null },
      regroups: [settings.key.regroups],
      late: null,
      unhurried: false,
      bound: boundOf(history, ttl),
      open: (task) => new TableNode(settings, task),
      before: (task, partitions) => new RecordsBefore(tableAdmission(settings), task, partitions),
      contents: (store) => tableContents(settings, store)
    };
  }
});

function checkLengths(history: number | null, ttl: number | null, context: BuildContext): void {
  if (history === null || ttl === null || ttl > history) return;
  context.problem(['ttl'], 'bad_value', `expected ttl to be longer than history, found ${formatDuration(ttl)} and ${formatDuration(history)}`, 'what is asked for by event time must not be forgotten: raise ttl');
}

function boundOf(history: number | null, ttl: number | null): string {
  const rows = ttl === null ? 'the last value of each key, for ever' : `the last value of each key updated in the last ${formatDuration(ttl)} of event time`;
  return history === null ? rows : `${rows}; what was replaced for ${formatDuration(history)} of event time, and until those that look up are past it`;
}
