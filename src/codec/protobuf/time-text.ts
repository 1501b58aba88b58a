/*
 * Texts of google.protobuf.Timestamp and Duration, as the JSON mapping has them (https://protobuf.dev/programming-guides/json).
 * Seconds are integers, nanoseconds too.
 */

/** A point in time or a length of time, in two parts of one sign. */
export interface SecondsAndNanos {
  readonly seconds: number;
  readonly nanos: number;
}

/** 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z. */
const [firstSecond, lastSecond] = [-62_135_596_800, 253_402_300_799];
/** Some 10,000 years. */
const longest = 315_576_000_000;

/** RFC 3339 in UTC, with 0, 3, 6 or 9 digits behind the second; null out of the years 1 to 9999. */
export function timestampText({ seconds, nanos }: SecondsAndNanos): string | null {
  if (!(seconds >= firstSecond && seconds <= lastSecond && nanos >= 0 && nanos <= 999_999_999)) return null;
  return `${new Date(seconds * 1000).toISOString().slice(0, -5)}${fraction(nanos)}Z`;
}

const timestamp = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;

/** The point in time of a text of RFC 3339, at any offset; null where it is none. */
export function parseTimestamp(text: string): SecondsAndNanos | null {
  const match = timestamp.exec(text);
  if (match === null) return null;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [number, number, number, number, number, number];
  const local = new Date(0);
  local.setUTCFullYear(year, month - 1, day);
  local.setUTCHours(hour, minute, second);
  // A day that the month does not have would be one of the next month.
  if (local.getUTCDate() !== day || local.getUTCMonth() !== month - 1 || hour > 23 || minute > 59 || second > 59) return null;
  const [offsetHours, offsetMinutes] = [Number(match[9] ?? 0), Number(match[10] ?? 0)];
  if (offsetHours > 23 || offsetMinutes > 59) return null;
  const offset = (offsetHours * 60 + offsetMinutes) * 60 * (match[8] === '-' ? -1 : 1);
  return inRange({ seconds: local.getTime() / 1000 - offset, nanos: nanosOf(match[7]) });
}

/** The point in time of milliseconds since 1970; null out of range. */
export function timestampOf(milliseconds: number): SecondsAndNanos | null {
  const seconds = Math.floor(milliseconds / 1000);
  return Number.isSafeInteger(milliseconds) ? inRange({ seconds, nanos: (milliseconds - seconds * 1000) * 1_000_000 }) : null;
}

/** Seconds with 0, 3, 6 or 9 digits behind the point, and an s; null beyond 10,000 years or with parts of two signs. */
export function durationText({ seconds, nanos }: SecondsAndNanos): string | null {
  if (!(Math.abs(seconds) <= longest && Math.abs(nanos) <= 999_999_999) || seconds * nanos < 0) return null;
  return `${seconds < 0 || nanos < 0 ? '-' : ''}${Math.abs(seconds)}${fraction(Math.abs(nanos))}s`;
}

const duration = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/;

/** The length of time of a text such as -1.5s; null where it is none. */
export function parseDuration(text: string): SecondsAndNanos | null {
  const match = duration.exec(text);
  if (match === null) return null;
  const sign = match[1] === '-' ? -1 : 1;
  const seconds = Number(match[2]);
  // Adding 0 makes 0 of -0.
  return seconds > longest ? null : { seconds: sign * seconds + 0, nanos: sign * nanosOf(match[3]) + 0 };
}

function inRange(time: SecondsAndNanos): SecondsAndNanos | null {
  return time.seconds >= firstSecond && time.seconds <= lastSecond ? time : null;
}

function nanosOf(digits: string | undefined): number {
  return digits === undefined ? 0 : Number(digits.padEnd(9, '0'));
}

function fraction(nanos: number): string {
  if (nanos === 0) return '';
  const digits = String(nanos).padStart(9, '0');
  return `.${digits.endsWith('000000') ? digits.slice(0, 3) : digits.endsWith('000') ? digits.slice(0, 6) : digits}`;
}
