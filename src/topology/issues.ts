import type * as z from 'zod';
import type { Path } from '../../actors/component.ts';
import { namePattern, parseMoment } from '../../actors/options.ts';
import { absentHint } from './absent.ts';
import type { SourceFile } from './document.ts';
import { knownKeys } from './known-keys.ts';
import { nearest } from './suggest.ts';

type Issue = z.core.$ZodIssue;
type RawIssue = Parameters<z.core.$ZodErrorMap>[0];

/** Where a part of a file stands, and what it is checked against. */
export interface Part {
  readonly file: SourceFile;
  readonly at: Path;
  readonly schema: z.ZodType;
  /** Keys that are valid at the top of a file, for hints about nodes. */
  readonly topKeys: readonly string[];
}

/** Checks a part of a file against its schema and reports every mistake. Returns null where there was one. */
export function parsePart<T>(part: Part & { readonly schema: z.ZodType<T> }, value: unknown): T | null {
  let result = part.schema.safeParse(value, { error: standardMessage });
  if (result.success) return result.data;
  if (coerce(part, value, flatten(result.error.issues))) result = part.schema.safeParse(value, { error: standardMessage });
  if (result.success) return result.data;
  const issues = flatten(result.error.issues);
  const misspelt = misspeltOptions(part, issues, value);
  for (const issue of issues) if (!misspelt.has(JSON.stringify(issue.path))) report(part, value, issue);
  return null;
}

/** Options that are only missing because their name is misspelt: the unknown key says so already. */
function misspeltOptions(part: Part, issues: readonly Issue[], value: unknown): Set<string> {
  const meant = new Set<string>();
  for (const issue of issues) {
    if (issue.code !== 'unrecognized_keys') continue;
    const known = knownKeys(part.schema, issue.path);
    for (const key of issue.keys) {
      const path = [...issue.path, nearest(key, known) ?? ''];
      if (valueAt(value, path) === undefined) meant.add(JSON.stringify(path));
    }
  }
  return meant;
}

/** What was expected, for zod's own checks; those of Millrace bring their text along. */
function standardMessage(issue: RawIssue): string {
  if (issue.code === 'invalid_type') return typeWords[issue.expected] ?? issue.expected;
  if (issue.code === 'invalid_value') {
    return issue.values.length === 1 ? String(issue.values[0]) : `one of ${issue.values.map(String).join(', ')}`;
  }
  if (issue.code === 'too_small') return issue.origin === 'string' ? 'a text that is not empty' : `at least ${issue.minimum}`;
  return issue.code === 'too_big' ? `at most ${issue.maximum}` : 'another value';
}

const typeWords: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a map',
  record: 'a map',
  array: 'a list'
};

/** Of a union's branches the one that was meant: where something deeper than the type itself is wrong. */
function flatten(issues: readonly Issue[]): Issue[] {
  return issues.flatMap((issue) => {
    if (issue.code !== 'invalid_union') return [issue];
    const branches = issue.errors.map((branch) => flatten(branch));
    const meant = branches.find((branch) => branch.every(isDeeper));
    if (meant === undefined || meant.length === 0) return [issue];
    return meant.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
  });
}

function isDeeper(issue: Issue): boolean {
  return issue.path.length > 0 || (issue.code !== 'invalid_type' && issue.code !== 'invalid_value' && issue.code !== 'invalid_union');
}

/** A scalar that was one `${…}` is text; where the schema wants a number or a boolean it becomes one. */
function coerce(part: Part, value: unknown, issues: readonly Issue[]): boolean {
  let changed = false;
  for (const { code, path } of issues) {
    const text = valueAt(value, path);
    if (code !== 'invalid_type' || typeof text !== 'string') continue;
    if (!part.file.interpolated([...part.at, ...toPath(path)])) continue;
    const parent = valueAt(value, path.slice(0, -1)) as Record<PropertyKey, unknown>;
    const key = path[path.length - 1] ?? '';
    if (text === 'true' || text === 'false') parent[key] = text === 'true';
    else if (/^-?\d+(\.\d+)?$/.test(text)) parent[key] = Number(text);
    else continue;
    changed = true;
  }
  return changed;
}

function report(part: Part, value: unknown, issue: Issue): void {
  const path = [...part.at, ...toPath(issue.path)];
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) reportUnknownKey(part, issue.path, key);
    return;
  }
  if (issue.code === 'invalid_key') {
    const expected = issue.issues[0]?.message ?? 'another name';
    const found = String(path[path.length - 1]);
    // `{ ids: collect(value.id, 10) }` is two entries to YAML, the second called `10)`.
    const hint = /[()"']/.test(found) ? "in YAML's { } a comma ends an expression, unless it is in quotes" : undefined;
    part.file.report(path, 'bad_name', `expected ${expected}, found ${show(found)}`, hint, { key: true });
    return;
  }
  const found = valueAt(value, issue.path);
  if (found === undefined) {
    part.file.report(path, 'missing_option', `expected the option ${String(path[path.length - 1])}: ${issue.message}`);
    return;
  }
  if (isSecret(path)) {
    part.file.report(path, 'bad_value', `expected ${expectation(issue)}, found ${typeof found === 'object' ? show(found) : `a ${typeof found === 'string' ? 'text' : typeof found}`}`, typeof found === 'number' ? 'put it into quotes' : undefined);
    return;
  }
  part.file.report(path, 'bad_value', `expected ${expectation(issue)}, found ${show(found)}`, hintFor(issue, found));
}

