import * as z from 'zod';
import { defineTransform } from '../component.ts';
import type { Admission } from '../keyed/arriving.ts';
import { RecordsBefore } from '../keyed/arriving.ts';
import { GroupKey } from '../keyed/group-key.ts';
import type { StatefulLogic } from '../keyed/stateful.ts';
import { duration, expression, formatDuration, maxEventTime, topicName } from '../options.ts';
import { DedupeNode, passedOnes } from './dedupe-node.ts';
import type { DedupeSettings } from './dedupe-node.ts';

/** Lets each record pass once. */
export const dedupe = defineTransform({
  type: 'dedupe',
  stateful: true,
  summary:
    'Passes the first record of a key on, unchanged and at once, and drops those that repeat it (counted as deduped): a record is a repetition if one of the same key that was passed on is less than `within` away from it in event time, before or after. The first to come counts, whatever its time. A tombstone is a record like any other. Where the key is another than the record’s own, or it may have changed on the way, records cross a repartition topic, and a sink encodes their values anew.',
  example: `
transforms:
  unique_clicks:
    type: dedupe
    from: clicks
    key: value.click_id
    within: 1h
    late: drop
`,
  config: z.strictObject({
    key: expression()
      .optional()
      .describe("An expression for what a record and its repetitions have in common. A text stands for itself, numbers and booleans for their text, a list or map for its JSON; null fails the record with key_missing. Default: the record's own key."),
    within: duration({ min: 1, max: maxEventTime }).describe('How far from a record that was passed on, in event time, another one of its key is a repetition: less than this. Records that were passed on are remembered for two to three times as long, behind the watermark.'),
    late: topicName()
      .optional()
      .describe('Required: what becomes of records that are older than the watermark by more than within, of which it is not known any more whether they are repetitions: drop (counted), or a topic that they go to as they were read, with millrace.late headers. There is no default: it is for you to choose.')
  }),
  build({ key: source, within, late }, context): StatefulLogic {
    if (late === undefined) {
      context.problem([], 'missing_option', 'expected the option late: a topic for records that come too late to be told from repetitions, or drop', 'write late: drop, or a topic such as late: late-clicks; it is for you to choose, so there is no default');
    }
    const key = new GroupKey(source, context);
    const settings: DedupeSettings = { name: context.name, key, within, admission: admissionOf(key, within) };
    return {
      holds: { dedupe: key.source, within, rows: 1 },
      regroups: [key.regroups],
      late: late === undefined || late === 'drop' ? null : late,
      unhurried: false,
      bound: `times of records until ${formatDuration(3 * within)} behind the watermark`,
      open: (task) => new DedupeNode(settings, task),
      before: (task, partitions) => new RecordsBefore(settings.admission, task, partitions),
      contents: (store) => passedOnes(settings, store)
    };
  }
});

function admissionOf(key: GroupKey, within: number): Admission {
  return { key, timed: true, nullKeys: false, unwanted: () => false, late: ({ time }, watermark) => watermark > time + within };
}
