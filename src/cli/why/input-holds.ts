import type { Seen } from '../status-text.ts';

/** A task as the API has it. */
export type Task = Seen['watermarks']['tasks'][number];

/** One partition that a task reads. */
export type Input = Task['inputs'][number];

/** An input that holds event time back. */
export interface Hold {
  /** `silent`: nothing with an event time ever came; `quiet`: nothing comes any more; `behind`: its records are older; `idle`: all are idle, so that nothing says how time goes on. */
  readonly kind: 'silent' | 'quiet' | 'behind' | 'idle';
  readonly input: Input;
  /** What waits, by the names of the file. */
  readonly nodes: readonly string[];
  /** How far behind the furthest input, in milliseconds of event time; null where there is no other. */
  readonly behind: number | null;
  /** Whether other inputs of the same task go on without it. */
  readonly compared: boolean;
}

/** How far behind the others an input has to be to be worth a word, in milliseconds of event time. */
export const worthTelling = 1000;

/** Seconds without a record after which one that is alone is quiet: others say nothing of how time goes on. */
const quietAlone = 2;

/** The inputs that hold a task; of one that a reader waits for (`waited`) the lowest in any case. */
export function inputHolds({ inputs, nodes }: Task, waited: { readonly node: string; readonly behind: number } | null): Hold[] {
  const own = inputs.filter(({ internal }) => !internal);
  const counting = own.filter(({ idle }) => !idle);
  const names = waited === null ? [...new Set(nodes.map(({ node }) => node))] : [waited.node];
  const compared = own.length > 1;
  const hold = (kind: Hold['kind'], input: Input, behind: number | null): Hold => ({ kind, input, nodes: names, behind, compared });
  if (counting.length === 0) return waited === null ? own.map((input) => hold('idle', input, null)).map((each) => ({ ...each, compared: false })) : [];
  const silent = counting.filter(({ watermark }) => watermark === null);
  if (silent.length > 0) return silent.map((input) => hold('silent', input, null));
  const lowest = counting.reduce((low, input) => ((input.watermark ?? 0) < (low.watermark ?? 0) ? input : low));
  const highest = Math.max(...inputs.map(({ watermark }) => watermark ?? -Infinity));
  const behind = Math.max(highest - (lowest.watermark ?? 0), waited?.behind ?? 0);
  const still = lowest.lag === 0 && lowest.quiet_seconds > (compared || waited !== null ? 1 : quietAlone);
  if (!compared && waited === null) return still ? [hold('quiet', lowest, null)] : [];
  return behind < worthTelling ? [] : [hold(still ? 'quiet' : 'behind', lowest, behind)];
}
