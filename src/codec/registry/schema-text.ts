/** A schema as its author wrote it, with those that it refers to. */
export interface SchemaText {
  readonly text: string;
  /** By the name under which the text refers to them: a file for Protobuf, a full name for Avro, a URI for JSON Schema. */
  readonly references: readonly SchemaReference[];
}

/** A schema that another one refers to. */
export interface SchemaReference {
  readonly name: string;
  readonly schema: SchemaText;
  /** Where the registry has it; absent for one from a file, whose subject is its name. */
  readonly subject?: string;
  readonly version?: number;
}
