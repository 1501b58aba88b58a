import type { Problem } from '../topology/model.ts';
import type { Output } from './output.ts';

/** A problem as `formatProblem` writes it; on a terminal its place is bold, its code red and its hint dim. */
export function paintProblem({ file, line, column, code, message, hint }: Problem, { paint }: Pick<Output, 'paint'>): string {
  const text = `${paint('bold', `${file}:${line}:${column}:`)} ${paint('red', `${code}:`)} ${message}`;
  return hint === undefined ? text : `${text} ${paint('dim', `(${hint})`)}`;
}
