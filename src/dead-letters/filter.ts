import type { Letter } from './letter.ts';

/** Which dead letters: those that meet all that is named. It goes by what never changes of a letter, so that the same one always meets the same filter. */
export interface LetterFilter {
  readonly code?: string;
  readonly node?: string;
  /** Failed at or after, and before, in milliseconds since 1970. */
  readonly since?: number;
  readonly until?: number;
  /** Driven again less often than this so far. */
  readonly triesBelow?: number;
}

/** Whether a letter meets a filter. */
export function matches({ code, node, time, tries }: Pick<Letter, 'code' | 'node' | 'time' | 'tries'>, filter: LetterFilter): boolean {
  if (filter.code !== undefined && code !== filter.code) return false;
  if (filter.node !== undefined && node !== filter.node) return false;
  if (filter.since !== undefined && time < filter.since) return false;
  if (filter.triesBelow !== undefined && tries >= filter.triesBelow) return false;
  return filter.until === undefined || time < filter.until;
}

/** One text for equal filters; '' for the one that takes all. */
export function filterKey({ code, node, since, until, triesBelow }: LetterFilter): string {
  const text = JSON.stringify({ c: code, n: node, s: since, u: until, t: triesBelow });
  return text === '{}' ? '' : text;
}

/** The filter of such a text; null where it is none. */
export function parseFilterKey(text: string): LetterFilter | null {
  try {
    const { c, n, s, u, t } = JSON.parse(text) as Record<string, unknown>;
    return {
      ...(typeof c === 'string' ? { code: c } : {}),
      ...(typeof n === 'string' ? { node: n } : {}),
      ...(typeof s === 'number' ? { since: s } : {}),
      ...(typeof u === 'number' ? { until: u } : {}),
      ...(typeof t === 'number' ? { triesBelow: t } : {})
    };
  } catch {
    return null;
  }
}
