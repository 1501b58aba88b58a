import type { DescEnum, DescExtension, DescField, DescMessage, ScalarType } from '@bufbuild/protobuf';
import { protoCamelCase } from '@bufbuild/protobuf/reflect';
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';
import type { FieldType, MapType, ValueType } from './types.ts';

const { EXPLICIT } = FeatureSet_FieldPresence;

/** The view of a field or an extension that readers and writers have. */
export function fieldOf(desc: DescField | DescExtension): FieldType {
  const type = typeOf(desc);
  return {
    key: desc.kind === 'extension' ? `[${desc.typeName}]` : desc.name,
    jsonName: desc.jsonName === '' ? protoCamelCase(desc.name) : desc.jsonName,
    number: desc.number,
    type,
    repeated: desc.fieldKind === 'list' || desc.fieldKind === 'map',
    packed: desc.fieldKind === 'list' && desc.packed,
    delimited: 'delimitedEncoding' in desc && desc.delimitedEncoding === true,
    presence: desc.presence,
    map: desc.fieldKind === 'map' ? mapOf(desc.mapKey, type) : null,
    oneof: desc.oneof ?? null
  };
}

function typeOf({ message, enum: enumeration, scalar }: { readonly message: DescMessage | undefined; readonly enum: DescEnum | undefined; readonly scalar: ScalarType | undefined }): ValueType {
  return message ?? enumeration ?? { kind: 'scalar', scalar: scalar as ScalarType };
}

/** The package has no descriptor of a map's entry. */
function mapOf(scalar: ScalarType, type: ValueType): MapType {
  const part = { repeated: false, packed: false, delimited: false, presence: EXPLICIT, map: null, oneof: null };
  return { key: { ...part, key: 'key', jsonName: 'key', number: 1, type: { kind: 'scalar', scalar } }, value: { ...part, key: 'value', jsonName: 'value', number: 2, type } };
}
