import { Failure } from '../../../actors/failure.ts';
import type { SchemaText } from '../registry/schema-text.ts';
import { builtInFiles } from './built-in.ts';
import { fileOfDescriptor } from './descriptor.ts';
import { link } from './link.ts';
import { parseProto } from './parse.ts';
import type { FileTree } from './tree.ts';
import type { Linked } from './types.ts';

/** Longer schemas are refused; so are more than `maxFiles` of them together. */
export const maxSchemaBytes = 1024 * 1024;
const maxFiles = 1000;

const base64 = /^[A-Za-z0-9+/\s]+={0,2}\s*$/;
const parsed = new Map<string, FileTree>();

/**
 * The types of a schema with those that it refers to. Its text is that of a .proto file or, as some clients register it, a FileDescriptorProto
 * in base64. Throws a `Failure` `schema_unusable`.
 */
export function loadSchema(schema: SchemaText): Linked {
  try {
    const files = withBuiltIn(collect(schema));
    return link(files);
  } catch (error) {
    if (error instanceof Failure) throw new Failure('schema_unusable', error.message, { cause: error.cause });
    throw new Failure('schema_unusable', 'expected a Protobuf schema that fits into memory and stack', { cause: error });
  }
}

/** The file itself and, each once, those that it and its references refer to. */
function collect(schema: SchemaText): Map<string, FileTree> {
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

/** Besides, what any of them imports and the registry does not keep. What else is missing tells when a name is not found. */
function withBuiltIn(files: Map<string, FileTree>): readonly FileTree[] {
  const all = new Map(files);
  for (const file of all.values()) {
    for (const path of file.imports) {
      const text = builtInFiles.get(path);
      if (text !== undefined && !all.has(path)) all.set(path, builtIn(path, text));
    }
  }
  return [...all.values()];
}

function builtIn(path: string, text: string): FileTree {
  const file = parsed.get(path) ?? parseProto(path, text);
  parsed.set(path, file);
  return file;
}

function parse(name: string, text: string): FileTree {
  if (text.length > maxSchemaBytes) throw new Failure('schema_unusable', `expected a schema of at most 1 MiB, found ${text.length} characters in ${name}`);
  return base64.test(text) ? fileOfDescriptor(Buffer.from(text, 'base64')) : parseProto(name, text);
}
