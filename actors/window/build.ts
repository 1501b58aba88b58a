import type { AggregateCall, BuildContext } from '../component.ts';
import { formatDuration } from '../options.ts';
import type { Algebra } from './algebra.ts';
import { Aggregates } from './aggregates.ts';
import { AlignedWindows } from './aligned.ts';
import type { WindowKind } from './kind.ts';
import type { WindowOptions } from './options.ts';
import { Reduce } from './reduce.ts';
import { SessionWindows } from './session.ts';
import { SlidingWindows } from './sliding.ts';
import { Unbounded } from './unbounded.ts';

/** Most windows that one record counts for. */
const maxOverlap = 1000;

/**
 * The end of a sliding window and of a session is part of it, so that it is past a millisecond later than one that begins there: a record of the very time of the
 * watermark is still in time, as it is in Kafka Streams.
 */
const included = 1;

/** The kind of window that the options ask for. */
export function kindOf({ window, grace = 0, ttl = Infinity }: WindowOptions): WindowKind {
  switch (window?.type) {
    case undefined:
      return new Unbounded(ttl);
    case 'tumbling':
      return new AlignedWindows({ size: window.size, every: window.size, offset: window.offset, grace });
    case 'hopping':
      return new AlignedWindows({ size: window.size, every: window.every, offset: window.offset, grace });
    case 'sliding':
      return new SlidingWindows({ size: window.size, grace: grace + included });
    case 'session':
      return new SessionWindows({ gap: window.gap, grace: grace + included });
  }
}

/** What bounds the store, for people. */
export function boundOf({ window, grace = 0, ttl }: WindowOptions): string {
  if (window === undefined) return ttl === undefined ? 'a result for each key, for ever' : `a result for each key of the last ${formatDuration(ttl)} of event time`;
  const length = window.type === 'session' ? `sessions until ${formatDuration(2 * (window.gap + grace))} of event time behind their last record` : `windows until ${formatDuration(grace)} of event time behind their end`;
  return window.type === 'session' ? length : `${length}, ${formatDuration(window.size)} long`;
}

/** How records become results, by the options. */
export function algebraOf({ aggregate = {}, reduce }: WindowOptions, context: BuildContext): Algebra {
  if (reduce !== undefined) {
    const step = context.fold(reduce.step, ['reduce', 'step'], ['acc', 'value']);
    const merge = reduce.merge === undefined ? null : context.fold(reduce.merge, ['reduce', 'merge'], ['left', 'right']);
    return new Reduce({ step, merge, source: { step: reduce.step, merge: reduce.merge ?? null } });
  }
  const calls = new Map<string, AggregateCall>();
  for (const [name, source] of Object.entries(aggregate)) {
    const call = context.aggregate(source, ['aggregate', name]);
    if (call !== null) calls.set(name, call);
    if (name === 'key' || name === 'window') context.problem(['aggregate', name], 'duplicate_name', `${name} is a field of every result`, 'give the aggregate another name');
  }
  return new Aggregates(calls);
}

/** Reports what options do not go together. */
export function checkOptions(options: WindowOptions, context: BuildContext): void {
  const { window, aggregate, reduce } = options;
  if (reduce !== undefined && aggregate !== undefined) {
    context.problem(['reduce'], 'bad_value', 'expected one of aggregate and reduce, found both', 'make two window nodes');
  }
  if (reduce === undefined && Object.keys(aggregate ?? {}).length === 0) {
    context.problem(aggregate === undefined ? [] : ['aggregate'], 'missing_option', 'expected at least one aggregate, or reduce', 'add aggregate: { count: count() }');
  }
  if (reduce !== undefined && reduce.merge === undefined && (window?.type === 'sliding' || window?.type === 'session')) {
    context.problem(['reduce'], 'missing_option', `expected the option merge: ${window.type} windows are put together from parts`, 'for a sum of values: step: acc + value, merge: left + right');
  }
  if (window?.type === 'hopping') checkHopping(window, context);
  checkLate(options, context);
}

function checkHopping({ size, every }: { readonly size: number; readonly every: number }, context: BuildContext): void {
  const at = ['window', 'every'];
  if (every > size) context.problem(at, 'bad_value', 'expected every to be at most size: records between two windows would count for none', 'where windows do not overlap write type: tumbling');
  if (size / every > maxOverlap) context.problem(at, 'bad_value', `expected every to be at least a thousandth of size: each record counts for size / every windows, ${Math.ceil(size / every)} here`, 'raise every');
}

function checkLate({ window, late, ttl, grace, emit }: WindowOptions, context: BuildContext): void {
  if (window === undefined) {
    if (emit !== 'update') context.problem(['emit'], 'bad_value', `expected update: without window nothing is ever ${emit}`, 'add a window, or leave emit out');
    if (grace !== undefined) context.problem(['grace'], 'bad_value', 'expected no grace: without window there is no end', 'ttl says when a key is forgotten');
    if (late !== undefined && ttl === undefined) context.problem(['late'], 'bad_value', 'expected no late: without window and ttl no record is late', 'leave late out');
  } else if (ttl !== undefined) {
    context.problem(['ttl'], 'bad_value', 'expected no ttl: windows are deleted grace after their end', 'leave ttl out');
  }
  if (late === undefined && (window !== undefined || ttl !== undefined)) {
    context.problem([], 'missing_option', 'expected the option late: a topic for records that come too late, or drop', 'write late: drop, or a topic such as late: late-events; it is for you to choose, so there is no default');
  }
}
