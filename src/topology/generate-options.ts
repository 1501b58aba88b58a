import type { JsonSchema } from './generate-schema.ts';

/** One option, as a line of the reference. */
export interface OptionRow {
  readonly name: string;
  readonly type: string;
  readonly default: string;
  readonly description: string;
}

/** All options of a schema, nested ones after the one they belong to as `batch.records`. */
export function optionRows(schema: JsonSchema, prefix = '', condition = ''): OptionRow[] {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).flatMap(([key, option]) => {
    const name = `${prefix}${key}`;
    const row = {
      name,
      type: typeName(option),
      default: required.has(key) ? 'required' : defaultText(option),
      description: `${condition}${option.description ?? ''}`
    };
    return [row, ...variants(option).flatMap((variant) => optionRows(variant, `${name}.`, conditionOf(variant)))];
  });
}

/** The schemas of an option that are maps with options of their own. */
function variants(option: JsonSchema): JsonSchema[] {
  if (option.properties !== undefined) return [option];
  return branches(option).flatMap(variants);
}

function branches(option: JsonSchema): JsonSchema[] {
  const list = option['anyOf'] ?? option['oneOf'];
  return Array.isArray(list) ? (list as JsonSchema[]) : [];
}

/** Where a map has several forms told apart by `type`, `mode` or `mechanism`, its options say to which they belong. */
function conditionOf({ properties }: JsonSchema): string {
  for (const key of ['type', 'mode', 'mechanism']) {
    const { const: only, enum: words } = properties?.[key] ?? {};
    const values: readonly unknown[] = only !== undefined ? [only] : Array.isArray(words) && key === 'mechanism' ? words : [];
    if (values.length > 0) return `With \`${key}: ${values.map(String).join('`, `')}\`: `;
  }
  return '';
}

function defaultText(option: JsonSchema): string {
  const value = option['default'];
  if (value === undefined) return '';
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0 ? '' : `\`${JSON.stringify(value)}\``;
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

/** A schema's type in a word or two. */
export function typeName(schema: JsonSchema): string {
  if (schema.title !== undefined) return schema.title;
  if (typeof schema['const'] === 'string') return `\`${schema['const']}\``;
  const words = schema['enum'];
  if (Array.isArray(words)) return words.map((word) => `\`${String(word)}\``).join(', ');
  const options = branches(schema);
  if (options.length > 0) return [...new Set(options.map(typeName))].join(' or ');
  if (schema.type === 'array') return `list of ${typeName((schema['items'] ?? {}) as JsonSchema)}`;
  if (schema.type === 'object') return mapName(schema);
  return plainNames[String(schema.type)] ?? 'any';
}

const plainNames: Readonly<Record<string, string>> = { string: 'text', integer: 'whole number', number: 'number', boolean: '`true`, `false`' };

function mapName(schema: JsonSchema): string {
  const values = schema['additionalProperties'];
  if (schema.properties !== undefined || typeof values !== 'object' || values === null) return 'map';
  const name = typeName(values as JsonSchema);
  return name === 'any' ? 'map of nodes' : `map of ${name}`;
}
