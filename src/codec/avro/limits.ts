/** Deepest nesting of values, as JSON's. */
export const maxDepth = 500;
/** Items that take no bytes (null, records without fields), in one payload: nothing but their count bounds them. */
export const maxEmptyItems = 1_000_000;
/** Characters of a schema and of all it refers to, together. */
export const maxSchemaText = 1024 * 1024;
/** Deepest nesting of a schema's types. */
export const maxSchemaDepth = 200;
/** Named types of a schema with all it refers to. */
export const maxNamedTypes = 2000;
/** Fields of a record, symbols of an enum, branches of a union. */
export const maxParts = 5000;
/** Schemas that one refers to, directly or not. */
export const maxReferences = 1000;
/** Bytes of all defaults of a schema, encoded. */
export const maxDefaultBytes = 1024 * 1024;
