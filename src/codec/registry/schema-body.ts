import type { SchemaText } from './schema-text.ts';

/** What kinds of schemas a registry has. */
export type SchemaType = 'AVRO' | 'PROTOBUF' | 'JSON';

/** A reference as the registry writes it. */
export interface WrittenReference {
  readonly name: string;
  readonly subject: string;
  readonly version: number;
}

/** A schema as it is sent. */
export class SchemaBody {
  readonly json: object;
  /** The same as text, to tell one from another. */
  readonly text: string;

  constructor(type: SchemaType, { text }: SchemaText, references: readonly WrittenReference[]) {
    this.json = { schema: text, ...(type === 'AVRO' ? {} : { schemaType: type }), ...(references.length === 0 ? {} : { references }) };
    this.text = JSON.stringify(this.json);
  }
}

/** References of an answer, as far as they are well formed. */
export function parseReferences(body: unknown): readonly { readonly name: string; readonly subject: string; readonly version: number }[] {
  const references: unknown = typeof body === 'object' && body !== null && 'references' in body ? body.references : null;
  if (!Array.isArray(references)) return [];
  return references.filter(isReference);
}

function isReference(value: unknown): value is { name: string; subject: string; version: number } {
  if (typeof value !== 'object' || value === null) return false;
  const { name, subject, version } = value as Readonly<Record<string, unknown>>;
  return typeof name === 'string' && typeof subject === 'string' && typeof version === 'number';
}
