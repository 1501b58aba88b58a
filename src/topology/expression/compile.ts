import type { Environment, ParseResult, ParseError, TypeError as CelTypeError, EvaluationError } from '@marcbachmann/cel-js';
import type { Expression } from '../../../actors/component.ts';
import { Failure } from '../../../actors/failure.ts';
import type { StreamRecord } from '../../../actors/record.ts';
import { patternProblem } from '../../codec/linear-pattern.ts';
import { nearest } from '../suggest.ts';
import { environment, setNow, variables } from './environment.ts';
import { inspect } from './inspect.ts';
import type { Mention, PatternUse } from './inspect.ts';
import { toPlain } from './plain.ts';
import { Scope } from './scope.ts';

/** A mistake in an expression; `offset` counts characters from its start. */
export interface ExpressionProblem {
  readonly offset: number;
  readonly code: 'bad_expression' | 'unknown_variable';
  readonly message: string;
  readonly hint?: string;
}

/** An expression, checked as far as it can be without a record. */
export interface CompiledExpression {
  readonly problems: readonly ExpressionProblem[];
  /** The variables it reads. */
  readonly uses: ReadonlySet<string>;
  /** A new instance. Each serves one task, where nothing runs at the same time. */
  readonly create: () => Expression;
}

type CelError = ParseError | CelTypeError | EvaluationError;

/** What an expression is checked against. */
export interface Language {
  readonly environment: Environment;
  /** Its variables, for messages. */
  readonly names: readonly string[];
}

const recordLanguage: Language = { environment, names: variables.map(({ name }) => name) };

/** Parses and checks an expression. Never throws: mistakes come back as problems. */
export function compileExpression(source: string, type: 'bool' | 'any'): CompiledExpression {
  const { problems, mentions } = checkExpression(source, type, recordLanguage);
  if (problems.length > 0) return refused(problems);
  return {
    problems: [],
    uses: new Set(mentions.map(({ name }) => name)),
    create: () => evaluator(environment.parse(source), source)
  };
}

/** Parses and checks an expression of some language. Never throws. */
export function checkExpression(source: string, type: 'bool' | 'any', language: Language): { readonly problems: readonly ExpressionProblem[]; readonly mentions: readonly Mention[] } {
  let parsed: ParseResult;
  try {
    parsed = language.environment.parse(source);
  } catch (error) {
    return { problems: [parseProblem(error, source)], mentions: [] };
  }
  const { mentions, patterns } = inspect(parsed.ast);
  const problems = [...unknownVariables(mentions, language), ...badPatterns(patterns)];
  if (problems.length === 0) problems.push(...typeProblems(parsed, type, source));
  return { problems, mentions };
}

/** What CEL's parser says of a text. */
export function parseProblem(error: unknown, source: string): ExpressionProblem {
  return fromCel(error as CelError, source);
}

/** Stands in for an expression with mistakes, so that checking goes on; what is built with it never runs. */
function refused(problems: readonly ExpressionProblem[]): CompiledExpression {
  const run: Expression = () => {
    throw new Failure('expression_failed', 'this expression has mistakes');
  };
  return { problems, uses: new Set(), create: () => run };
}

function fromCel(error: CelError, source: string): ExpressionProblem {
  const problem = { offset: error.range?.start ?? 0, code: 'bad_expression', message: error.summary } as const;
  const hint = wordHint(source, problem.offset) ?? callHint(error.summary) ?? celHints.find(([text]) => error.summary.startsWith(text))?.[1];
  return hint === undefined ? problem : { ...problem, hint };
}

/** What SQL and Python call it. */
function wordHint(source: string, offset: number): string | undefined {
  const word = /^(?:and|or)\b/i.exec(source.slice(offset))?.[0] ?? /\bnot(?=\s+$)/i.exec(source.slice(0, offset))?.[0];
  return word === undefined ? undefined : `write ${{ and: '&&', or: '||', not: '!' }[word.toLowerCase()] ?? ''} for ${word}`;
}

/** What JavaScript and Python call it. */
function callHint(summary: string): string | undefined {
  const name = /^found no matching overload for '(?:.*\.)?(\w+)\(/.exec(summary)?.[1]?.toLowerCase() ?? '';
  return Object.hasOwn(callHints, name) ? callHints[name] : undefined;
}

