import * as z from 'zod';
import { catalogue } from '../../actors/catalogue.ts';
import type { Component, ComponentKind } from '../../actors/component.ts';
import { namePattern } from '../../actors/options.ts';
import { nodeSchema, topologySchema } from './schema.ts';

/** A part of a JSON Schema (draft-07). */
export interface JsonSchema {
  [keyword: string]: unknown;
  type?: string | string[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  description?: string;
  title?: string;
}

/** What is a number or one of few words may also come from outside. */
const interpolation: JsonSchema = { type: 'string', pattern: '\\$\\{.+\\}' };

/** What a file may hold, as zod tells it: input side, so that options with a default are not required. */
export function toSchema(schema: z.ZodType): JsonSchema {
  const generated = z.toJSONSchema(schema, { target: 'draft-7', io: 'input', unrepresentable: 'any' });
  // Through JSON, because zod hangs functions of its own on the result.
  const { $schema: _dialect, ...rest } = JSON.parse(JSON.stringify(generated)) as JsonSchema;
  return rest;
}

/** The JSON Schema of topology files, for completion and checks while one is written. */
export function generateSchema(): JsonSchema {
  const head = toSchema(topologySchema);
  const definitions: Record<string, JsonSchema> = {};
  for (const component of catalogue) definitions[definitionName(component)] = withInterpolation(toSchema(nodeSchema(component)));
  const properties = Object.fromEntries(
    Object.entries(head.properties ?? {}).map(([key, schema]) => [key, key in kinds ? section(key, schema) : withInterpolation(schema)])
  );
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Millrace topology',
    ...head,
    properties,
    definitions
  };
}

const kinds: Readonly<Record<string, ComponentKind>> = { sources: 'source', tables: 'table', transforms: 'transform', sinks: 'sink' };

function definitionName({ kind, type }: Component): string {
  return `${kind}_${type}`;
}

/** Nodes by name. `if … then` per type gives an editor one set of options, and errors about that one only. */
function section(key: string, schema: JsonSchema): JsonSchema {
  const components = catalogue.filter(({ kind }) => kind === kinds[key]);
  return {
    ...(schema.description === undefined ? {} : { description: schema.description }),
    type: 'object',
    propertyNames: { pattern: namePattern.source },
    additionalProperties: {
      type: 'object',
      required: ['type'],
      properties: { type: { description: 'The component.', oneOf: components.map(({ type, summary }) => ({ const: type, description: summary })) } },
      allOf: components.map((component) => ({
        if: { properties: { type: { const: component.type } }, required: ['type'] },
        then: { $ref: `#/definitions/${definitionName(component)}` }
      }))
    }
  };
}

/** Lets a `${…}` stand for every option that is not free text. Keys are never interpolated. */
function withInterpolation(schema: JsonSchema): JsonSchema {
  if (isClosed(schema)) {
    const { description, title, default: standard, ...closed } = schema;
    const shared = Object.fromEntries(Object.entries({ title, description, default: standard }).filter(([, value]) => value !== undefined));
    return { ...shared, anyOf: [withoutBounds(closed), interpolation] };
  }
  const result: JsonSchema = {};
  for (const [key, value] of Object.entries(schema)) result[key] = key === 'propertyNames' ? value : walk(key, value);
  return result;
}

/** True for a schema that would refuse a `${…}`. */
function isClosed({ type, pattern, enum: words }: JsonSchema): boolean {
  return type === 'integer' || type === 'number' || type === 'boolean' || (type === 'string' && (pattern !== undefined || words !== undefined));
}

/** The bounds of safe integers say nothing to a reader. */
function withoutBounds(schema: JsonSchema): JsonSchema {
  return Object.fromEntries(Object.entries(schema).filter(([, value]) => Math.abs(Number(value)) !== Number.MAX_SAFE_INTEGER));
}

function walk(key: string, value: unknown): unknown {
  if (key === 'properties') {
    return Object.fromEntries(Object.entries(value as Record<string, JsonSchema>).map(([name, child]) => [name, withInterpolation(child)]));
  }
  if (Array.isArray(value)) return value.map((item: unknown) => (isSchema(item) ? withInterpolation(item) : item));
  return isSchema(value) && key !== 'default' ? withInterpolation(value) : value;
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
