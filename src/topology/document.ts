import { createHash } from 'node:crypto';
import type { Alias, Document, Node, Pair } from 'yaml';
import { isAlias, isMap, isNode, isPair, isScalar, isSeq, LineCounter, parseAllDocuments } from 'yaml';
import type { Path } from '../../actors/component.ts';
import type { Registry } from '../codec/registry/registry.ts';
import { interpolate } from './interpolate.ts';
import type { Environment } from './interpolate.ts';
import type { Problem } from './model.ts';
import type { ProblemCode } from './problem.ts';
import { syntaxMistakes } from './syntax.ts';

/** Levels of nesting in a topology file; anchors that contain themselves end here. */
const maxDepth = 64;

/** How a problem is placed. */
export interface Placement {
  /** At the key instead of the value. */
  readonly key?: boolean;
  /** Characters into the scalar, for expressions. */
  readonly offset?: number;
}

/** A parsed file: its plain tree, and where everything in it stands. */
export class SourceFile {
  readonly file: string;
  readonly problems: Problem[] = [];
  /** Values resolved from outside the file. */
  readonly secrets: string[] = [];
  /** The tree as plain objects (without prototypes) and lists, interpolated; undefined where there is none to go on with. */
  readonly root: unknown;
  /** Files that this one names, such as JSON Schemas, with a hash of what was read. */
  readonly named = new Map<string, string>();
  /** The schema registry that it names; null for none. */
  registry: Registry | null = null;
  readonly #lines = new LineCounter();
  readonly #document: Document.Parsed | null;
  readonly #text: string;
  readonly #environment: Environment;
  readonly #whole = new Set<string>();
  /** Scalars whose `${…}` could not be resolved: what they hold is not what their author meant. */
  readonly #unresolved = new Set<string>();

  constructor(file: string, text: string, environment: Environment) {
    this.file = file;
    this.#text = text;
    this.#environment = environment;
    this.#document = this.#parse();
    this.root = this.#document?.contents ? this.#plain(this.#document.contents, [], 0) : undefined;
  }

  /** Reports a mistake at the place of a path. */
  report(path: Path, code: string, message: string, hint?: string, placement: Placement = {}): void {
    if (this.#unresolved.has(JSON.stringify(path)) || (code === 'bad_value' && this.#holdsUnresolved(path))) return;
    this.#add(this.#offsetOf(path, placement), code, message, hint);
  }

  /** Where a path stands, 1-based. */
  place(path: Path): { readonly file: string; readonly line: number; readonly column: number } {
    const { line, col } = this.#lines.linePos(this.#offsetOf(path, {}));
    return { file: this.file, line, column: col };
  }

  /** Takes note of a file that this one names. */
  names(file: string, content: string): void {
    this.named.set(file, hash(content));
  }

  /** Changes with everything that the topology is made of. */
  get fingerprint(): string {
    return hash(JSON.stringify([this.root, [...this.named].sort()]));
  }

  /** Whether the scalar at a path was one single `${…}`. */
  interpolated(path: Path): boolean {
    return this.#whole.has(JSON.stringify(path));
  }

  /** A list of brokers is not wrong because one of them could not be resolved. */
  #holdsUnresolved(path: Path): boolean {
    const inside = JSON.stringify(path).replace(/]$/, ',');
    return path.length > 0 && [...this.#unresolved].some((each) => each.startsWith(inside));
  }

