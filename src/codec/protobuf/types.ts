import type { DescEnum, DescMessage, DescOneof, ScalarType } from '@bufbuild/protobuf';
import type { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';

/*
 * What readers and writers need of a schema that @bufbuild/protobuf linked: one view of fields, of extensions and of the values of maps.
 */

/** What a field holds: one value, or one element of it. */
export type ValueType = { readonly kind: 'scalar'; readonly scalar: ScalarType } | DescEnum | DescMessage;

/** What a field has that is a map. Its entries are messages { key = 1, value = 2 }. */
export interface MapType {
  readonly key: FieldType;
  readonly value: FieldType;
}

/** A field of a message, or an extension of it. */
export interface FieldType {
  /** Name in values: as in the schema; of an extension [its.full.name]. */
  readonly key: string;
  readonly jsonName: string;
  readonly number: number;
  /** Of a map what its values are. */
  readonly type: ValueType;
  readonly repeated: boolean;
  readonly packed: boolean;
  /** A group, as a message with that encoding is called: between two tags, without a length. */
  readonly delimited: boolean;
  /** Implicit: zero is not written, and what is not there is zero. Explicit: what is not there is not there. */
  readonly presence: FeatureSet_FieldPresence;
  readonly map: MapType | null;
  readonly oneof: DescOneof | null;
}

/** Everything a schema has, and the messages of its first file. */
export interface Linked {
  /** Messages of the schema's own file, in order, nested ones inside. */
  readonly messages: readonly DescMessage[];
  /** Of all files, by full name. */
  getMessage(name: string): DescMessage | undefined;
  /** By number, ascending, extensions among them. */
  fieldsOf(type: DescMessage): readonly FieldType[];
}
