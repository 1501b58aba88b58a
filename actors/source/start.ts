import * as z from 'zod';
import type { BuildContext, LogEnd, StartPosition } from '../component.ts';
import { moment, topicName } from '../options.ts';

const offset = z.union([z.int().min(0), z.enum(['earliest', 'latest'])], { error: 'an offset, earliest or latest' });
const byPartition = z.record(z.string().regex(/^\d{1,9}$/, { error: 'a partition number' }), offset, { error: 'offsets by partition' });

type Offset = z.output<typeof offset>;

/** Where a source begins: `latest`, `{ timestamp: … }`, `{ offsets: { 0: 4200 } }`. */
export const start = z.union(
  [
    z.enum(['earliest', 'latest']).describe('earliest: the first record that is there. latest: what comes from now on.'),
    z.strictObject({ timestamp: moment().describe('The first record at or after this time; latest where there is none.') }),
    z.strictObject({
      offsets: z
        .union([byPartition, z.record(topicName(), byPartition)], { error: '{ 0: 4200, 1: latest }, or { topic: { 0: 4200 } } for several topics' })
        .describe('By partition, { 0: 4200, 1: latest }, for a source of one topic, or by topic and partition, { orders: { 0: 4200 } }. Partitions that are not named begin at earliest.')
        .meta({ title: 'offsets' })
    })
  ],
  { error: 'earliest, latest, { timestamp: 2026-11-01T00:00:00Z } or { offsets: { 0: 4200 } }' }
);

/** Resolves the short form of `offsets`, for a source of one topic. */
export function resolveStart(option: z.output<typeof start>, topics: readonly string[], context: BuildContext): StartPosition {
  if (typeof option === 'string' || 'timestamp' in option) return option;
  const resolved = new Map<string, Map<number, number | LogEnd>>();
  for (const [key, value] of Object.entries(option.offsets as Readonly<Record<string, Offset | Record<string, Offset>>>)) {
    if (typeof value === 'object') {
      if (topics.length > 0 && !topics.includes(key)) {
        context.problem(['start', 'offsets', key], 'bad_value', `expected one of the topics of this source, found ${key}`, topics.join(', '));
      }
      resolved.set(key, new Map(Object.entries(value).map(([partition, at]) => [Number(partition), at])));
      continue;
    }
    const [only, ...others] = topics;
    if (only === undefined || others.length > 0) {
      context.problem(['start', 'offsets'], 'bad_value', 'expected offsets by topic: this source has several', 'write offsets: { topic: { 0: 4200 } }');
      break;
    }
    const partitions = resolved.get(only) ?? new Map<number, number | LogEnd>();
    resolved.set(only, partitions.set(Number(key), value));
  }
  return { offsets: resolved };
}
