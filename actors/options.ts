import * as z from 'zod';
import { topicPattern } from './topic-set.ts';

/*
 * Option types that several components share. Each checks one thing and says what it expected; `.describe()` is left
 * to the place of use. Messages complete the sentence "expected …".
 */

const durationUnits: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const sizeUnits: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3
};

const durationPattern = /^\d+(\.\d+)?(ms|s|m|h|d)$/;
const sizePattern = /^\d+(\.\d+)?(B|KB|MB|GB|KiB|MiB|GiB)$/;

/** Longest duration taken where nothing else is said, in milliseconds: beyond it timers wrap around. */
const maxDuration = 2 ** 31 - 1;

/** Longest duration of event time, which no timer waits for: ten years. */
export const maxEventTime = 3650 * 86_400_000;

/** A duration such as `250ms` or `1.5h` in whole milliseconds; null where it is not one. */
export function parseDuration(text: string): number | null {
  return withUnit(text, durationPattern, durationUnits);
}

/** A size such as `64KiB` or `1MB` in whole bytes; null where it is not one. */
export function parseSize(text: string): number | null {
  return withUnit(text, sizePattern, sizeUnits);
}

function withUnit(text: string, pattern: RegExp, units: Readonly<Record<string, number>>): number | null {
  if (!pattern.test(text)) return null;
  const start = text.search(/[A-Za-z]/);
  const factor = units[text.slice(start)];
  return factor === undefined ? null : Math.round(Number(text.slice(0, start)) * factor);
}

/** Milliseconds as the shortest exact duration, `90000` as `90s`. */
export function formatDuration(milliseconds: number): string {
  let best = `${milliseconds}ms`;
  for (const [unit, factor] of Object.entries(durationUnits)) {
    if (milliseconds > 0 && milliseconds % factor === 0) best = `${milliseconds / factor}${unit}`;
  }
  return best;
}

/** A duration with its unit; the output is milliseconds. */
export function duration(limits: { readonly min?: number; readonly max?: number } = {}) {
  const { min = 0, max = maxDuration } = limits;
  return z
    .string({ error: 'a duration with its unit, such as 250ms, 5s or 1h' })
    .regex(durationPattern, { error: 'a duration with its unit, such as 250ms, 5s or 1h' })
    .transform((text) => parseDuration(text) ?? 0)
    .refine((value) => value >= min && value <= max, {
      error: `a duration from ${formatDuration(min)} to ${formatDuration(Math.floor(max / 86_400_000) * 86_400_000)}`
    })
    .meta({ title: 'duration' });
}

/** A size with its unit; the output is bytes. */
export function size(limits: { readonly min?: number } = {}) {
  const min = limits.min ?? 0;
  return z
    .string({ error: 'a size with its unit, such as 512B, 64KiB or 1MiB' })
    .regex(sizePattern, { error: 'a size with its unit, such as 512B, 64KiB or 1MiB' })
    .transform((text) => parseSize(text) ?? 0)
    .refine((value) => value >= min, { error: `a size of at least ${min}B` })
    .meta({ title: 'size' });
}

/** A whole number of at least `min`. */
export function count(min: number) {
  return z.int({ error: 'a whole number' }).min(min, { error: `a whole number of at least ${min}` });
}

/** The form of every name a file gives: nodes, routes, rules, topologies. */
export const namePattern = /^[a-z][a-z0-9_]*$/;

/** A name of a node, a route or a rule. */
export function name() {
  return z
    .string({ error: 'a name in lower_snake_case' })
    .regex(namePattern, { error: 'a name in lower_snake_case, starting with a letter' })
    .max(100, { error: 'a name of at most 100 characters' })
    .meta({ title: 'name' });
}

/** The name of another entry of the file. Any text: it is looked up, also where it is badly formed itself. */
export function reference() {
  return z.string({ error: 'a name' }).meta({ title: 'name' });
}

/** Kafka's own rule for topic names (org.apache.kafka.common.internals.Topic). */
export function isTopicName(text: string): boolean {
  return /^[a-zA-Z0-9._-]{1,249}$/.test(text) && text !== '.' && text !== '..';
}

/** A regular expression over whole names of topics; the output is compiled. */
export function topicRegex() {
  const error = 'a regular expression that topic names meet as a whole, such as raw-.*';
  return z
    .string({ error })
    .min(1, { error })
    .transform((source, context) => {
      try {
        return topicPattern(source);
      } catch (cause) {
        context.issues.push({ code: 'custom', message: `a regular expression (${cause instanceof Error ? cause.message : ''})`, input: source });
        return z.NEVER;
      }
    })
    .meta({ title: 'pattern' });
}

const zonedTime = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)$/;

/** A moment as ISO 8601 with a zone, or in milliseconds since 1970; null where it is neither. */
export function parseMoment(value: string | number): number | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : null;
  const time = zonedTime.test(value) ? Date.parse(value.replace(' ', 'T')) : NaN;
  return Number.isNaN(time) ? null : time;
}

/** A moment; the output is milliseconds since 1970. */
export function moment() {
  const error = 'a time with its zone, such as 2026-11-01T00:00:00Z, or milliseconds since 1970';
  return z
    .union([z.string(), z.number()], { error })
    .refine((value) => parseMoment(value) !== null, { error })
    .transform((value) => parseMoment(value) ?? 0)
    .meta({ title: 'time' });
}

/** The name of a topic. */
export function topicName() {
  const error = "a topic's name: at most 249 letters, digits, '.', '_' or '-'";
  return z
    .string({ error })
    .regex(/^[a-zA-Z0-9._-]{1,249}$/, { error })
    .refine(isTopicName, { error })
    .meta({ title: 'topic' });
}

/**
 * The source of an expression. YAML reads `where: true` and `set: { version: 2 }` as a boolean and a number;
 * both are good expressions as they are written.
 */
export function expression() {
  return z
    .union([z.string(), z.number(), z.boolean(), z.null()], { error: 'an expression' })
    .transform(String)
    .meta({ title: 'expression' });
}

/** A path into a record's value, `user.name`; the output is its segments. */
export function fieldPath() {
  return z
    .string({ error: 'a field, such as user.name' })
    .refine(isFieldPath, { error: 'a field, such as user.name: names joined by dots, none of them __proto__' })
    .meta({ title: 'field' });
}

/** True for names joined by single dots. `__proto__` would reach into JavaScript's own objects, so it is refused. */
export function isFieldPath(text: string): boolean {
  return text.split('.').every((segment) => segment !== '' && segment !== '__proto__');
}
