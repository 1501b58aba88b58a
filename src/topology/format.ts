import type { Problem } from './model.ts';

/** A problem in one line, as editors and compilers write it: `file:line:column: code: message (hint)`. */
export function formatProblem({ file, line, column, code, message, hint }: Problem): string {
  const text = `${file}:${line}:${column}: ${code}: ${message}`;
  return hint === undefined ? text : `${text} (${hint})`;
}
