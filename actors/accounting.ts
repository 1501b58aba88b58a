/** What became of the input records of one node in one epoch, and how many outputs they caused. */
export interface Counts {
  received: number;
  forwarded: number;
  filtered: number;
  deduped: number;
  late: number;
  dead_lettered: number;
  skipped: number;
  absorbed: number;
  /** Records sent on, over all outputs; counted apart from the inputs. */
  outputs: number;
}

/** The fates an input record can have, one of them each. */
export const fates = ['forwarded', 'filtered', 'deduped', 'late', 'dead_lettered', 'skipped', 'absorbed'] as const;

/** All zeroes. */
export function noCounts(): Counts {
  return { received: 0, forwarded: 0, filtered: 0, deduped: 0, late: 0, dead_lettered: 0, skipped: 0, absorbed: 0, outputs: 0 };
}

/** Adds `more` to `total`. */
export function addCounts(total: Counts, more: Counts): void {
  for (const key of Object.keys(more) as (keyof Counts)[]) total[key] += more[key];
}

/** Records received whose fate nobody counted; anything but 0 is a bug in a node. */
export function imbalance(counts: Counts): number {
  let accounted = 0;
  for (const fate of fates) accounted += counts[fate];
  return counts.received - accounted;
}
