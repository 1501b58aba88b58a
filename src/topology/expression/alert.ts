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
  const holds = (values: AlertValues): boolean => {
    let result: unknown;
    try {
      result = parsed({ ...values });
    } catch (error) {
      throw failure(error, source);
    }
    if (typeof result !== 'boolean') throw failure(new Error('expected true or false, found something else'), source);
    return result;
  };
  return { problems, uses, holds };
}
