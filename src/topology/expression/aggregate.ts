import type { ASTNode } from '@marcbachmann/cel-js';
import type { AggregateCall } from '../../../actors/component.ts';
import { aggregateFunctions, findAggregate, maxCollected } from '../../../actors/window/aggregate/functions.ts';
import type { AggregateFunction } from '../../../actors/window/aggregate/functions.ts';
import { nearest } from '../suggest.ts';
import { compileExpression, parseProblem } from './compile.ts';
import type { ExpressionProblem } from './compile.ts';
import { environment } from './environment.ts';

/** A call of an aggregate function; null where it has mistakes. */
export interface CompiledAggregate {
  readonly problems: readonly ExpressionProblem[];
  readonly call: AggregateCall | null;
}

const names = aggregateFunctions.map(({ name }) => name);

/** Parses and checks the call of an aggregate function: `sum(value.amount)`. Never throws. */
export function compileAggregate(source: string): CompiledAggregate {
  let ast: ASTNode;
  try {
    ({ ast } = environment.parse(source));
  } catch (error) {
    return refused([parseProblem(error, source)]);
  }
  if (ast.op !== 'call') {
    return refused([{ offset: 0, code: 'bad_expression', message: `expected one call of an aggregate function, such as sum(value.amount)`, hint: `compute with its result in a map behind the window. Functions: ${names.join(', ')}` }]);
  }
  const [name, args] = ast.args;
  const found = findAggregate(name);
  if (found === undefined) return refused([unknownFunction(name, ast.start)]);
  const problem = arityProblem(found, args.length, ast.start) ?? limitProblem(found, args[1]);
  if (problem !== null) return refused([problem]);
  return compileArguments(name, args, source);
}

function compileArguments(name: string, args: readonly ASTNode[], source: string): CompiledAggregate {
  const texts = argumentTexts(args, source);
  const compiled = texts.map(({ text }) => compileExpression(text, 'any'));
  const problems = compiled.flatMap((argument, i) => argument.problems.map((problem) => ({ ...problem, offset: problem.offset + (texts[i]?.offset ?? 0) })));
  if (problems.length > 0) return refused(problems);
  return { problems: [], call: { name, args: compiled.map((argument, i) => ({ source: texts[i]?.text ?? '', evaluate: argument.create() })) } };
}

/** The text of each argument. The parser's places leave out brackets around an argument, so they tell commas apart and no more; a second argument is a literal. */
function argumentTexts([first, second]: readonly ASTNode[], source: string): { readonly text: string; readonly offset: number }[] {
  if (first === undefined) return [];
  const open = source.indexOf('(') + 1;
  if (second === undefined) return [{ text: source.slice(open, source.lastIndexOf(')')), offset: open }];
  const comma = source.lastIndexOf(',', second.start);
  return [{ text: source.slice(open, comma), offset: open }, { text: source.slice(second.start, second.end), offset: second.start }];
}

function refused(problems: readonly ExpressionProblem[]): CompiledAggregate {
  return { problems, call: null };
}

/** What SQL and other libraries call it. */
const synonyms: Readonly<Record<string, string>> = {
  average: 'avg',
  mean: 'avg',
  total: 'sum',
  minimum: 'min',
  maximum: 'max',
  latest: 'last',
  earliest: 'first',
  list: 'collect',
  collect_list: 'collect',
  array_agg: 'collect',
  distinct: 'distinct_count',
  count_distinct: 'distinct_count',
  approx_count_distinct: 'distinct_count'
};

function unknownFunction(name: string, offset: number): ExpressionProblem {
  const lower = name.toLowerCase();
  // Short words are near to too much: median is no mean.
  const near = Object.hasOwn(synonyms, lower) ? lower : nearest(lower, [...names, ...Object.keys(synonyms).filter(({ length }) => length > 6)]);
  const hint = near === null ? `known here: ${names.join(', ')}` : `did you mean ${names.includes(near) ? near : (synonyms[near] ?? near)}?`;
  return { offset, code: 'bad_expression', message: `there is no aggregate function ${name}`, hint };
}

function arityProblem({ name, args: [least, most], signature }: AggregateFunction, found: number, offset: number): ExpressionProblem | null {
  if (found >= least && found <= most) return null;
  const expected = least === most ? (least === 1 ? 'one argument' : `${least} arguments`) : `${least} or ${most} arguments`;
  return { offset, code: 'bad_expression', message: `${name}: expected ${expected}, found ${found}`, hint: `write ${signature}` };
}

function limitProblem({ name }: AggregateFunction, limit: ASTNode | undefined): ExpressionProblem | null {
  if (limit === undefined) return null;
  const n = limit.op === 'value' && typeof limit.args === 'bigint' ? Number(limit.args) : NaN;
  if (n >= 1 && n <= maxCollected) return null;
  return { offset: limit.start, code: 'bad_expression', message: `${name}: expected a whole number from 1 to ${maxCollected}, written as a number`, hint: 'write collect(value.id, 10)' };
}
