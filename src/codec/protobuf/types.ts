/*
 * A linked schema: what names stand for is found, features of editions are settled, extensions are with the message that they extend.
 */

/** The scalar types of the language, by their names there. */
export type ScalarType =
  | 'double'
  | 'float'
  | 'int32'
  | 'int64'
  | 'uint32'
  | 'uint64'
  | 'sint32'
  | 'sint64'
  | 'fixed32'
  | 'fixed64'
  | 'sfixed32'
  | 'sfixed64'
  | 'bool'
  | 'string'
  | 'bytes';

/** All scalar types. */
export const scalarTypes: ReadonlySet<string> = new Set<ScalarType>([
  'double', 'float', 'int32', 'int64', 'uint32', 'uint64', 'sint32', 'sint64', 'fixed32', 'fixed64', 'sfixed32', 'sfixed64', 'bool', 'string', 'bytes'
]);

/** An enum: numbers by name and, of several names of one number, the first by number. */
export interface EnumType {
  readonly kind: 'enum';
  readonly name: string;
  readonly numbers: ReadonlyMap<string, number>;
  readonly names: ReadonlyMap<number, string>;
}

/** What a field has that is a map. Its entries are messages { key = 1, value = 2 }. */
export interface MapType {
  readonly key: ScalarType;
  readonly value: FieldType;
}

/** What a field holds: one value, or one element of it. */
export type ValueType = { readonly kind: 'scalar'; readonly scalar: ScalarType } | EnumType | MessageType;

/** A field of a message, or an extension of it. */
export interface FieldType {
  /** Name in values: as in the schema; of an extension [its.full.name]. */
  readonly key: string;
  readonly jsonName: string;
  readonly number: number;
  readonly type: ValueType;
  readonly repeated: boolean;
  readonly packed: boolean;
  /** A group, as a message with that encoding is called: between two tags, without a length. */
  readonly delimited: boolean;
  /** `implicit`: zero is not written, and what is not there is zero. `explicit`: what is not there is not there. */
  readonly presence: 'implicit' | 'explicit' | 'required';
  readonly map: MapType | null;
  /** All members of its oneof, itself included; null outside of one. */
  readonly oneof: Oneof | null;
}

/** Of its members one is set, or none. */
export interface Oneof {
  readonly name: string;
  readonly members: readonly FieldType[];
}

/** A message with its fields by number, ascending, extensions among them. */
export interface MessageType {
  readonly kind: 'message';
  /** Full name, without a leading dot. */
  readonly name: string;
  readonly fields: readonly FieldType[];
  readonly oneofs: readonly Oneof[];
  readonly nested: readonly MessageType[];
  /** True for the entry of a map, which no text names. */
  readonly mapEntry: boolean;
}

/** Everything a schema has, and the messages of its first file. */
export interface Linked {
  /** Messages of the schema's own file, in order, nested ones inside. */
  readonly messages: readonly MessageType[];
  /** Every message of all files by full name. */
  readonly byName: ReadonlyMap<string, MessageType>;
}
