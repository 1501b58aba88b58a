import { maxDefaultBytes, maxDepth } from './limits.ts';
import { Output } from './output.ts';
import { found, Refusal, within } from './refusal.ts';
import type { RecordSchema, Schema } from './schema.ts';
import { Primitive } from './schema.ts';

/** Steps that the defaults of one field may take: defaults inside of defaults can be many more than their text. */
const maxSteps = 100_000;

/**
 * The bytes of a default, from its JSON: bytes and fixed as text of characters up to U+00FF, numbers and text of logical types as their underlying
 * values, a union as the first of its types that fits (Avro 1.12). Throws a `Refusal` `schema_unusable`.
 */
export function encodeDefault(schema: Schema, json: unknown): Buffer {
  const encoder = new DefaultEncoder();
  encoder.encode(schema, json);
  return encoder.output.finish();
}

class DefaultEncoder {
  readonly output = new Output();
  #steps = 0;
  #depth = 0;

  encode(schema: Schema, json: unknown): void {
    if (++this.#steps > maxSteps || this.output.position > maxDefaultBytes) throw new Refusal('schema_unusable', `a default of at most ${maxDefaultBytes} bytes`, 'a larger one');
    if (++this.#depth > maxDepth) throw new Refusal('schema_unusable', 'a default that ends', 'one that contains itself');
    this.#encode(schema, json);
    this.#depth--;
  }

  #encode(schema: Schema, json: unknown): void {
    if (!fits(schema, json)) throw new Refusal('schema_unusable', `a default that is ${articled(schema)}`, found(json));
    const { output } = this;
    if (schema instanceof Primitive) return this.#primitive(schema, json);
    switch (schema.kind) {
      case 'record':
        return this.#record(schema, json as Record<string, unknown>);
      case 'enum':
        return output.long(schema.symbols.indexOf(json as string));
      case 'fixed':
        return output.raw(Buffer.from(json as string, 'latin1'));
      case 'array':
        return this.#items(json as unknown[], (item) => this.encode(schema.items, item));
      case 'map':
        return this.#items(Object.entries(json as object), ([key, value]) => {
          output.string(key);
          this.encode(schema.values, value);
        });
      case 'union': {
        const index = schema.branches.findIndex((branch) => fits(branch, json));
        output.long(index);
        return this.encode(schema.branches[index] as Schema, json);
      }
    }
  }

  #primitive({ kind }: Primitive, json: unknown): void {
    const { output } = this;
    switch (kind) {
      case 'null':
        return;
      case 'boolean':
        return output.boolean(json as boolean);
      case 'int':
      case 'long':
        return output.long(json as number);
      case 'float':
        return output.float(json as number);
      case 'double':
        return output.double(json as number);
      case 'bytes':
        output.long((json as string).length);
        return output.raw(Buffer.from(json as string, 'latin1'));
      case 'string':
        return output.string(json as string);
    }
  }

  #items<T>(items: readonly T[], encode: (item: T) => void): void {
    if (items.length > 0) {
      this.output.long(items.length);
      items.forEach(encode);
    }
    this.output.long(0);
  }

  #record(schema: RecordSchema, json: Readonly<Record<string, unknown>>): void {
    for (const { name, type, fallback } of schema.fields) {
      try {
        this.encode(type, Object.hasOwn(json, name) ? json[name] : fallback);
      } catch (error) {
        throw within(error, name);
      }
    }
  }
}

/** Whether a default is one of a type, as far as can be seen without looking into it. */
function fits(schema: Schema, json: unknown): boolean {
  switch (schema.kind) {
    case 'null':
      return json === null;
    case 'boolean':
      return typeof json === 'boolean';
    case 'int':
      return json === ((json as number) | 0);
    case 'long':
      return Number.isSafeInteger(json);
    case 'float':
    case 'double':
      return typeof json === 'number';
    case 'string':
      return typeof json === 'string' && json.isWellFormed();
    case 'bytes':
      return isLatin(json);
    case 'fixed':
      return isLatin(json) && json.length === schema.size;
    case 'enum':
      return schema.symbols.includes(json as string);
    case 'array':
      return Array.isArray(json);
    case 'map':
      return isPlain(json);
    case 'record':
      return isPlain(json) && schema.fields.every(({ name, fallback }) => fallback !== undefined || Object.hasOwn(json, name));
    case 'union':
      return schema.branches.some((branch) => fits(branch, json));
  }
}

function isLatin(json: unknown): json is string {
  return typeof json === 'string' && /^[\u0000-\u00ff]*$/.test(json);
}

function isPlain(json: unknown): json is object {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

function articled(schema: Schema): string {
  return schema.kind === 'union' ? `of one of its ${schema.branches.length} types` : `of type ${schema.name ?? schema.kind}`;
}
