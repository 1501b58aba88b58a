import type { ASTNode } from '@marcbachmann/cel-js';

/** A variable as an expression names it, with its place in the text. */
export interface Mention {
  readonly name: string;
  readonly offset: number;
  /** The text after it in `name.field`, so that a suggestion can be made. */
  readonly field: string | null;
}

/** A call of `matches` with what it is to match. */
export interface PatternUse {
  readonly offset: number;
  /** The pattern, where it is a literal; null where it is computed. */
  readonly pattern: string | null;
}

/** What an expression refers to. */
export interface Inspection {
  readonly mentions: readonly Mention[];
  readonly patterns: readonly PatternUse[];
}

/** Macros whose first argument names a variable of their own. */
const bindingMacros = new Set(['all', 'exists', 'exists_one', 'map', 'filter', 'bind']);

interface Walk {
  readonly mentions: Mention[];
  readonly patterns: PatternUse[];
}

/** Finds the free variables of an expression (macro variables are not) and its patterns. */
export function inspect(ast: ASTNode): Inspection {
  const walk: Walk = { mentions: [], patterns: [] };
  visit(ast, new Set(), walk);
  return walk;
}

function visit(node: ASTNode, bound: ReadonlySet<string>, walk: Walk): void {
  if (node.op === 'value') return;
  if (node.op === 'id') mention(node.args, node.start, null, bound, walk);
  else if (node.op === '.' || node.op === '.?') visitAccess(node.args[0], node.args[1], bound, walk);
  else if (node.op === 'call') visitAll(node.args[1], bound, walk);
  else if (node.op === 'rcall') visitMethod(node.args[0], node.args[1], node.args[2], bound, walk);
  else if (node.op === 'map') for (const entry of node.args) visitAll(entry, bound, walk);
  else if (node.op === '!_' || node.op === '-_') visit(node.args, bound, walk);
  else visitAll(node.args, bound, walk);
}

function visitAccess(target: ASTNode, field: string, bound: ReadonlySet<string>, walk: Walk): void {
  if (target.op === 'id') mention(target.args, target.start, field, bound, walk);
  else visit(target, bound, walk);
}

function visitAll(nodes: readonly ASTNode[], bound: ReadonlySet<string>, walk: Walk): void {
  for (const node of nodes) visit(node, bound, walk);
}

function visitMethod(method: string, target: ASTNode, args: readonly ASTNode[], bound: ReadonlySet<string>, walk: Walk): void {
  visit(target, bound, walk);
  const [first, ...rest] = args;
  if (method === 'matches' && first !== undefined) {
    const literal = first.op === 'value' && typeof first.args === 'string' ? first.args : null;
    walk.patterns.push({ offset: first.start, pattern: literal });
  }
  if (bindingMacros.has(method) && first?.op === 'id') visitAll(rest, new Set(bound).add(first.args), walk);
  else visitAll(args, bound, walk);
}

function mention(name: string, offset: number, field: string | null, bound: ReadonlySet<string>, walk: Walk): void {
  if (!bound.has(name)) walk.mentions.push({ name, offset, field });
}
