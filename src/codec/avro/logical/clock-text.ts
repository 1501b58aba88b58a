import { dayOf, dayText, two } from './calendar.ts';

/** A unit that times are counted in: how many a second has, and the digits behind its point. */
export interface Unit {
  readonly perSecond: number;
  readonly digits: 3 | 6 | 9;
}

const secondsPerDay = 86_400;

/** The time of a day, as so many units since midnight: 12:34:56.789 */
export function timeText(count: number, { perSecond, digits }: Unit): string {
  const seconds = Math.floor(count / perSecond);
  const fraction = count - seconds * perSecond;
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  return `${two[hours]}:${two[minutes - hours * 60]}:${two[seconds - minutes * 60]}.${String(fraction).padStart(digits, '0')}`;
}

/** A moment, as so many units since 1970-01-01: 2026-11-27T12:34:56.789 */
export function momentText(count: number | bigint, unit: Unit): string {
  const perDay = secondsPerDay * unit.perSecond;
  if (typeof count === 'number') {
    const day = Math.floor(count / perDay);
    return `${dayText(day)}T${timeText(count - day * perDay, unit)}`;
  }
  const wide = BigInt(perDay);
  const rest = ((count % wide) + wide) % wide;
  return `${dayText(Number((count - rest) / wide))}T${timeText(Number(rest), unit)}`;
}

const datePattern = /^(\d{4}|[+-]\d{6,9})-(\d\d)-(\d\d)$/;
const timePattern = /^(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,30}))?)?$/;
const zonePattern = /(?:Z|z|([+-])(\d\d):?(\d\d))$/;

/** The day of a date as text; null where it is none. */
export function parseDay(text: string): number | null {
  const match = datePattern.exec(text);
  return match === null ? null : dayOf(Number(match[1]), Number(match[2]), Number(match[3]));
}

/** Units since midnight; null where the text is no time of a day, or has more digits than the unit. */
export function parseTime(text: string, { perSecond, digits }: Unit): number | null {
  const match = timePattern.exec(text);
  if (match === null) return null;
  const [hours, minutes, seconds] = [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
  const fraction = (match[4] ?? '').replace(/0+$/, '');
  if (hours > 23 || minutes > 59 || seconds > 59 || fraction.length > digits) return null;
  return ((hours * 60 + minutes) * 60 + seconds) * perSecond + Number(fraction.padEnd(digits, '0'));
}

/** Units since 1970-01-01; null where the text is no date with a time, has more digits than the unit, or a zone where `zoned` is false, or none where it is true. */
export function parseMoment(text: string, unit: Unit, zoned: boolean): number | bigint | null {
  if (text.length > 64) return null;
  if (text.length === 20 + unit.digits + (zoned ? 1 : 0)) {
    const plain = parsePlain(text, unit, zoned);
    if (plain !== null) return plain;
  }
  const zone = zonePattern.exec(text);
  const separator = text.search(/[Tt ]/);
  if (separator < 0 || (zone !== null && zone.index > separator) !== zoned) return null;
  const day = parseDay(text.slice(0, separator));
  const time = parseTime(text.slice(separator + 1, zoned ? zone?.index : undefined), unit);
  const offset = zoned ? offsetOf(zone) : 0;
  return day === null || time === null || offset === null ? null : moment(day, time - offset * 60 * unit.perSecond, unit);
}

/** The form that is written here, without patterns, which take most of the time of a small record; null where it is another one. */
function parsePlain(text: string, unit: Unit, zoned: boolean): number | bigint | null {
  const { length } = text;
  if (text[10] !== 'T' || text[4] !== '-' || text[7] !== '-' || text[13] !== ':' || text[16] !== ':' || text[19] !== '.' || (zoned && text[length - 1] !== 'Z')) return null;
  const day = dayOf(number(text, 0, 4), number(text, 5, 7), number(text, 8, 10));
  const [hours, minutes, seconds] = [number(text, 11, 13), number(text, 14, 16), number(text, 17, 19)];
  const fraction = number(text, 20, 20 + unit.digits);
  // Not a number where there is something else than digits, which no comparison is true for.
  if (day === null || !(hours < 24 && minutes < 60 && seconds < 60 && fraction >= 0)) return null;
  return moment(day, ((hours * 60 + minutes) * 60 + seconds) * unit.perSecond + fraction, unit);
}

function number(text: string, start: number, end: number): number {
  let result = 0;
  for (let i = start; i < end; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return NaN;
    result = result * 10 + digit;
  }
  return result;
}

function moment(day: number, time: number, { perSecond }: Unit): number | bigint {
  const whole = day * secondsPerDay * perSecond;
  if (Math.abs(whole) < 2 ** 52) return whole + time;
  const exact = BigInt(day) * BigInt(secondsPerDay * perSecond) + BigInt(time);
  const number = Number(exact);
  return Number.isSafeInteger(number) ? number : exact;
}

/** Minutes ahead of UTC. */
function offsetOf(zone: RegExpExecArray | null): number | null {
  if (zone === null || zone[1] === undefined) return 0;
  const [hours, minutes] = [Number(zone[2]), Number(zone[3])];
  if (hours > 23 || minutes > 59) return null;
  return (zone[1] === '-' ? -1 : 1) * (hours * 60 + minutes);
}
