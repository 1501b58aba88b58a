import { Refusal } from '../refusal.ts';
import { dayText } from './calendar.ts';
import type { Unit } from './clock-text.ts';
import { momentText, parseDay, parseMoment, parseTime, timeText } from './clock-text.ts';
import type { Logical } from './logical.ts';

const millis: Unit = { perSecond: 1e3, digits: 3 };
const micros: Unit = { perSecond: 1e6, digits: 6 };
const nanos: Unit = { perSecond: 1e9, digits: 9 };

/** Days since 1970-01-01: 2026-11-27 */
export const date: Logical = {
  name: 'date',
  family: 'date',
  expected: 'a date such as 2026-11-27',
  counts: true,
  read: (value) => dayText(value as number),
  write: (value) => (typeof value === 'string' ? (parseDay(value) ?? undefined) : count(value))
};

/** Times of a day: 12:34:56.789 */
export const times = { millis: time('time-millis', millis), micros: time('time-micros', micros) };

/** Moments: 2026-11-27T12:34:56.789Z; an offset is taken, a text without any zone is not. */
export const timestamps = { millis: timestamp('timestamp-millis', millis), micros: timestamp('timestamp-micros', micros), nanos: timestamp('timestamp-nanos', nanos) };

/** A date and a time on whatever clock: 2026-11-27T12:34:56.789, without a zone. */
export const localTimestamps = { millis: local('local-timestamp-millis', millis), micros: local('local-timestamp-micros', micros), nanos: local('local-timestamp-nanos', nanos) };

function time(name: string, unit: Unit): Logical {
  const end = 86_400 * unit.perSecond;
  return {
    name,
    family: 'time',
    expected: `a time such as ${timeText(45_296.5 * unit.perSecond, unit)}`,
    counts: true,
    read: (value) => {
      if (typeof value !== 'number' || value < 0 || value >= end) throw new Refusal('undecodable', `${name} of one day`, String(value));
      return timeText(value, unit);
    },
    write: (value) => {
      const units = typeof value === 'string' ? parseTime(value, unit) : count(value);
      return typeof units === 'number' && units >= 0 && units < end ? units : undefined;
    }
  };
}

function timestamp(name: string, unit: Unit): Logical {
  return {
    name,
    family: 'timestamp',
    expected: `a timestamp such as ${momentText(0, unit)}Z`,
    counts: true,
    read: (value) => `${momentText(value as number | bigint, unit)}Z`,
    write: (value) => (typeof value === 'string' ? (parseMoment(value, unit, true) ?? undefined) : count(value))
  };
}

function local(name: string, unit: Unit): Logical {
  return {
    name,
    family: 'local-timestamp',
    expected: `a local timestamp such as ${momentText(0, unit)}`,
    counts: true,
    read: (value) => momentText(value as number | bigint, unit),
    write: (value) => (typeof value === 'string' ? (parseMoment(value, unit, false) ?? undefined) : count(value))
  };
}

/** A plain number of units. Its range is checked with that of the underlying type. */
function count(value: unknown): number | bigint | undefined {
  if (typeof value === 'bigint') return value;
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;
}
