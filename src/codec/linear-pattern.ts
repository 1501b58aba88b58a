import { setFlagsFromString } from 'node:v8';

/*
 * Patterns that run on data. After 50,000 steps back V8 goes on with its linear engine, so that no pair of pattern and text can hold a task for longer than
 * that; lookaround and back-references, which the linear engine and RE2 lack, are refused.
 */
setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks');

const beyondRe2 = /\(\?<?[=!]|\\[1-9]|\\k</;

/** Why a pattern may not run on data; null where it may. */
export function patternProblem(pattern: string, flags = ''): string | null {
  if (beyondRe2.test(pattern)) return 'expected a pattern without lookaround and back-references (RE2 syntax)';
  try {
    new RegExp(pattern, flags);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
