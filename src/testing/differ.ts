import { parseMoment } from '../../actors/options.ts';

/** One place at which a value is not as expected; undefined: not there. */
export interface Difference {
  readonly path: string;
  readonly expected: unknown;
  readonly found: unknown;
}

/** Numbers may differ by so much of the larger: sums of fractions depend on the order in their last digits. */
const tolerance = 1e-9;

/**
 * Where two values of JSON differ. A time may be expected as ISO 8601 where milliseconds are found. With `partly` maps may have
 * further fields; lists are compared whole.
 */
export function differences(expected: unknown, found: unknown, path: string, partly = false): Difference[] {
  if (isMap(expected) && isMap(found)) {
    const names = new Set([...Object.keys(expected), ...(partly ? [] : Object.keys(found))]);
    return [...names].flatMap((name) => differences(expected[name], found[name], `${path}.${name}`, partly));
  }
  if (Array.isArray(expected) && Array.isArray(found)) {
    const length = Math.max(expected.length, found.length);
    return Array.from({ length }, (_, i) => differences(expected[i], found[i], `${path}[${i}]`, partly)).flat();
  }
  return isSame(expected, found) ? [] : [{ path, expected, found }];
}

function isSame(expected: unknown, found: unknown): boolean {
  if (typeof found === 'number' && typeof expected === 'number') return Math.abs(expected - found) <= tolerance * Math.max(Math.abs(expected), Math.abs(found));
  if (typeof found === 'number' && typeof expected === 'string') return parseMoment(expected) === found;
  return expected === found;
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
