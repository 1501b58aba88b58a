import type { Declared } from './declare.ts';
import type { SourceFile } from './document.ts';
import type { Edge } from './model.ts';
import { nearest } from './suggest.ts';

/** The nodes of a file with the edges between them, as indexes into the declared nodes. */
export interface Graph {
  readonly nodes: readonly Declared[];
  /** Inputs of each node. */
  readonly inputs: readonly (readonly Edge[])[];
  /** Indexes in topological order, file order where that leaves a choice. */
  readonly order: readonly number[];
}

/** Resolves every `from` and reports what dangles, turns in a circle or goes nowhere. */
export function connect(file: SourceFile, nodes: readonly Declared[]): Graph {
  const index = new Map<string, number>();
  // Of two nodes with one name, which is reported as that, the first is meant: sinks come last, and nobody reads them.
  nodes.forEach(({ name }, i) => { if (!index.has(name)) index.set(name, i); });
  const read = new Set<string>();
  const inputs = nodes.map((node) => resolveInputs(file, nodes, index, node, read));
  const order = sort(file, nodes, inputs);
  reportUnused(file, nodes, read);
  return { nodes, inputs, order };
}

function resolveInputs(file: SourceFile, nodes: readonly Declared[], index: ReadonlyMap<string, number>, reader: Declared, read: Set<string>): Edge[] {
  const edges: Edge[] = [];
  const seen = new Set<string>();
  for (const { text, at } of reader.from) {
    const dot = text.indexOf('.');
    const [name, port] = dot < 0 ? [text, undefined] : [text.slice(0, dot), text.slice(dot + 1)];
    const target = findNode(file, nodes, index, name, at, read);
    if (target === null) continue;
    if (seen.has(text)) file.report(at, 'duplicate_name', `${text} is listed twice`, 'name each input once');
    seen.add(text);
    const number = findPort(file, nodes[target], port, at, read);
    if (number !== null) edges.push({ node: target, port: number });
  }
  return edges;
}

function findNode(file: SourceFile, nodes: readonly Declared[], index: ReadonlyMap<string, number>, name: string, at: Declared['at'], read: Set<string>): number | null {
  const found = index.get(name);
  if (found !== undefined && nodes[found]?.kind !== 'sink') return found;
  const readable = nodes.filter(({ kind }) => kind !== 'sink').map((node) => node.name);
  if (found !== undefined) {
    file.report(at, 'unknown_node', `expected a source or transform, found the sink ${name}`, 'a sink has no output');
    return null;
  }
  const near = nearest(name, readable);
  // What was meant is read after all: no second report that nobody reads it.
  if (near !== null) markAll(read, near);
  const hint = near === null ? `known here: ${readable.join(', ')}` : `did you mean ${near}?`;
  file.report(at, 'unknown_node', `there is no node ${name}`, hint);
  return null;
}

function findPort(file: SourceFile, target: Declared | undefined, port: string | undefined, at: Declared['at'], read: Set<string>): number | null {
  if (target === undefined) return null;
  const { outputs } = target;
  if (outputs === null) {
    markAll(read, target.name);
    return null;
  }
  const single = outputs.length === 1 && outputs[0] === '';
  const number = single && port === undefined ? 0 : outputs.indexOf(port ?? '');
  if (number >= 0 && (!single || port === undefined)) {
    read.add(`${target.name}.${outputs[number] ?? ''}`);
    return number;
  }
  markAll(read, target.name);
  reportPort(file, target.name, outputs, single, port, at);
  return null;
}

function reportPort(file: SourceFile, name: string, outputs: readonly string[], single: boolean, port: string | undefined, at: Declared['at']): void {
  const full = outputs.map((output) => `${name}.${output}`);
  if (single) {
    file.report(at, 'unknown_port', `${name} has one output without a name, found ${name}.${port ?? ''}`, `write ${name}`);
  } else if (port === undefined) {
    file.report(at, 'missing_port', `${name} has several outputs`, `write one of ${full.join(', ')}`);
  } else {
    const near = nearest(port, outputs);
    file.report(at, 'unknown_port', `${name} has no output ${port}`, near === null ? `its outputs: ${full.join(', ')}` : `did you mean ${name}.${near}?`);
  }
}

/** Takes all outputs of a node as read, where a mistake hides which. */
function markAll(read: Set<string>, name: string): void {
  read.add(name);
}

function reportUnused(file: SourceFile, nodes: readonly Declared[], read: ReadonlySet<string>): void {
  for (const { kind, name, at, outputs, built } of nodes) {
    if (kind === 'sink' || built === null || outputs === null || read.has(name)) continue;
    const unread = outputs.filter((output) => !read.has(`${name}.${output}`));
    if (unread.length === outputs.length) {
      file.report(at, 'unused', `nobody reads ${name}`, 'read it with from, or remove it', { key: true });
      continue;
    }
    for (const output of unread) {
      file.report(at, 'unused', `nobody reads ${name}.${output}`, 'read it with from, or remove the route', { key: true });
    }
  }
}

/** Kahn's algorithm; what is left over when nothing is ready any more lies on or behind a circle. */
function sort(file: SourceFile, nodes: readonly Declared[], inputs: readonly (readonly Edge[])[]): number[] {
  const order: number[] = [];
  const done = new Set<number>();
  for (let grown = true; grown; ) {
    grown = false;
    for (let i = 0; i < nodes.length; i++) {
      if (done.has(i) || !(inputs[i] ?? []).every(({ node }) => done.has(node))) continue;
      done.add(i);
      order.push(i);
      grown = true;
    }
  }
  reportCycles(file, nodes, inputs, done);
  return order;
}

function reportCycles(file: SourceFile, nodes: readonly Declared[], inputs: readonly (readonly Edge[])[], done: ReadonlySet<number>): void {
  const reported = new Set<number>();
  for (let i = 0; i < nodes.length; i++) {
    const cycle = done.has(i) || reported.has(i) ? null : cycleThrough(i, inputs);
    if (cycle === null) continue;
    for (const node of cycle) reported.add(node);
    const names = [...cycle, i].map((node) => nodes[node]?.name ?? '').reverse();
    const at = nodes[i]?.from[0]?.at ?? [];
    file.report(at, 'cycle', `these nodes read each other in a circle: ${names.join(' -> ')}`, 'a topology has no way back');
  }
}

/** Nodes on a way from `start` upstream back to itself; null where there is none. */
function cycleThrough(start: number, inputs: readonly (readonly Edge[])[]): number[] | null {
  const visited = new Set<number>();
  const search = (node: number, path: readonly number[]): number[] | null => {
    for (const edge of inputs[node] ?? []) {
      if (edge.node === start) return [...path, node];
      if (visited.has(edge.node)) continue;
      visited.add(edge.node);
      const found = search(edge.node, [...path, node]);
      if (found !== null) return found;
    }
    return null;
  };
  return search(start, []);
}
