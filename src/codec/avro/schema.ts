import avsc from 'avsc';
import type { Logical } from './logical/logical.ts';

/*
 * A schema, parsed: the types that `parse.ts` gives to avsc through its `typeHook`. They know what they are made of; how their values are read
 * and written is said by `read.ts`, `write.ts` and `resolve.ts`.
 */

/** What avsc's constructor takes, which its declarations leave out: it registers the name and the aliases of a type, qualified. */
const AvscType = avsc.Type as unknown as new (schema?: object, options?: ParseOptions) => avsc.Type;

/** The options avsc hands around while it parses; `namespace` is that of the record around. */
export interface ParseOptions {
  namespace: string | undefined;
  readonly registry: Record<string, avsc.Type>;
  readonly typeHook: (schema: unknown, options: ParseOptions) => avsc.Type | undefined;
}

/** A type without parts. */
export type PrimitiveKind = 'null' | 'boolean' | 'int' | 'long' | 'float' | 'double' | 'bytes' | 'string';

/** A schema of any type. */
export type Schema = Primitive | RecordSchema | EnumSchema | FixedSchema | ArraySchema | MapSchema | UnionSchema;
/** A type that others refer to by its full name. */
export type NamedSchema = RecordSchema | EnumSchema | FixedSchema;

/** null, boolean, int, long, float, double, bytes, string. */
export class Primitive extends AvscType {
  readonly kind: PrimitiveKind;
  readonly logical: Logical | null;

  constructor(kind: PrimitiveKind, logical: Logical | null) {
    super();
    this.kind = kind;
    this.logical = logical;
  }
}

/** A field of a record. `fallback` is its default as JSON has it, undefined where it has none. */
export interface Field {
  readonly name: string;
  readonly type: Schema;
  readonly aliases: readonly string[];
  readonly fallback: unknown;
}

/** A record (or error). */
export class RecordSchema extends AvscType {
  readonly kind = 'record';
  /** Filled once, after the record itself has its name: fields may refer to it. */
  fields: readonly Field[] = [];
}

/** An enum. `fallback` is the symbol read for those a reader does not have; null where there is none. */
export class EnumSchema extends AvscType {
  readonly kind = 'enum';
  readonly symbols: readonly string[];
  readonly fallback: string | null;

  constructor(schema: object, options: ParseOptions, symbols: readonly string[], fallback: string | null) {
    super(schema, options);
    this.symbols = symbols;
    this.fallback = fallback;
  }
}

/** So many bytes. */
export class FixedSchema extends AvscType {
  readonly kind = 'fixed';
  readonly size: number;
  readonly logical: Logical | null;

  constructor(schema: object, options: ParseOptions, size: number, logical: Logical | null) {
    super(schema, options);
    this.size = size;
    this.logical = logical;
  }
}

/** An array. */
export class ArraySchema extends AvscType {
  readonly kind = 'array';
  readonly items: Schema;

  constructor(items: Schema) {
    super();
    this.items = items;
  }
}

/** A map; its keys are strings. */
export class MapSchema extends AvscType {
  readonly kind = 'map';
  readonly values: Schema;

  constructor(values: Schema) {
    super();
    this.values = values;
  }
}

/** One of several. */
export class UnionSchema extends AvscType {
  readonly kind = 'union';
  readonly branches: readonly Schema[];

  constructor(branches: readonly Schema[]) {
    super();
    this.branches = branches;
  }
}

/** What a schema is called in messages: its full name, or its kind. */
export function nameOf(schema: Schema): string {
  if (schema.kind === 'union') return `a union of ${schema.branches.length}`;
  if ('logical' in schema && schema.logical !== null) return `${schema.kind} (${schema.logical.name})`;
  return schema.name === undefined ? schema.kind : `${schema.kind} ${schema.name}`;
}
