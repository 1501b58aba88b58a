/*
 * Independent models of the join of two streams and of dedupe, written from their definitions and not from the code: every record against every other one.
 */

/** A record as the models see it. */
export interface Datum {
  readonly side: 0 | 1;
  readonly key: string | null;
  readonly time: number;
  readonly timestamp: number;
  readonly partition: number;
  readonly offset: number;
  /** Watermark of its partition before it. */
  readonly stamp: number;
  readonly tombstone: boolean;
}

/** Lengths in milliseconds. */
export interface ModelJoin {
  readonly kind: 'inner' | 'left' | 'right' | 'outer';
  readonly before: number;
  readonly after: number;
  readonly grace: number;
}

/** A pair, or a record without a partner. */
export interface ModelPair {
  readonly left: Datum | null;
  readonly right: Datum | null;
  /** It comes out once the watermark is past this; null: at once. */
  readonly due: number | null;
}

export function isLate({ time, stamp }: Datum, { before, after, grace }: ModelJoin): boolean {
  return stamp > time + before + after + grace;
}

function isPair(left: Datum, right: Datum, { before, after, grace }: ModelJoin): boolean {
  const distance = right.time - left.time;
  const inTime = right.stamp <= left.time + after + grace && left.stamp <= right.time + before + grace;
  return left.key !== null && left.key === right.key && distance >= -before && distance <= after && inTime;
}

/** When a record comes out that has no partner. */
export function dueOf({ side, key, time }: Datum, { before, after, grace }: ModelJoin): number | null {
  return key === null ? null : time + (side === 0 ? after : before) + grace;
}

/** All that comes out of a set of records. */
export function pairsOf(data: readonly Datum[], join: ModelJoin): ModelPair[] {
  const living = data.filter((datum) => !datum.tombstone && !isLate(datum, join));
  const [lefts, rights] = [0, 1].map((side) => living.filter((datum) => datum.side === side)) as [Datum[], Datum[]];
  const pairs: ModelPair[] = [];
  for (const left of lefts) for (const right of rights) if (isPair(left, right, join)) pairs.push({ left, right, due: null });
  const alone = (datum: Datum): boolean => !pairs.some(({ left, right }) => left === datum || right === datum);
  if (join.kind === 'left' || join.kind === 'outer') pairs.push(...lefts.filter(alone).map((left) => ({ left, right: null, due: dueOf(left, join) })));
  if (join.kind === 'right' || join.kind === 'outer') pairs.push(...rights.filter(alone).map((right) => ({ left: null, right, due: dueOf(right, join) })));
  return pairs;
}

/** What a dedupe node passes on of records as they come, in this order. */
export function firstsOf(data: readonly Datum[], within: number): Datum[] {
  const passed: Datum[] = [];
  for (const datum of data) {
    if (datum.stamp > datum.time + within) continue;
    if (!passed.some(({ key, time }) => key === datum.key && Math.abs(time - datum.time) < within)) passed.push(datum);
  }
  return passed;
}

/** A datum in one word. */
export function nameOf({ side, partition, offset }: Datum): string {
  return `${side === 0 ? 'l' : 'r'}${partition}/${offset}`;
}
