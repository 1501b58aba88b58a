import { catalogue } from '../../actors/catalogue.ts';
import type { Declared } from './declare.ts';
import type { SourceFile } from './document.ts';
import type { Edge } from './model.ts';
import { nearest } from './suggest.ts';

/** The nodes of a file with the edges between them, as indexes into the declared nodes. */
export interface Graph {
  readonly nodes: readonly Declared[];
  /** Inputs of each node. */
  readonly inputs: readonly (readonly Edge[])[];
  /** The table that each node looks up in: a table node, or an entry of tables; null for none. */
  readonly tables: readonly (number | null)[];
  /** Indexes in topological order, file order where that leaves a choice; a table node and those that look up in it are neighbours. */
  readonly order: readonly number[];
}

/** Resolves every `from` and reports what dangles, turns in a circle or goes nowhere. */
export function connect(file: SourceFile, nodes: readonly Declared[]): Graph {
  const index = new Map<string, number>();
  // Of two nodes with one name, which is reported as that, the first is meant: sinks come last, and nobody reads them.
  nodes.forEach(({ name }, i) => { if (!index.has(name)) index.set(name, i); });
  const read = new Set<string>();
  const inputs = nodes.map((node) => resolveInputs(file, nodes, index, node, read));
  const tables = nodes.map((node) => resolveTable(file, nodes, index, node, read));
  const order = sort(file, nodes, inputs, tables);
  reportUnused(file, nodes, read);
  return { nodes, inputs, tables, order };
}

function resolveInputs(file: SourceFile, nodes: readonly Declared[], index: ReadonlyMap<string, number>, reader: Declared, read: Set<string>): Edge[] {
  const edges: Edge[] = [];
  const seen = new Set<string>();
  for (const { text, at, input } of reader.from) {
    const dot = text.indexOf('.');
    const [name, port] = dot < 0 ? [text, undefined] : [text.slice(0, dot), text.slice(dot + 1)];
    const target = findNode(file, nodes, index, name, at, read);
    if (target === null) continue;
    // The two sides of a join may be one node.
    if (seen.has(`${input} ${text}`)) file.report(at, 'duplicate_name', `${text} is listed twice`, 'name each input once');
    seen.add(`${input} ${text}`);
    const number = findPort(file, nodes[target], port, at, read);
    if (number !== null) edges.push({ node: target, port: number, input });
  }
  return edges;
}

function findNode(file: SourceFile, nodes: readonly Declared[], index: ReadonlyMap<string, number>, name: string, at: Declared['at'], read: Set<string>): number | null {
  const found = index.get(name);
  const kind = found === undefined ? undefined : nodes[found]?.kind;
  if (found !== undefined && kind !== 'sink' && kind !== 'table') return found;
  if (found !== undefined) {
    file.report(at, 'unknown_node', `expected a source or transform, found the ${kind ?? ''} ${name}`, kind === 'sink' ? 'a sink has no output' : 'tables are looked up in: type: enrich');
    if (kind === 'table') markAll(read, name);
    return null;
  }
  reportUnknown(file, nodes.filter((node) => node.kind !== 'sink' && node.kind !== 'table'), name, at, read);
  return null;
}

function reportUnknown(file: SourceFile, known: readonly Declared[], name: string, at: Declared['at'], read: Set<string>): void {
  const names = known.map((node) => node.name);
  const near = nearest(name, names);
  // What was meant is read after all: no second report that nobody reads it.
  if (near !== null) markAll(read, near);
  const hint = near !== null ? `did you mean ${near}?` : names.length === 0 ? undefined : `known here: ${names.join(', ')}`;
  file.report(at, 'unknown_node', `there is no node ${name}`, hint);
}

/** The table that a node looks up in. Its store, or its copy on this daemon, is read as a whole: it has no ports. */
function resolveTable(file: SourceFile, nodes: readonly Declared[], index: ReadonlyMap<string, number>, reader: Declared, read: Set<string>): number | null {
  if (reader.table === null) return null;
  const { text, at } = reader.table;
  const component = catalogue.find(({ kind, type }) => kind === reader.kind && type === reader.options['type']);
  const wants = component?.kind === 'transform' ? component.table : undefined;
  const isMeant = ({ kind, options }: Declared): boolean => (wants === 'entry' ? kind === 'table' : kind === 'transform' && options['type'] === 'table');
  const found = index.get(text);
  const target = found === undefined ? undefined : nodes[found];
  markAll(read, text);
  if (found !== undefined && target !== undefined && isMeant(target)) {
    checkHistory(file, reader, target);
    return found;
  }
  if (target === undefined) {
    reportUnknown(file, nodes.filter(isMeant), text, at, read);
    return null;
  }
  const expected = wants === 'entry' ? 'an entry of tables' : 'a node of type table';
  const hint = wants === 'entry' && target.options['type'] === 'table' ? 'look up in it with type: join' : wants === 'node' && target.kind === 'table' ? 'look up in it with type: enrich' : undefined;
  file.report(at, 'unknown_node', `expected ${expected}, found the ${target.kind} ${text}`, hint);
  return null;
}