  #add(offset: number, code: string, message: string, hint?: string): void {
    const { line, col } = this.#lines.linePos(offset);
    const place = { file: this.file, line: Math.max(1, line), column: Math.max(1, col) };
    const last = this.problems.at(-1);
    // A pattern and a refinement of one option say the same.
    if (last?.line === place.line && last.column === place.column && last.message === message) return;
    this.problems.push(hint === undefined ? { ...place, code, message } : { ...place, code, message, hint });
  }

  #parse(): Document.Parsed | null {
    const documents = parseAllDocuments(this.#text, { lineCounter: this.#lines, prettyErrors: false, version: '1.2' });
    const [document, second] = Array.isArray(documents) ? (documents as Document.Parsed[]) : [];
    if (document === undefined) {
      this.#add(0, 'no_topology', 'expected a topology, found an empty file');
      return null;
    }
    if (second !== undefined) {
      this.#add(second.range[0], 'multiple_documents', 'expected one YAML document, found several', 'give each topology a file of its own');
      return null;
    }
    return this.#checkSyntax(document) ? document : null;
  }

  /** Reports the errors of the parser. Returns false where the tree cannot be trusted. */
  #checkSyntax(document: Document.Parsed): boolean {
    const mistakes = syntaxMistakes([...document.errors, ...document.warnings], this.#lines);
    for (const { offset, code, message, hint } of mistakes) this.#add(offset, code, message, hint);
    if (mistakes.some(({ code }) => code === 'yaml_syntax')) return false;
    try {
      document.toJS({ maxAliasCount: 1000 });
    } catch (error) {
      // An alias without its anchor is reported at its place later; a bomb of aliases must not be walked at all.
      const message = error instanceof Error ? error.message : String(error);
      if (!message.startsWith('Excessive alias count')) return true;
      this.#add(0, 'yaml_syntax', 'expected at most 1000 uses of aliases, found more');
      return false;
    }
    return true;
  }

  #plain(node: unknown, path: Path, depth: number): unknown {
    if (depth > maxDepth) {
      this.#add(startOf(node), 'yaml_syntax', `expected at most ${maxDepth} levels of nesting, found more`, 'an anchor may contain itself');
      return undefined;
    }
    if (isAlias(node)) return this.#plainAlias(node, path, depth);
    if (isMap(node)) return this.#plainMap(node.items, path, depth);
    if (isSeq(node)) return node.items.map((item, i) => this.#plain(item, [...path, i], depth + 1));
    if (!isScalar(node)) return null;
    return typeof node.value === 'string' ? this.#plainText(node, node.value, path) : node.value;
  }

  #plainAlias(node: Alias, path: Path, depth: number): unknown {
    const target = this.#document === null ? undefined : node.resolve(this.#document);
    if (target !== undefined) return this.#plain(target, path, depth + 1);
    this.#add(startOf(node), 'yaml_syntax', `expected an anchor &${node.source} above this alias, found none`);
    return undefined;
  }

  #plainMap(pairs: readonly Pair[], path: Path, depth: number): Record<string, unknown> {
    const result = Object.create(null) as Record<string, unknown>;
    for (const pair of pairs) {
      const key = keyOf(pair);
      if (key === null || key === '__proto__') {
        this.#add(startOf(pair.key), 'bad_name', 'expected a key of plain text', '__proto__ and maps cannot be keys');
        continue;
      }
      result[key] = this.#plain(pair.value, [...path, key], depth + 1);
    }
    return result;
  }

  #plainText(node: Node, value: string, path: Path): string {
    if (!value.includes('${')) return value;
    const { text, whole, secrets, problems } = interpolate(value, this.#environment);
    this.secrets.push(...secrets);
    for (const { code, message, hint } of problems) this.#add(startOf(node), code satisfies ProblemCode, message, hint);
    if (problems.length > 0) this.#unresolved.add(JSON.stringify(path));
    if (whole) this.#whole.add(JSON.stringify(path));
    return text;
  }

  /** The deepest node on the path that exists: a missing option is reported where it should have been. */
  #offsetOf(path: Path, placement: Placement): number {
    let node: unknown = this.#document?.contents;
    let at = 0;
    for (let i = 0; i < path.length; i++) {
      const child = this.#child(node, path[i] ?? '');
      if (child === null) return at;
      node = isPair(child) ? child.value : child;
      if (isAlias(node) && this.#document !== null) node = node.resolve(this.#document);
      const last = i === path.length - 1;
      if (isPair(child) && (!isScalar(node) || emptyScalar(node) || (last && placement.key === true))) at = startOf(child.key);
      else at = startOf(node);
    }
    return at + this.#insideScalar(node, placement);
  }

  #child(node: unknown, segment: string | number): Pair | Node | null {
    if (isMap(node)) return node.items.find((pair) => keyOf(pair) === String(segment)) ?? null;
    if (!isSeq(node) || typeof segment !== 'number') return null;
    const item = node.items[segment];
    return isNode(item) ? item : null;
  }

  /** An offset inside a scalar counts only where the file shows its text letter by letter: no escapes, one line. */
  #insideScalar(node: unknown, { offset, key }: Placement): number {
    if (offset === undefined || key === true || !isScalar(node) || !node.range) return 0;
    const value = String(node.value);
    const quote = node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE' ? 1 : 0;
    const start = node.range[0] + quote;
    return this.#text.startsWith(value, start) ? quote + Math.min(offset, value.length) : 0;
  }
}

function keyOf(pair: Pair): string | null {
  const { key } = pair;
  if (!isScalar(key)) return null;
  return String(key.value);
}

function startOf(node: unknown): number {
  return isNode(node) && node.range ? node.range[0] : 0;
}

/** `key:` with nothing behind it is a null scalar of no length. */
function emptyScalar(node: unknown): boolean {
  return isScalar(node) && node.value === null && node.source === '';
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