/** Options whose values are shown to nobody, not even where they are wrong: what was meant for one of them may stand at its neighbour, or in place of the map. */
function isSecret(path: Path): boolean {
  const [top, , ...rest] = path;
  if (top === 'alerts') return rest[0] === 'notify' && rest.at(-1) !== 'timeout';
  if (top !== 'broker' && top !== 'registry') return false;
  const last = String(path[path.length - 1]);
  return secretOptions.has(last) || (rest.length === 0 && (last === 'sasl' || last === 'tls' || last === 'auth'));
}

const secretOptions = new Set(['password', 'passphrase', 'client_secret', 'token', 'token_endpoint', 'key', 'cert', 'ca', 'username', 'client_id']);

function expectation(issue: Issue): string {
  if (issue.code === 'invalid_union' && 'options' in issue && Array.isArray(issue.options)) return `one of ${issue.options.join(', ')}`;
  return issue.message;
}

function hintFor(issue: Issue, found: unknown): string | undefined {
  if (typeof found === 'number' && issue.message.includes('with its unit')) {
    return issue.message.startsWith('a size') ? `write ${found}B or ${found}KiB` : `write ${found}ms or ${found}s`;
  }
  if (found === null && issue.message.startsWith('a map')) return 'what belongs to it stands below, indented deeper';
  if (typeof found !== 'string') return undefined;
  if (issue.message === 'a list') return `write [${found.trim().split(/\s*,\s*/).join(', ')}]`;
  const written = rewritten(issue.message, found);
  if (written !== null) return `write ${written}`;
  const words = allowed(issue);
  const near = nearest(found, words);
  return absentHint(found) ?? (near === null ? undefined : `did you mean ${near}?`);
}

/** A text that only lacks its form. */
function rewritten(expected: string, found: string): string | null {
  if (expected.startsWith('a name in lower_snake_case')) {
    const name = found.trim().replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase().replace(/[^a-z0-9]+/g, '_');
    return namePattern.test(name) ? name : null;
  }
  if (!expected.includes('a time with its zone')) return null;
  const zoned = [`${found}T00:00:00Z`, `${found}Z`, `${found}:00Z`].find((text) => parseMoment(text) !== null);
  return zoned ?? null;
}

/** The words an enum, or a union with enums among its branches, would take. */
function allowed(issue: Issue): string[] {
  if (issue.code === 'invalid_value') return issue.values.map(String);
  if (issue.code !== 'invalid_union') return [];
  if ('options' in issue && Array.isArray(issue.options)) return issue.options.map(String);
  return issue.errors.flat().flatMap(allowed);
}

function reportUnknownKey(part: Part, path: readonly PropertyKey[], key: string): void {
  const known = knownKeys(part.schema, path);
  const at = [...part.at, ...toPath(path), key];
  const hint = unknownKeyHint(part, path, key, known);
  part.file.report(at, 'unknown_key', `there is no option ${key} here`, hint, { key: true });
}

function unknownKeyHint(part: Part, path: readonly PropertyKey[], key: string, known: readonly string[]): string {
  if (known.includes(key)) return `${key} is an option of another type`;
  const foreign = absentHint(key);
  if (foreign !== null) return foreign;
  const near = nearest(key, known);
  if (near !== null) return `did you mean ${near}?`;
  for (const child of known) {
    if (knownKeys(part.schema, [...path, child]).includes(key)) return `${key} belongs one level down, under ${child}`;
  }
  const parent = path.slice(0, -1);
  if (path.length > 0 && knownKeys(part.schema, parent).includes(key)) {
    const above = parent[parent.length - 1] ?? part.at[part.at.length - 1];
    return above === undefined ? `${key} is valid one level up` : `${key} is valid one level up, under ${String(above)}`;
  }
  if (part.at.length > 0 && part.topKeys.includes(key)) return `${key} is an option of the topology: put it at the top level`;
  return `known here: ${known.join(', ')}`;
}

/** A value in a few words. */
export function show(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  const text = JSON.stringify(value);
  return text.length <= 60 ? text : `${text.slice(0, 59)}…`;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let current = value;
  for (const segment of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, segment)) return undefined;
    current = (current as Record<PropertyKey, unknown>)[segment];
  }
  return current;
}

function toPath(path: readonly PropertyKey[]): Path {
  return path.map((segment) => (typeof segment === 'number' ? segment : String(segment)));
}
