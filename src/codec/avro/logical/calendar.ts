/*
 * Days since 1970-01-01 to dates of the proleptic Gregorian calendar and back, for all days that 64 bits of milliseconds reach: Date ends
 * at ±271,821 years. Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil and civil_from_days.
 */

/** Numbers below 100 with two digits. */
export const two: readonly string[] = Array.from({ length: 100 }, (_, number) => String(number).padStart(2, '0'));

let lastDay = NaN;
let lastText = '';

/** A day as text: 2026-11-27; years beyond four digits as ISO 8601 has them expanded, with a sign and at least six: +012026-11-27, -000001-01-01. */
export function dayText(day: number): string {
  if (day !== lastDay) {
    lastText = format(day);
    lastDay = day;
  }
  return lastText;
}

function format(day: number): string {
  const shifted = day + 719_468;
  const era = Math.floor(shifted / 146_097);
  const ofEra = shifted - era * 146_097;
  const year = Math.floor((ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365);
  const ofYear = ofEra - (365 * year + Math.floor(year / 4) - Math.floor(year / 100));
  const month = Math.floor((5 * ofYear + 2) / 153);
  const dayOfMonth = ofYear - Math.floor((153 * month + 2) / 5) + 1;
  return `${yearText(year + era * 400 + (month < 10 ? 0 : 1))}-${two[month < 10 ? month + 3 : month - 9]}-${two[dayOfMonth]}`;
}

function yearText(year: number): string {
  if (year >= 0 && year <= 9999) return String(year).padStart(4, '0');
  return `${year < 0 ? '-' : '+'}${String(Math.abs(year)).padStart(6, '0')}`;
}

/** The day of a date; null where there is no such date. */
export function dayOf(year: number, month: number, dayOfMonth: number): number | null {
  if (!(month >= 1 && month <= 12 && dayOfMonth >= 1 && dayOfMonth <= daysIn(year, month))) return null;
  const shifted = month > 2 ? year : year - 1;
  const era = Math.floor(shifted / 400);
  const ofEra = shifted - era * 400;
  const ofYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + dayOfMonth - 1;
  return era * 146_097 + ofEra * 365 + Math.floor(ofEra / 4) - Math.floor(ofEra / 100) + ofYear - 719_468;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}
