import type { SourceTime } from '../../actors/component.ts';

/** Milliseconds between two barriers of a task whose watermark goes on with the clock. */
const advanceInterval = 1000;

/** How long a partition has been quiet, and for how long it had been at the last barrier, which told that. */
export interface Quiet {
  readonly now: number;
  readonly told: number;
}

/**
 * Milliseconds until a partition needs a barrier though no record comes: when it becomes idle, and then, where its watermark goes on with the clock, again and again; Infinity
 * for never. One that became idle since the last barrier, while that was committed, is still to be told to be.
 */
export function untilIdle({ idle, advance }: Pick<SourceTime, 'idle' | 'advance'>, { now, told }: Quiet): number {
  const left = idle - now;
  if (left > 0) return left;
  if (told < idle) return 0;
  return advance ? advanceInterval : Infinity;
}
