import { alertVariables } from '../../../actors/alert-variables.ts';
import type { AlertValues } from '../../../actors/alert-variables.ts';
import { checkExpression, failure } from './compile.ts';
import type { ExpressionProblem, Language } from './compile.ts';
import { createEnvironment } from './environment.ts';

/** The condition of an alert; null where it has mistakes. */
export interface CompiledCondition {
  readonly problems: readonly ExpressionProblem[];
  /** The variables it reads. */
  readonly uses: readonly string[];
  /** Throws `expression_failed` where it gives neither true nor false. */
  readonly holds: ((values: AlertValues) => boolean) | null;
}

let language: Language | null = null;

/** Made when the first alert wants it: most topologies are checked without. */
function alertLanguage(): Language {
  language ??= { environment: createEnvironment(alertVariables.map(({ name }) => ({ name, type: 'number' }))), names: alertVariables.map(({ name }) => name) };
  return language;
}

/** Parses and checks the condition of an alert. Never throws. */
export function compileCondition(source: string): CompiledCondition {
  const { environment } = alertLanguage();
  const { problems, mentions } = checkExpression(source, 'bool', alertLanguage());
  const uses = [...new Set(mentions.map(({ name }) => name))];
  if (problems.length > 0) return { problems, uses, holds: null };
  const parsed = environment.parse(source);
  parsed.check();
  const evaluate = (values: AlertValues): unknown => {
    try {
      return parsed({ ...values });
    } catch (error) {
      throw failure(error, source);
    }
  };
  const holds = (values: AlertValues): boolean => {
    const result = evaluate(values);
    if (typeof result !== 'boolean') throw failure(new Error(`expected true or false, found a ${typeof result}`), source);
    return result;
  };
  return isNoCondition(evaluate) ? { problems: [{ offset: 0, code: 'bad_expression', message: 'expected true or false, found an expression that gives something else', hint: 'compare it: lag_records > 1000' }], uses, holds: null } : { problems, uses, holds };
}

/** Numbers are not typed, so what an expression gives is seen only when it is evaluated. One that fails by itself may do so for these values alone. */
function isNoCondition(evaluate: (values: AlertValues) => unknown): boolean {
  try {
    return typeof evaluate(Object.fromEntries(alertVariables.map(({ name }) => [name, 0])) as AlertValues) !== 'boolean';
  } catch {
    return false;
  }
}
