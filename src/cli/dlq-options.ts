import type { LetterFilter } from '../dead-letters/filter.ts';
import type { Plan } from '../topology/model.ts';
import { nearest } from '../topology/suggest.ts';
import type { Arguments } from './command.ts';
import { UsageError } from './command.ts';
import { deadLetterTopics } from '../dead-letters/topics.ts';

/** The filter that options name. A node or code that cannot occur is told, so that a slip of the pen is not taken for "there are none". */
export function filterOf(args: Arguments, plan: Plan): LetterFilter {
  const [code, node, since, until, tries] = [args.text('code'), args.text('node'), time(args, 'since'), time(args, 'until'), wholeNumber(args, 'max-tries')];
  const nodes = [...new Set(deadLetterTopics(plan).flatMap(({ nodes: names }) => names))];
  if (node !== undefined && !nodes.includes(node)) {
    const near = nearest(node, nodes);
    throw new UsageError(`No node ${node} of ${plan.name} writes dead letters${near === null ? `, but ${nodes.join(', ') || 'none'}` : ` (did you mean ${near}?)`}.`);
  }
  return {
    ...(code === undefined ? {} : { code }),
    ...(node === undefined ? {} : { node }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    ...(tries === undefined ? {} : { triesBelow: tries })
  };
}

/** A whole number from 1 on; undefined where it was not given. */
export function wholeNumber(args: Arguments, option: string, least = 1): number | undefined {
  const text = args.text(option);
  if (text === undefined) return undefined;
  if (/^\d{1,15}$/.test(text) && Number(text) >= least) return Number(text);
  throw new UsageError(`--${option} is a whole number from ${least}, not ${text}.`);
}

function time(args: Arguments, option: string): number | undefined {
  const text = args.text(option);
  if (text === undefined) return undefined;
  const at = /(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(at)) throw new UsageError(`--${option} is a time with its zone, such as 2026-11-27T08:00:00Z, not ${text}.`);
  return at;
}
