import { Failure } from './failure.ts';

/** What a store holds, as its node describes it, in JSON. */
export type Holds = Readonly<Record<string, unknown>>;

/** A field of it that is not what it was; undefined where there is none. */
export interface HoldsChange {
  readonly field: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** What differs between what a store holds and what a node wants it to hold, by field; fields of fields are named `window.size`. */
export function compareHolds(before: Holds, after: Holds): HoldsChange[] {
  return changesIn('', plain(before), plain(after));
}

/** A change as people read it: `window.size: 60000 → 300000`. */
export function showChange({ field, before, after }: HoldsChange): string {
  return `${field}: ${show(before)} → ${show(after)}`;
}

/** The failure for a store that holds something else; `place` is where it was found. */
export function incompatible(store: string, place: string, changes: readonly HoldsChange[]): Failure {
  return new Failure('state_incompatible', `Store ${store} of ${place} was written for another definition: ${changes.map(showChange).join('; ')}.`);
}

function changesIn(prefix: string, before: Holds, after: Holds): HoldsChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names.flatMap((name) => {
    const [was, is] = [before[name], after[name]];
    if (isMap(was) && isMap(is)) return changesIn(`${prefix}${name}.`, was, is);
    return canonical(was) === canonical(is) ? [] : [{ field: prefix + name, before: was, after: is }];
  });
}

function isMap(value: unknown): value is Holds {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The same text whatever the order of the fields. */
function canonical(value: unknown): string | undefined {
  return JSON.stringify(value, (_, part: unknown) => (isMap(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part));
}

/** As it comes back from JSON. */
function plain(value: Holds): Holds {
  return JSON.parse(JSON.stringify(value)) as Holds;
}

function show(value: unknown): string {
  return value === undefined ? 'absent' : JSON.stringify(value);
}
