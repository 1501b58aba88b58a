import type { FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import { Failure } from '../../../actors/failure.ts';
import type { SchemaText } from '../registry/schema-text.ts';
import { builtIn } from './built-in.ts';
import { fileOfDescriptor } from './descriptor.ts';
import { link } from './link.ts';
import { parseProto } from './parse.ts';
import type { Linked } from './types.ts';

/** Longer schemas are refused; so are more than `maxFiles` of them together. */
export const maxSchemaBytes = 1024 * 1024;
const maxFiles = 1000;

const base64 = /^[A-Za-z0-9+/\s]+={0,2}\s*$/;

/**
 * The types of a schema with those that it refers to. Its text is that of a .proto file or, as some clients register it, a FileDescriptorProto
 * in base64. Throws a `Failure` `schema_unusable`.
 */
export function loadSchema(schema: SchemaText): Linked {
  try {
    return link(withBuiltIn(collect(schema)));
  } catch (error) {
    if (error instanceof Failure) throw new Failure('schema_unusable', error.message, { cause: error.cause });
    if (error instanceof RangeError) throw new Failure('schema_unusable', 'expected a Protobuf schema that fits into memory and stack', { cause: error });
    throw new Failure('schema_unusable', `expected a Protobuf schema, found one that cannot be linked: ${(error as Error).message.slice(0, 100)}`, { cause: error });
  }
}

/** The file itself and, each once, those that it and its references refer to. */
function collect(schema: SchemaText): Map<string, FileDescriptorProto> {
  const files = new Map([['the schema', parse('the schema', schema.text)]]);
  const open = [...schema.references];
  for (let reference = open.shift(); reference !== undefined; reference = open.shift()) {
    if (files.has(reference.name)) continue;
    if (files.size >= maxFiles) throw new Failure('schema_unusable', `expected at most ${maxFiles} files, found more`);
    files.set(reference.name, parse(reference.name, reference.schema.text));
    open.push(...reference.schema.references);
  }
  return files;
}

/** Besides, what any of them imports and the registry does not keep. */
function withBuiltIn(files: Map<string, FileDescriptorProto>): readonly FileDescriptorProto[] {
  // What is added while the map is gone through comes, too.
  for (const { dependency } of files.values()) {
    for (const path of dependency) {
      const file = files.has(path) ? null : builtIn(path);
      if (file !== null) files.set(path, file);
    }
  }
  return [...files.values()];
}

function parse(name: string, text: string): FileDescriptorProto {
  if (text.length > maxSchemaBytes) throw new Failure('schema_unusable', `expected a schema of at most 1 MiB, found ${text.length} characters in ${name}`);
  const file = base64.test(text) ? fileOfDescriptor(Buffer.from(text, 'base64')) : parseProto(name, text);
  // Others know it by that name, whatever it calls itself.
  file.name = name;
  return file;
}
