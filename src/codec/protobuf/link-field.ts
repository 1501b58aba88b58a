import { Failure } from '../../../actors/failure.ts';
import type { Mutable, Place, Settled } from './link.ts';
import type { FieldTree } from './tree.ts';
import { scalarTypes } from './types.ts';
import type { EnumType, FieldType, MapType, MessageType, Oneof, ScalarType, ValueType } from './types.ts';

const notForKeys: ReadonlySet<ScalarType> = new Set<ScalarType>(['double', 'float', 'bytes']);
const neverPacked: ReadonlySet<ScalarType> = new Set<ScalarType>(['string', 'bytes']);

/** A field with its type found and its features settled. `key` is its name in values. */
export function linkField(tree: FieldTree, key: string, oneof: Oneof | null, place: Place, find: (name: string) => MessageType | EnumType): FieldType {
  const features: Settled = { ...place.features, ...tree.features };
  const type: ValueType = scalarTypes.has(tree.type) ? { kind: 'scalar', scalar: tree.type as ScalarType } : find(tree.type);
  const repeated = tree.label === 'repeated';
  const isMap = repeated && type.kind === 'message' && type.mapEntry;
  const field: Mutable<FieldType> = {
    key,
    jsonName: key.startsWith('[') ? key : (tree.jsonName ?? jsonNameOf(tree.name)),
    number: tree.number,
    type,
    repeated,
    packed: repeated && packable(type) && (tree.packed ?? features.repeated_field_encoding === 'PACKED'),
    delimited: tree.group || (type.kind === 'message' && features.message_encoding === 'DELIMITED' && !isMap && !place.mapEntry),
    presence: presenceOf(tree, type, oneof, features),
    map: null,
    oneof
  };
  // The entry's own fields may not be linked yet.
  if (isMap) Object.defineProperty(field, 'map', { get: () => mapOf(type), enumerable: true });
  return field;
}

function packable(type: ValueType): boolean {
  return type.kind === 'enum' || (type.kind === 'scalar' && !neverPacked.has(type.scalar));
}

function presenceOf(tree: FieldTree, type: ValueType, oneof: Oneof | null, features: Settled): FieldType['presence'] {
  if (tree.label === 'repeated') return 'implicit';
  if (tree.label === 'required' || features.field_presence === 'LEGACY_REQUIRED') return 'required';
  if (oneof !== null || tree.extendee !== null || tree.explicit || type.kind === 'message') return 'explicit';
  return features.field_presence === 'IMPLICIT' ? 'implicit' : 'explicit';
}

function mapOf(entry: MessageType): MapType {
  const [key, value] = entry.fields;
  if (key === undefined || value === undefined || key.number !== 1 || value.number !== 2 || key.type.kind !== 'scalar' || notForKeys.has(key.type.scalar)) {
    throw new Failure('schema_unusable', `expected a map with keys of an integer type, bool or string, found another in ${entry.name}`);
  }
  return { key: key.type.scalar, value };
}

/** As protoc derives it: some_field becomes someField. */
function jsonNameOf(name: string): string {
  return name.replace(/_+([a-zA-Z0-9]?)/g, (_match, letter: string) => letter.toUpperCase());
}
