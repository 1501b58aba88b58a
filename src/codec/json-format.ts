import type { Validator } from '../../actors/component.ts';
import { asFailure, Failure } from '../../actors/failure.ts';
import type { SchemaFormat } from './format.ts';
import { jsonCodec } from './json.ts';
import type { JsonLong } from './json.ts';
import type { SchemaText } from './registry/schema-text.ts';
import { compileSchema, maxSchemaText } from './schema.ts';

/** JSON with a JSON Schema: what is read and what is written must meet it. */
export function jsonFormat({ long }: { readonly long: JsonLong }): SchemaFormat {
  return {
    id: `json:${long}`,
    type: 'JSON',
    reader(schema) {
      const codec = jsonCodec(compiled(schema).validator, { long });
      return { read: (bytes) => codec.decode(bytes) };
    },
    writer(schema) {
      const { validator, title } = compiled(schema);
      const codec = jsonCodec(validator);
      return { name: title, write: (value) => codec.encode(value) };
    }
  };
}

function compiled(schema: SchemaText): { readonly validator: Validator; readonly title: string | null } {
  try {
    const parsed = parse(schema.text);
    const title = typeof parsed === 'object' && parsed !== null && 'title' in parsed && typeof parsed.title === 'string' ? parsed.title : null;
    return { validator: compileSchema(parsed, referenced(schema)), title };
  } catch (error) {
    throw new Failure('schema_unusable', asFailure(error, 'schema_unusable').message, { cause: error });
  }
}

function parse(text: string): unknown {
  if (text.length > maxSchemaText) throw new Error(`expected a schema of at most ${maxSchemaText} characters, found ${text.length}`);
  return JSON.parse(text) as unknown;
}

/** All that it refers to, by URI. */
function referenced({ references }: SchemaText, found = new Map<string, unknown>()): Map<string, unknown> {
  for (const { name, schema } of references) {
    if (found.has(name)) continue;
    found.set(name, parse(schema.text));
    referenced(schema, found);
  }
  return found;
}
