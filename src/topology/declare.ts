import type * as z from 'zod';
import { catalogue, findComponent } from '../../actors/catalogue.ts';
import type { Component, ComponentKind, Path, SinkLogic, SourceLogic, TransformLogic } from '../../actors/component.ts';
import type { StatefulLogic } from '../../actors/keyed/stateful.ts';
import { namePattern } from '../../actors/options.ts';
import type { LookupLogic, TableLogic } from '../../actors/table/table.ts';
import { absentHint } from './absent.ts';
import { NodeContext } from './context.ts';
import type { SourceFile } from './document.ts';
import { parsePart, show } from './issues.ts';
import type { onError } from './schema.ts';
import { nodeSchema, topologySchema } from './schema.ts';
import { nearest } from './suggest.ts';

/** `on_error` as a file says it. */
export type OnErrorOption = z.output<typeof onError>;

/** What a node was built into: the logic of its kind. */
export type Logic = SourceLogic | TableLogic | TransformLogic | StatefulLogic | LookupLogic | SinkLogic;

/** A name of another node, and where it stands. */
export interface Reference {
  readonly text: string;
  readonly at: Path;
  /** Which input of the node it is. */
  readonly input: number;
}

/** A node as a file declares it, checked by itself; whom it reads is still a name. */
export interface Declared {
  readonly kind: ComponentKind;
  readonly name: string;
  readonly at: Path;
  /** As written. */
  readonly options: Readonly<Record<string, unknown>>;
  /** As written, even where the rest of the node has mistakes, so that one mistake is not reported as several. */
  readonly from: readonly Reference[];
  /** The table it looks up in, as written; null for none. */
  readonly table: Reference | null;
  /** Names of its outputs; [''] where there is just one, none for a sink. Null where a mistake hides them. */
  readonly outputs: readonly string[] | null;
  /** Null where the node has mistakes. */
  readonly built: Built | null;
}

/** A node without mistakes of its own. */
export interface Built {
  readonly component: Component;
  readonly onError: OnErrorOption | undefined;
  /** The logic that was built to check the node: its topics are read from it. */
  readonly logic: Logic;
  readonly build: () => Logic;
}

const sections: readonly (readonly [section: string, kind: ComponentKind])[] = [
  ['sources', 'source'],
  ['tables', 'table'],
  ['transforms', 'transform'],
  ['sinks', 'sink']
];

const topKeys = Object.keys(topologySchema.shape);

/** Declares the nodes of a file, in file order, sources first. */
export function declareNodes(file: SourceFile, root: Readonly<Record<string, unknown>>): Declared[] {
  const nodes: Declared[] = [];
  const names = new Map<string, string>();
  for (const [section, kind] of sections) {
    const entries = root[section];
    if (typeof entries !== 'object' || entries === null || Array.isArray(entries)) continue;
    for (const [name, entry] of Object.entries(entries)) {
      const at = [section, name];
      checkName(file, at, name, names);
      names.set(name, section);
      nodes.push(declareNode(file, at, name, kind, entry));
    }
  }
  return nodes;
}

function checkName(file: SourceFile, at: Path, name: string, names: ReadonlyMap<string, string>): void {
  if (!namePattern.test(name)) {
    const hint = `for example ${suggestName(name)}`;
    file.report(at, 'bad_name', `expected a name in lower_snake_case, found ${show(name)}`, hint, { key: true });
  }
  const other = names.get(name);
  if (other !== undefined) {
    file.report(at, 'duplicate_name', `${name} is already the name of a node in ${other}`, 'names are unique over sources, tables, transforms and sinks', { key: true });
  }
}

function suggestName(name: string): string {
  const snake = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^[^a-z]+/, '');
  return snake === '' ? 'my_node' : snake;
}

function declareNode(file: SourceFile, at: Path, name: string, kind: ComponentKind, entry: unknown): Declared {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
    file.report(at, 'bad_value', `expected a map with type and its options, found ${show(entry)}`);
    return { kind, name, at, options: {}, from: [], table: null, outputs: null, built: null };
  }
  const options = entry as Record<string, unknown>;
  const component = componentOf(file, at, kind, options['type']);
  const more = component?.kind === 'transform' ? (component.inputs ?? []) : [];
  const from = ['from', ...more].flatMap((option, input) => references(options[option], [...at, option], input));
  const looksUp = component?.kind === 'transform' && component.table !== undefined;
  const table = looksUp ? (references(options['table'], [...at, 'table'], 0)[0] ?? null) : null;
  const node = component === null ? { outputs: null, built: null } : buildNode(file, at, component, options);
  return { kind, name, at, options, from, table, ...node };
}

function references(option: unknown, at: Path, input: number): Reference[] {
  if (typeof option === 'string') return [{ text: option, at, input }];
  if (!Array.isArray(option)) return [];
  return (option as unknown[]).flatMap((text, i) => (typeof text === 'string' ? [{ text, at: [...at, i], input }] : []));
}

function componentOf(file: SourceFile, at: Path, kind: ComponentKind, type: unknown): Component | null {
  const known = catalogue.filter((component) => component.kind === kind).map((component) => component.type);
  if (type === undefined) {
    file.report(at, 'missing_option', `expected the option type: one of ${known.join(', ')}`);
    return null;
  }
  const component = typeof type === 'string' ? findComponent(kind, type) : undefined;
  if (component !== undefined) return component;
  const near = typeof type === 'string' ? nearest(type, known) : null;
  const message = `expected a type of ${kind}: ${known.join(', ')}; found ${show(type)}`;
  file.report([...at, 'type'], 'unknown_type', message, absentHint(type) ?? (near === null ? undefined : `did you mean ${near}?`));
  return null;
}

/** Checks the options, then builds the logic once to find the mistakes that only show there. */
function buildNode(file: SourceFile, at: Path, component: Component, options: Record<string, unknown>): Pick<Declared, 'outputs' | 'built'> {
  const before = file.problems.length;
  const parsed = parsePart({ file, at, schema: nodeSchema(component), topKeys }, options);
  if (parsed === null) {
    checkExpressions(file, at, component, options);
    return { outputs: null, built: null };
  }
  const { type: _type, from: _from, on_error: onErrorOption, ...config } = parsed;
  const context = new NodeContext(file, at);
  const build = (): Logic => component.build(config, context);
  const logic = build();
  context.seal();
  const outputs = component.kind === 'sink' || component.kind === 'table' ? [] : (component.outputs?.(config) ?? ['']);
  if (file.problems.length > before) return { outputs, built: null };
  return { outputs, built: { component, onError: onErrorOption as OnErrorOption | undefined, logic, build } };
}

/**
 * One mistake must not hide another: the options of a node that are good are built all the same, so that the
 * mistakes in their expressions, schemas and scripts are reported too. Other complaints could come from what was left out.
 */
function checkExpressions(file: SourceFile, at: Path, component: Component, options: Readonly<Record<string, unknown>>): void {
  const own = Object.fromEntries(Object.entries(options).filter(([key]) => !['type', 'from', 'on_error'].includes(key)));
  const broken = component.config.safeParse(own).error?.issues ?? [];
  for (const issue of broken) {
    const keys = issue.path.length === 0 && issue.code === 'unrecognized_keys' ? issue.keys : issue.path.slice(0, 1).map(String);
    for (const key of keys) Reflect.deleteProperty(own, key);
  }
  const { success, data } = component.config.safeParse(own);
  if (success) component.build(data, new NodeContext(file, at, ['bad_expression', 'unknown_variable', 'bad_schema', 'bad_script']));
}
