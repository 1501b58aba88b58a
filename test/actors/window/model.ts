/*
 * An independent model of windows, written from their definitions and not from the code: the set of records that came, each with
 * the watermark it came at, gives the set of windows. As slow and as simple as it can be.
 */

/** A record as the model sees it. */
export interface Datum {
  readonly key: string;
  readonly time: number;
  /** The record's own, which no window goes by. */
  readonly timestamp: number;
  readonly partition: number;
  readonly offset: number;
  /** Watermark of its partition before it. */
  readonly stamp: number;
  readonly value: number;
}

export type ModelWindow =
  | { readonly type: 'tumbling'; readonly size: number; readonly offset: number }
  | { readonly type: 'hopping'; readonly size: number; readonly every: number; readonly offset: number }
  | { readonly type: 'sliding'; readonly size: number }
  | { readonly type: 'session'; readonly gap: number };

export interface ModelResult {
  readonly key: string;
  readonly start: number;
  readonly end: number;
  /** The watermark at which it is over. */
  readonly due: number;
  readonly data: readonly Datum[];
}

/** Whether a record counts for no window at all. A session and a sliding window include their last millisecond. */
export function isLate({ time, stamp }: Datum, window: ModelWindow, grace: number): boolean {
  if (window.type === 'session') return time + window.gap + grace < stamp;
  if (window.type === 'sliding') return time + window.size + grace < stamp;
  return alignedStarts(time, window).every((start) => start + window.size + grace <= stamp);
}

/** All windows of a set of records. */
export function windowsOf(data: readonly Datum[], window: ModelWindow, grace: number): ModelResult[] {
  const taken = data.filter((datum) => !isLate(datum, window, grace));
  const keys = [...new Set(taken.map(({ key }) => key))];
  return keys.flatMap((key) => {
    const own = taken.filter((datum) => datum.key === key);
    if (window.type === 'session') return sessions(key, own, window.gap, grace);
    if (window.type === 'sliding') return sliding(key, own, window.size, grace);
    return aligned(key, own, window, grace);
  });
}

type Aligned = Extract<ModelWindow, { offset: number }>;

/** Every start, by trying all. */
function alignedStarts(time: number, window: Aligned): number[] {
  const every = window.type === 'hopping' ? window.every : window.size;
  const starts: number[] = [];
  for (let start = time - window.size + 1; start <= time; start++) if ((start - window.offset) % every === 0) starts.push(start);
  return starts;
}

function aligned(key: string, own: readonly Datum[], window: Aligned, grace: number): ModelResult[] {
  const found = new Map<number, Datum[]>();
  for (const datum of own) {
    for (const start of alignedStarts(datum.time, window)) {
      if (start + window.size + grace > datum.stamp) found.set(start, [...(found.get(start) ?? []), datum]);
    }
  }
  return [...found].map(([start, data]) => ({ key, start, end: start + window.size, due: start + window.size + grace, data }));
}

function sliding(key: string, own: readonly Datum[], size: number, grace: number): ModelResult[] {
  const ends = new Set<number>();
  for (const { time, stamp } of own) {
    if (time + grace >= stamp) ends.add(time);
    ends.add(time + 1 + size);
  }
  return [...ends].flatMap((end) => {
    const data = own.filter(({ time, stamp }) => time >= end - size && time <= end && end + grace >= stamp);
    return data.length === 0 ? [] : [{ key, start: end - size, end, due: end + grace + 1, data }];
  });
}

function sessions(key: string, own: readonly Datum[], gap: number, grace: number): ModelResult[] {
  const chains: Datum[][] = [];
  for (const datum of [...own].sort((a, b) => a.time - b.time)) {
    const chain = chains[chains.length - 1];
    const last = chain?.[chain.length - 1];
    if (chain === undefined || last === undefined || datum.time - last.time > gap) chains.push([datum]);
    else chain.push(datum);
  }
  return chains.map((data) => {
    const [start, end] = [data[0]?.time ?? 0, data[data.length - 1]?.time ?? 0];
    return { key, start, end, due: end + 2 * gap + grace + 1, data };
  });
}

/** The aggregates that `aggregate` below asks for. */
export function valueOf({ key, start, end, data }: ModelResult): object {
  const ordered = [...data].sort((a, b) => a.time - b.time || a.partition - b.partition || a.offset - b.offset);
  const values = ordered.map(({ value }) => value);
  const total = values.reduce((sum, value) => sum + value, 0);
  return {
    key,
    count: values.length,
    total,
    mean: total / values.length,
    least: Math.min(...values),
    most: Math.max(...values),
    opening: values[0],
    closing: values[values.length - 1],
    some: values.slice(0, 3),
    kinds: new Set(values).size,
    window: { start, end }
  };
}

/** The timestamp that a result has. */
export function timestampOf({ data }: ModelResult): number {
  return Math.max(...data.map(({ timestamp }) => timestamp));
}

export const aggregate = {
  count: 'count()',
  total: 'sum(value.v)',
  mean: 'avg(value.v)',
  least: 'min(value.v)',
  most: 'max(value.v)',
  opening: 'first(value.v)',
  closing: 'last(value.v)',
  some: 'collect(value.v, 3)',
  kinds: 'distinct_count(value.v)'
};
