import avsc from 'avsc';
import { Failure } from '../../../actors/failure.ts';
import type { SchemaText } from '../registry/schema-text.ts';
import { maxNamedTypes, maxParts, maxReferences, maxSchemaDepth, maxSchemaText } from './limits.ts';
import { annotated, hasAnnotation, logicalOf } from './logical/catalogue.ts';
import { requireFinite } from './measure.ts';
import { found, outermost, Refusal, within } from './refusal.ts';
import type { Field, NamedSchema, ParseOptions, PrimitiveKind, Schema } from './schema.ts';
import { ArraySchema, EnumSchema, FixedSchema, MapSchema, Primitive, RecordSchema, UnionSchema } from './schema.ts';

/** A name, as the specification has it. */
const namePattern = /^[A-Za-z_][A-Za-z0-9_]*$/;
const primitives: ReadonlySet<string> = new Set(['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string']);

/** A type as JSON has it. */
type Json = Readonly<Record<string, unknown>>;

/**
 * Parses a schema and those it refers to (Apache Avro 1.12, "Schema Declaration"). Throws a `Failure` `schema_unusable` that names the place, also for
 * one that is too large or too deep.
 *
 * avsc (5.7.9) looks names up, qualifies them with their namespaces and refuses those that are taken; every type is ours, by its `typeHook`. Bytes are not
 * given to its own types, for two or six of them hang it (a block size that leads back, a count that is larger than the payload), a key `__proto__`
 * becomes a prototype, ambiguous unions come in wrappers, longs beyond 2^53 fail, and a failure has no place.
 */
export function parseSchema(text: SchemaText): Schema {
  try {
    return new Parser().parse(text);
  } catch (error) {
    throw outermost(error, 'schema_unusable', 'Avro schema');
  }
}

class Parser {
  readonly #registry = Object.create(null) as Record<string, avsc.Type>;
  readonly #records: RecordSchema[] = [];
  /** Texts that were parsed: a schema may be referred to in several ways. */
  readonly #parsed = new Set<string>();
  #named = 0;
  #characters = 0;
  #depth = 0;

  parse(text: SchemaText): Schema {
    this.#references(text);
    const schema = this.#text(text.text);
    requireFinite(this.#records);
    return schema;
  }

  #references({ references }: SchemaText): void {
    if (++this.#depth > maxSchemaDepth) throw unusable(`references at most ${maxSchemaDepth} levels deep`, 'more');
    for (const { name, schema } of references) {
      if (this.#parsed.has(schema.text)) continue;
      if (this.#parsed.size >= maxReferences) throw unusable(`at most ${maxReferences} referenced schemas`, 'more');
      this.#parsed.add(schema.text);
      this.#references(schema);
      this.#inside(`reference ${name}`, () => this.#text(schema.text));
    }
    this.#depth--;
  }

  #text(text: string): Schema {
    this.#characters += text.length;
    if (this.#characters > maxSchemaText) throw unusable(`at most ${maxSchemaText} characters of schema`, 'more');
    return this.#type(asJson(text), { namespace: undefined, registry: this.#registry, typeHook: (schema, options) => this.#hook(schema, options) });
  }

  #type(schema: unknown, options: ParseOptions): Schema {
    if (++this.#depth > maxSchemaDepth) throw unusable(`types nested at most ${maxSchemaDepth} levels deep`, 'more');
    // avsc gives strings that are no primitive back as the type of that name; all others come from the hook.
    const type = avsc.Type.forSchema(schema as string, options as object) as Schema;
    this.#depth--;
    return type;
  }

  #hook(schema: unknown, options: ParseOptions): Schema | undefined {
    if (typeof schema === 'string') return primitives.has(schema) ? new Primitive(schema as PrimitiveKind, null) : this.#global(schema, options);
    if (Array.isArray(schema)) return this.#union(schema, options);
    if (typeof schema !== 'object' || schema === null) throw unusable('a type', found(schema));
    const json = schema as Json;
    const { type } = json;
    // { type: { type: …, … } } and { type: [ … ] }: what the outer one says of a logical type is meant for the inner one.
    if (typeof type === 'object' && type !== null) return this.#type(annotated(type, json), options);
    if (typeof type !== 'string') throw unusable('a type', found(type));
    return this.#declared(type, json, options);
  }

  /** As in Java, a name that its namespace does not have may be one without a namespace. */
  #global(name: string, { namespace, registry }: ParseOptions): Schema | undefined {
    if (!namespace || name.includes('.') || registry[`${namespace}.${name}`] !== undefined) return undefined;
    return registry[name] as Schema | undefined;
  }

  #declared(type: string, json: Json, options: ParseOptions): Schema {
    switch (type) {
      case 'record':
      case 'error':
        return this.#record(json, options);
      case 'enum':
        return this.#enum(json, options);
      case 'fixed':
        return this.#fixed(json, options);
      case 'array':
        return new ArraySchema(this.#inside('items', () => this.#type(json['items'], options)));
      case 'map':
        return new MapSchema(this.#inside('values', () => this.#type(json['values'], options)));
      default:
        return primitives.has(type) ? new Primitive(type as PrimitiveKind, logicalOf(type, 0, json)) : this.#type(type, options);
    }
  }

  #union(branches: readonly unknown[], options: ParseOptions): UnionSchema {
    requireFew(branches, 'branches');
    if (branches.length === 0) throw unusable('a union of at least one type', 'none');
    const types = branches.map((branch) => this.#type(branch, options));
    const names = new Set<string>();
    for (const type of types) {
      if (type.kind === 'union') throw unusable('no union directly in a union', 'one');
      const name = type.name ?? type.kind;
      if (names.has(name)) throw unusable('each type of a union once', `two of ${name}`);
      names.add(name);
    }
    return new UnionSchema(types);
  }

  #record(json: Json, options: ParseOptions): RecordSchema {
    const around = options.namespace;
    const record = this.#register(json, options, (declared) => new RecordSchema(declared, options));
    this.#records.push(record);
    const fields = json['fields'];
    if (!Array.isArray(fields)) throw within(unusable('fields, an array', found(fields)), record.name ?? '');
    requireFew(fields, 'fields');
    const names = new Set<string>();
    record.fields = fields.map((field: unknown, index) => this.#inside(fieldName(field, index), () => this.#field(field, names, options)));
    options.namespace = around;
    return record;
  }

  #field(field: unknown, names: Set<string>, options: ParseOptions): Field {
    if (typeof field !== 'object' || field === null) throw unusable('a field', found(field));
    const { name, type, aliases, default: fallback } = field as Json;
    if (typeof name !== 'string' || !namePattern.test(name)) throw unusable('the name of a field', found(name));
    if (names.has(name)) throw unusable('each field once', 'two of this name');
    names.add(name);
    return { name, aliases: aliasesOf(aliases), fallback, type: this.#type(hasAnnotation(field as Json) ? annotated(type, field as Json) : type, options) };
  }

  #enum(json: Json, options: ParseOptions): EnumSchema {
    const { symbols, default: fallback } = json;
    if (!Array.isArray(symbols) || symbols.length === 0) throw unusable('symbols, an array', found(symbols));
    requireFew(symbols, 'symbols');
    for (const symbol of symbols as unknown[]) if (typeof symbol !== 'string' || !namePattern.test(symbol)) throw unusable('a name for a symbol', found(symbol));
    if (new Set(symbols).size < symbols.length) throw unusable('each symbol once', 'one of them twice');
    if (fallback !== undefined && !symbols.includes(fallback)) throw unusable('one of the symbols as default', found(fallback));
    return this.#register(json, options, (declared) => new EnumSchema(declared, options, symbols as string[], (fallback as string | undefined) ?? null), true);
  }

  #fixed(json: Json, options: ParseOptions): FixedSchema {
    const { size } = json;
    if (typeof size !== 'number' || !Number.isInteger(size) || size < 0 || size > 0x7fffffff) throw unusable('a size', found(size));
    return this.#register(json, options, (declared) => new FixedSchema(declared, options, size, logicalOf('fixed', size, json)), true);
  }

