import type { ParseResult } from '@marcbachmann/cel-js';
import type { Fold } from '../../../actors/component.ts';
import { Failure } from '../../../actors/failure.ts';
import { checkExpression, failure, toMaps } from './compile.ts';
import type { ExpressionProblem } from './compile.ts';
import { createEnvironment } from './environment.ts';
import { toPlain } from './plain.ts';

/** An expression over two values; where it has mistakes, `run` is never run. */
export interface CompiledFold {
  readonly problems: readonly ExpressionProblem[];
  readonly run: Fold;
}

/** Parses and checks an expression over two variables of these names. Never throws. */
export function compileFold(source: string, names: readonly [string, string]): CompiledFold {
  const environment = createEnvironment(names.map((name) => ({ name, type: 'any' })));
  const { problems } = checkExpression(source, 'any', { environment, names });
  if (problems.length > 0) return { problems, run: () => { throw new Failure('expression_failed', 'this expression has mistakes'); } };
  return { problems, run: evaluator(environment.parse(source), source, names) };
}

function evaluator(parsed: ParseResult, source: string, [first, second]: readonly [string, string]): Fold {
  parsed.check();
  const scope: Record<string, unknown> = {};
  const run = (a: unknown, b: unknown): unknown => {
    scope[first] = a;
    scope[second] = b;
    return toPlain(parsed(scope));
  };
  return (a, b) => {
    try {
      return run(a, b);
    } catch (error) {
      // Data with a field `constructor`, as in compile.ts.
      if ((error as { code?: unknown }).code !== 'unsupported_type') throw failure(error, source);
    }
    try {
      return run(toMaps(a), toMaps(b));
    } catch (error) {
      throw failure(error, source);
    }
  };
}