/** Rows as of event time are those of a table that keeps what it replaced. */
function checkHistory(file: SourceFile, reader: Declared, { name, options }: Declared): void {
  if (reader.options['as_of'] !== 'event_time' || options['history'] !== undefined) return;
  file.report([...reader.at, 'as_of'], 'bad_value', `expected a table with history, found ${name}, which keeps the last rows alone`, `add history: 1h to ${name}: how late records may be, and updates`);
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
    if (kind === 'table') file.report(at, 'unused', `nobody looks up in ${name}`, 'look up in it with type: enrich, or remove it', { key: true });
    if (kind === 'table' || (built.component.kind === 'transform' && built.component.end === true)) continue;
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
function sort(file: SourceFile, nodes: readonly Declared[], inputs: Inputs, tables: readonly (number | null)[]): number[] {
  const order: number[] = [];
  const done = new Set<number>();
  const teams = teamsOf(nodes, tables);
  for (let grown = true; grown; ) {
    grown = false;
    for (const team of teams) {
      if (done.has(team[0] as number) || !team.every((i) => (inputs[i] ?? []).every(({ node }) => done.has(node)))) continue;
      for (const i of team) done.add(i);
      order.push(...team);
      grown = true;
    }
  }
  if (!reportCycles(file, nodes, inputs, done)) reportTableCycles(file, nodes, inputs, teams, done);
  return order;
}

type Inputs = readonly (readonly Edge[])[];

/** Nodes that take turns: a table node and, behind it, those that look up in its store. Every other node is alone. */
function teamsOf(nodes: readonly Declared[], tables: readonly (number | null)[]): number[][] {
  const leader = (i: number): number => {
    const table = tables[i] ?? null;
    return table !== null && nodes[table]?.kind === 'transform' ? table : i;
  };
  return nodes.flatMap((_, i) => (leader(i) === i ? [[i, ...nodes.flatMap((_node, other) => (other !== i && leader(other) === i ? [other] : []))]] : []));
}

function reportCycles(file: SourceFile, nodes: readonly Declared[], inputs: Inputs, done: ReadonlySet<number>): boolean {
  const reported = new Set<number>();
  for (let i = 0; i < nodes.length; i++) {
    const cycle = done.has(i) || reported.has(i) ? null : cycleThrough(i, inputs);
    if (cycle === null) continue;
    for (const node of cycle) reported.add(node);
    const names = [...cycle, i].map((node) => nodes[node]?.name ?? '').reverse();
    const at = nodes[i]?.from[0]?.at ?? [];
    file.report(at, 'cycle', `these nodes read each other in a circle: ${names.join(' -> ')}`, 'a topology has no way back');
  }
  return reported.size > 0;
}

/** A table and a node that looks up in it take turns, so that one must not wait for the other by another way. */
function reportTableCycles(file: SourceFile, nodes: readonly Declared[], inputs: Inputs, teams: readonly (readonly number[])[], done: ReadonlySet<number>): void {
  for (const team of teams) {
    const [table, ...readers] = team;
    if (done.has(table as number)) continue;
    for (const reader of readers) {
      const node = nodes[reader] as Declared;
      const way = team.find((other) => reaches(reader, other, inputs));
      if (way !== undefined) file.report(node.table?.at ?? [], 'cycle', `${node.name} looks up in ${nodes[table as number]?.name ?? ''} and reads what comes of ${nodes[way]?.name ?? ''}, which belongs to the same table`, 'make a second table node of the same input');
    }
  }
}

/** Whether `from` reads, by whatever way, what comes of `target`. */
function reaches(from: number, target: number, inputs: Inputs, visited = new Set<number>()): boolean {
  for (const { node } of inputs[from] ?? []) {
    if (node === target) return true;
    if (visited.has(node)) continue;
    visited.add(node);
    if (reaches(node, target, inputs, visited)) return true;
  }
  return false;
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