  /** Has avsc qualify and remember the name of a type; the namespace is that of its parts from here on, unless it has none. */
  #register<T extends NamedSchema>(json: Json, options: ParseOptions, create: (declared: object) => T, partless = false): T {
    const { name, namespace } = json;
    if (typeof name !== 'string') throw unusable('the name of a type', found(name));
    if (namespace !== undefined && namespace !== null && typeof namespace !== 'string') throw unusable('a namespace', found(namespace));
    if (++this.#named > maxNamedTypes) throw unusable(`at most ${maxNamedTypes} named types`, 'more');
    const around = options.namespace;
    const dot = name.lastIndexOf('.');
    if (dot >= 0) options.namespace = name.slice(0, dot);
    else if (namespace !== undefined) options.namespace = namespace ?? undefined;
    const type = create({ name, namespace: options.namespace, aliases: aliasesOf(json['aliases']) });
    if (partless) options.namespace = around;
    return type;
  }

  #inside<T>(place: string, parse: () => T): T {
    try {
      return parse();
    } catch (error) {
      // What avsc throws of names gets a place, too.
      throw within(error instanceof Failure || !(error instanceof Error) || error instanceof RangeError ? error : unusable('names that are known, and free where they are given', error.message.slice(0, 100)), place);
    }
  }
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw unusable('JSON', 'text that is none');
  }
}

function unusable(expected: string, what: string): Refusal {
  return new Refusal('schema_unusable', expected, what);
}

function requireFew(parts: readonly unknown[], what: string): void {
  if (parts.length > maxParts) throw unusable(`at most ${maxParts} ${what}`, String(parts.length));
}

function fieldName(field: unknown, index: number): string {
  const name: unknown = typeof field === 'object' && field !== null ? (field as Json)['name'] : undefined;
  return typeof name === 'string' ? name : `[${index}]`;
}

function aliasesOf(aliases: unknown): string[] {
  if (aliases === undefined || aliases === null) return [];
  if (!Array.isArray(aliases) || !aliases.every((alias) => typeof alias === 'string')) throw unusable('aliases, an array of names', found(aliases));
  requireFew(aliases, 'aliases');
  return aliases;
}
