import type { SchemaText } from '../registry/schema-text.ts';

/** What values Avro's bytes become. */
export interface AvroOptions {
  /** What a long becomes: auto, a number up to 2^53 - 1 and a big integer beyond; number, and the record fails beyond; bigint; string. */
  readonly long: 'auto' | 'number' | 'bigint' | 'string';
  /** text: logical types as text. none: their underlying values. */
  readonly logicalTypes: 'text' | 'none';
  /** The schema that all records are read as; null: the one they were written with. */
  readonly readAs: SchemaText | null;
}
