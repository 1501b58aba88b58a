import type { SchemaText } from './registry/schema-text.ts';

/*
 * What the formats that have schemas (Avro, Protobuf, JSON Schema) share. A format knows nothing of registries or of ids: it turns the text of
 * a schema into something that reads or writes payloads. `framed.ts` and `unframed.ts` make codecs of that.
 */

/** A compiled schema that reads payloads written with it. Throws a poison `Failure`. */
export interface PayloadReader {
  /** `bytes` has nothing before or behind the payload. */
  read(bytes: Uint8Array): unknown;
}

/** A compiled schema that writes payloads. Throws a poison `Failure` that names the field, what was expected and what was found. */
export interface PayloadWriter {
  write(value: unknown): Uint8Array;
  /** Full name of the schema, for subjects; null for one without a name. */
  readonly name: string | null;
}

/** A format with its options. Compiling is costly: whoever asks keeps what comes. */
export interface SchemaFormat {
  /** Different for formats that give different values for the same bytes. */
  readonly id: string;
  /** As the registry calls it. */
  readonly type: 'AVRO' | 'PROTOBUF' | 'JSON';
  /** A reader of what was written with this schema. Throws a `Failure`: `schema_unusable`, or `schema_incompatible` where it cannot be read as the reader's own schema. */
  reader(writer: SchemaText): PayloadReader;
  /** A writer with this schema. Throws a `Failure` `schema_unusable`. */
  writer(schema: SchemaText): PayloadWriter;
}
