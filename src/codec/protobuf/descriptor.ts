import { Failure } from '../../../actors/failure.ts';
import { builtInFiles } from './built-in.ts';
import { link } from './link.ts';
import { parseProto } from './parse.ts';
import { Readers } from './read-message.ts';
import type { Edition, EnumTree, Features, FieldTree, FileTree, MessageTree } from './tree.ts';
import type { MessageType } from './types.ts';

/*
 * Descriptors, protoc's binary form of a file, are messages of google/protobuf/descriptor.proto: they are read as any message is.
 */

interface Options {
  features?: Features;
  packed?: boolean;
  map_entry?: boolean;
  message_set_wire_format?: boolean;
}
interface FieldProto {
  name?: string;
  number?: number;
  label?: string;
  type?: string;
  type_name?: string;
  extendee?: string;
  oneof_index?: number;
  json_name?: string;
  proto3_optional?: boolean;
  options?: Options;
}
interface EnumProto {
  name?: string;
  value: { name?: string; number?: number }[];
}
interface MessageProto {
  name?: string;
  field: FieldProto[];
  extension: FieldProto[];
  nested_type: MessageProto[];
  enum_type: EnumProto[];
  oneof_decl: { name?: string; options?: Options }[];
  options?: Options;
}
interface FileProto {
  name?: string;
  package?: string;
  dependency: string[];
  message_type: MessageProto[];
  enum_type: EnumProto[];
  extension: FieldProto[];
  syntax?: string;
  edition?: string;
  options?: Options;
}

const editions: Readonly<Record<string, Edition>> = { '': 'proto2', proto2: 'proto2', proto3: 'proto3', EDITION_2023: '2023', EDITION_2024: '2024' };

let types: { readers: Readers; file: MessageType; set: MessageType } | null = null;

/** The tree of a FileDescriptorProto. Throws a `Failure`. */
export function fileOfDescriptor(bytes: Uint8Array): FileTree {
  const { readers, file } = descriptorTypes();
  return fileOf(readers.read(file, bytes) as FileProto);
}

/** The files of a FileDescriptorSet (protoc --descriptor_set_out): the name of each, those that it imports, and its own bytes. Throws a `Failure`. */
export function filesOfSet(bytes: Uint8Array): { name: string; imports: readonly string[]; bytes: Uint8Array }[] {
  const { readers, set } = descriptorTypes();
  const files = (readers.read(set, bytes) as { file: Uint8Array[] }).file;
  return files.map((part) => {
    const { name, imports } = fileOfDescriptor(part);
    return { name, imports, bytes: part };
  });
}

function descriptorTypes(): { readers: Readers; file: MessageType; set: MessageType } {
  if (types === null) {
    const path = 'google/protobuf/descriptor.proto';
    // A set whose files are still bytes: each becomes a schema of its own.
    const set = parseProto('set', 'syntax = "proto2"; message Set { repeated bytes file = 1; }');
    const linked = link([parseProto(path, builtInFiles.get(path) as string), set]);
    types = { readers: new Readers(linked, 'auto'), file: linked.byName.get('google.protobuf.FileDescriptorProto') as MessageType, set: linked.byName.get('Set') as MessageType };
  }
  return types;
}

function fileOf({ name = '', package: scope = '', dependency, message_type, enum_type, extension, syntax = '', edition, options }: FileProto): FileTree {
  const known = Object.hasOwn(editions, edition ?? syntax) ? editions[edition ?? syntax] : undefined;
  if (known === undefined) throw new Failure('schema_unusable', `expected proto2, proto3 or an edition that is known, found ${JSON.stringify(edition ?? syntax).slice(0, 40)}`);
  return {
    name,
    edition: known,
    package: scope,
    imports: dependency,
    features: options?.features ?? {},
    messages: message_type.map((message) => messageOf(message, known)),
    enums: enum_type.map(enumOf),
    extensions: extension.map((field) => fieldOf(field, known))
  };
}

function messageOf({ name = '', field, extension, nested_type, enum_type, oneof_decl, options }: MessageProto, edition: Edition): MessageTree {
  return {
    name,
    features: options?.features ?? {},
    fields: field.map((one) => fieldOf(one, edition)),
    oneofs: oneof_decl.map((oneof) => oneof.name ?? ''),
    oneofFeatures: oneof_decl.map((oneof) => oneof.options?.features ?? {}),
    messages: nested_type.map((message) => messageOf(message, edition)),
    enums: enum_type.map(enumOf),
    extensions: extension.map((one) => fieldOf(one, edition)),
    mapEntry: options?.map_entry ?? false,
    messageSet: options?.message_set_wire_format ?? false
  };
}

function fieldOf({ name = '', number = 0, label, type = '', type_name, extendee, oneof_index, json_name, proto3_optional = false, options }: FieldProto, edition: Edition): FieldTree {
  return {
    name,
    number,
    label: label === 'LABEL_REPEATED' ? 'repeated' : label === 'LABEL_REQUIRED' ? 'required' : 'optional',
    type: type_name ?? type.slice('TYPE_'.length).toLowerCase(),
    group: type === 'TYPE_GROUP',
    explicit: proto3_optional && edition === 'proto3',
    packed: options?.packed ?? null,
    jsonName: json_name ?? null,
    features: options?.features ?? {},
    // protoc puts proto3's optional fields into oneofs of their own, which nobody named.
    oneof: proto3_optional ? null : (oneof_index ?? null),
    extendee: extendee ?? null
  };
}

function enumOf({ name = '', value }: EnumProto): EnumTree {
  return { name, values: value.map((one) => [one.name ?? '', one.number ?? 0]) };
}
