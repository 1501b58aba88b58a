/*
 * Reading and changing fields of decoded values by path. A value may be shared with other nodes, so a change copies
 * every object on its way, once. Own fields only: `constructor` and `__proto__` are data like any other name.
 */

/** A value with named fields. */
export type Fields = Record<string, unknown>;

/** True for what JSON calls an object. */
export function isObject(value: unknown): value is Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return !(value instanceof Uint8Array);
}

/** Marks a field that is not there, because `undefined` and `null` could be values. */
export const absent: unique symbol = Symbol('absent');

/** The field at a path, or `absent`. */
export function readField(value: unknown, path: readonly string[]): unknown {
  let current = value;
  for (const segment of path) {
    if (!isObject(current) || !Object.hasOwn(current, segment)) return absent;
    current = current[segment];
  }
  return current;
}

/** One record's copy on write: `root` stays the original object until something really changes. */
export class Draft {
  root: Fields;
  readonly #owned = new Set<Fields>();

  /** `fresh` says that nobody else holds the root itself, so that it need not be copied again. */
  constructor(root: Fields, fresh = false) {
    this.root = root;
    if (fresh) this.#owned.add(root);
  }

  /** Sets a field and makes the objects on the way to it where there are none. Returns false where something else is in the way. */
  set(path: readonly string[], value: unknown): boolean {
    if (Object.is(readField(this.root, path), value)) return true;
    let parent = this.#ownRoot();
    for (let i = 0; i < path.length - 1; i++) {
      const segment = path[i] ?? '';
      const child: unknown = Object.hasOwn(parent, segment) ? parent[segment] : {};
      if (!isObject(child)) return false;
      parent = this.#ownChild(parent, segment, child);
    }
    parent[path[path.length - 1] ?? ''] = value;
    return true;
  }

  /** Removes a field that may be absent. */
  remove(path: readonly string[]): void {
    const rest = dropFields(this.root, pathTree([path]));
    if (rest === this.root) return;
    this.root = rest;
    this.#owned.add(rest);
  }

  #ownRoot(): Fields {
    if (!this.#owned.has(this.root)) {
      // Spread defines own properties, so a field named __proto__ stays a field.
      this.root = { ...this.root };
      this.#owned.add(this.root);
    }
    return this.root;
  }

  #ownChild(parent: Fields, segment: string, child: Fields): Fields {
    if (this.#owned.has(child)) return child;
    const copy = { ...child };
    this.#owned.add(copy);
    parent[segment] = copy;
    return copy;
  }
}

/** Paths as a tree: `null` is the end of a path, and everything below it is meant. */
export type PathTree = Map<string, PathTree | null>;

/** Paths to keep, as a tree; a longer path below a shorter one adds nothing. */
export function pathTree(paths: readonly (readonly string[])[]): PathTree {
  const root: PathTree = new Map();
  for (const path of paths) addPath(root, path);
  return root;
}

function addPath(root: PathTree, path: readonly string[]): void {
  let tree = root;
  for (let i = 0; i < path.length; i++) {
    const segment = path[i] ?? '';
    const child = tree.get(segment);
    if (child === null) return;
    if (i === path.length - 1) tree.set(segment, null);
    else tree = child ?? setChild(tree, segment);
  }
}

function setChild(tree: PathTree, segment: string): PathTree {
  const child: PathTree = new Map();
  tree.set(segment, child);
  return child;
}

/** Only the fields in the tree, in their own order; the same object where that is all of them. */
export function keepFields(value: Fields, tree: PathTree): Fields {
  const kept: Fields = {};
  let same = true;
  for (const key of Object.keys(value)) {
    const child = tree.get(key);
    const field = value[key];
    if (child === undefined) same = false;
    else if (child === null) kept[key] = field;
    else if (isObject(field)) {
      const inner = keepFields(field, child);
      if (inner !== field) same = false;
      kept[key] = inner;
    } else same = false;
  }
  return same ? value : kept;
}

/**
 * All fields but those in the tree; the same object where none of them is there. A new object is built, because
 * one with deleted properties is several times slower to read and to encode.
 */
export function dropFields(value: Fields, tree: PathTree): Fields {
  let result: Fields | null = null;
  for (const [key, child] of tree) {
    if (!Object.hasOwn(value, key)) continue;
    if (child === null) {
      result = dropMany(value, tree);
      break;
    }
    const field = value[key];
    const inner = isObject(field) ? dropFields(field, child) : field;
    // Nothing has been dropped at this level yet: an inner change only needs a copy.
    if (inner !== field) (result ??= { ...value })[key] = inner;
  }
  return result ?? value;
}

function dropMany(value: Fields, tree: PathTree): Fields {
  const result: Fields = {};
  for (const key of Object.keys(value)) {
    const child = tree.get(key);
    const field = value[key];
    if (child === null) continue;
    const kept = child !== undefined && isObject(field) ? dropFields(field, child) : field;
    // Assigning to it would set the prototype instead of a field.
    if (key === '__proto__') Object.defineProperty(result, key, { value: kept, enumerable: true, configurable: true, writable: true });
    else result[key] = kept;
  }
  return result;
}