const callHints: Readonly<Record<string, string>> = {
  tolowercase: 'write value.name.lowerAscii()',
  lower: 'write value.name.lowerAscii()',
  touppercase: 'write value.name.upperAscii()',
  upper: 'write value.name.upperAscii()',
  length: 'write size(value.name)',
  len: 'write size(value.name)',
  includes: 'write "a" in value.list, or value.text.contains("a")',
  startswith: 'write value.text.startsWith("a")',
  endswith: 'write value.text.endsWith("a")',
  concat: 'join texts with +',
  tostring: 'write string(value.n)'
};

const celHints: readonly (readonly [start: string, hint: string])[] = [
  ['Unexpected character: =', 'compare with =='],
  ['Expected RPAREN, got EOF', 'a bracket is not closed; in YAML\'s { } a comma ends the expression, unless it is in quotes'],
  ['Unexpected token: DOT', 'has(value.a) && value.a.b guards what may be missing'],
  ['Unexpected token: EOF', 'the expression ends too early'],
  ['found no matching overload', 'see the functions in REFERENCE.md; dyn(…) leaves a type open'],
  ['Ternary branches', 'write 1.0 for 1, or dyn(…) around one of them']
];

function unknownVariables(mentions: readonly Mention[], { environment, names }: Language): ExpressionProblem[] {
  const problems: ExpressionProblem[] = [];
  for (const { name, offset, field } of mentions) {
    if (environment.hasVariable(name)) continue;
    const near = nearest(name, names);
    const root = names.includes('value') ? 'value' : (names[0] ?? '');
    const meant = near ?? (name === 'now' ? 'now()' : null) ?? (field === null ? `${root}.${name}` : `${root}.${name}.${field}`);
    problems.push({
      offset,
      code: 'unknown_variable',
      message: `expected one of the variables ${names.join(', ')}, found ${name}`,
      hint: `did you mean ${meant}? A text needs quotes: "${name}"`
    });
  }
  return problems;
}

function badPatterns(patterns: readonly PatternUse[]): ExpressionProblem[] {
  const problems: ExpressionProblem[] = [];
  for (const { offset, pattern } of patterns) {
    const message = pattern === null ? 'expected a pattern written as a text, found a computed one' : patternProblem(pattern);
    if (message !== null) problems.push({ offset, code: 'bad_expression', message: `matches: ${message}` });
  }
  return problems;
}

function typeProblems(parsed: ParseResult, type: 'bool' | 'any', source: string): ExpressionProblem[] {
  const result = parsed.check();
  if (!result.valid) return result.error === undefined ? [] : [fromCel(result.error, source)];
  const found = result.type ?? 'dyn';
  if (type === 'any' || found === 'bool' || found.startsWith('dyn')) return [];
  return [{ offset: 0, code: 'bad_expression', message: `expected true or false, found an expression of type ${found}` }];
}

function evaluator(parsed: ParseResult, source: string): Expression {
  parsed.check();
  const scope = new Scope();
  return (record, now) => {
    setNow(now);
    scope.enter(record);
    let result: unknown;
    try {
      result = parsed(scope);
    } catch (error) {
      result = retry(parsed, scope, record, error, source);
    }
    // Almost every expression on the hot path gives true or false.
    return typeof result === 'boolean' ? result : plain(result, source);
  };
}

/** A time beyond the calendar, or a value too deep for the stack, is a RangeError. */
function plain(result: unknown, source: string): unknown {
  try {
    return toPlain(result);
  } catch (error) {
    throw failure(error, source);
  }
}

/**
 * CEL tells an object's type by its `constructor`, so data with a field of that name is refused as an unknown type.
 * Such a value is turned into Maps, which have no fields but their entries, and evaluated again.
 */
function retry(parsed: ParseResult, scope: Scope, record: StreamRecord, error: unknown, source: string): unknown {
  if (error instanceof Failure) throw error;
  if ((error as Partial<CelError>).code !== 'unsupported_type') throw failure(error, source);
  scope.value = toMaps(record.value);
  try {
    return parsed(scope);
  } catch (second) {
    throw failure(second, source);
  }
}

/** A value in Maps, see above. */
export function toMaps(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toMaps);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  const result = new Map<string, unknown>();
  for (const [key, item] of Object.entries(value)) result.set(key, toMaps(item));
  return result;
}

/** Messages hold the expression's text and types, never a record's data. */
export function failure(error: unknown, source: string): Failure {
  if (error instanceof Failure) return error;
  const { summary } = error as Partial<CelError>;
  const text = summary ?? (error instanceof Error ? error.message : String(error));
  const shown = source.length <= 80 ? source : `${source.slice(0, 79)}…`;
  return new Failure('expression_failed', `${text} in ${shown}`);
}
