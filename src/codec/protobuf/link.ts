import { create, createFileRegistry } from '@bufbuild/protobuf';
import type { DescExtension, DescMessage, FileRegistry } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import type { FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import { Failure } from '../../../actors/failure.ts';
import { fieldOf } from './field.ts';
import { completeNames } from './names.ts';
import type { FieldType, Linked } from './types.ts';

/**
 * Links files by @bufbuild/protobuf; the first is the schema's own. The package wants each file behind those whose types it uses, and checks neither
 * numbers nor names of fields. Throws a `Failure` `schema_unusable`, or the package's own error.
 */
export function link(files: readonly FileDescriptorProto[]): Linked {
  completeNames(files);
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: inOrder(files) }));
  const fields = fieldsOfAll(registry);
  return {
    messages: registry.getFile(files[0]?.name ?? '')?.messages ?? [],
    getMessage: (name) => registry.getMessage(name),
    fieldsOf: (type) => fields.get(type) ?? []
  };
}

/** Imported files before those that import them. What nobody has is left out of the imports: what is missed from it tells when a name is not found. */
function inOrder(files: readonly FileDescriptorProto[]): FileDescriptorProto[] {
  const byName = new Map(files.map((file) => [file.name, file]));
  const placed = new Set<FileDescriptorProto>();
  const open = new Set<FileDescriptorProto>();
  const place = (file: FileDescriptorProto): void => {
    if (placed.has(file) || open.has(file)) return;
    open.add(file);
    for (const name of file.dependency) {
      const imported = byName.get(name);
      if (imported !== undefined) place(imported);
    }
    file.dependency = file.dependency.filter((name) => placed.has(byName.get(name) as FileDescriptorProto));
    // Nothing here calls methods, and their types may be missing.
    file.service = [];
    placed.add(file);
  };
  // Also a file that nobody imports comes before the schema itself, which may use it all the same.
  for (const file of files.toReversed()) place(file);
  return [...placed];
}

function fieldsOfAll(registry: FileRegistry): ReadonlyMap<DescMessage, readonly FieldType[]> {
  const fields = new Map<DescMessage, FieldType[]>();
  const extensions: DescExtension[] = [];
  for (const type of registry) {
    if (type.kind === 'message') fields.set(type, type.fields.map(fieldOf));
    else if (type.kind === 'extension') extensions.push(type);
  }
  for (const extension of extensions) fields.get(extension.extendee)?.push(fieldOf(extension));
  for (const [{ typeName }, all] of fields) check(typeName, all);
  return fields;
}

/** Sorts fields by number; numbers and names may be there once. */
function check(message: string, fields: FieldType[]): void {
  fields.sort((a, b) => a.number - b.number);
  const keys = new Set<string>();
  fields.forEach(({ key, number }, index) => {
    if (number < 1 || number > 536_870_911) throw new Failure('schema_unusable', `expected field numbers from 1 to 536870911 in ${message}, found ${number}`);
    if (fields[index - 1]?.number === number) throw new Failure('schema_unusable', `expected each field number once in ${message}, found ${number} twice`);
    if (keys.has(key)) throw new Failure('schema_unusable', `expected each field name once in ${message}, found ${key} twice`);
    keys.add(key);
  });
}
