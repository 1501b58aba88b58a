import type { DescriptorProto, FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { Failure } from '../../../actors/failure.ts';
import type { SchemaReference, SchemaText } from '../registry/schema-text.ts';
import { isBuiltIn } from './built-in.ts';
import { filesOfSet } from './descriptor.ts';
import { maxSchemaBytes } from './load.ts';
import { parseProto } from './parse.ts';

/** A schema in files. */
export interface ProtobufSource {
  /** A .proto file; with any other ending a descriptor set, as protoc --include_imports --descriptor_set_out writes it. */
  readonly path: string;
  /** Folders in which imported files are looked for, in this order; none: that of the file. */
  readonly imports: readonly string[];
  /** Of a descriptor set, which file is the schema: the one with this message; null: the last, which is the one protoc was given. */
  readonly message: string | null;
}

/**
 * The schema in a file, with those that it imports. What Protobuf itself, and Confluent's registry, have without its being sent is left out. Each file of
 * a descriptor set becomes a text of its own in base64, which registries take as well. Throws a `Failure` `schema_unusable`, or what reading the file throws.
 */
export function readProtobuf(source: ProtobufSource): SchemaText {
  return source.path.endsWith('.proto') ? new Folder(source).schema() : fromSet(source);
}

/** .proto files and their imports. */
class Folder {
  readonly #path: string;
  readonly #folders: readonly string[];
  readonly #read = new Map<string, SchemaText>();
  /** What is being read, from the outermost: a file that is here already imports itself. */
  readonly #open: string[] = [];

  constructor({ path, imports }: ProtobufSource) {
    this.#path = path;
    this.#folders = imports.length === 0 ? [dirname(path)] : imports;
  }

  schema(): SchemaText {
    return this.#schemaOf(this.#path, this.#path);
  }

  #schemaOf(name: string, path: string): SchemaText {
    const text = textOf(path);
    this.#open.push(name);
    const references = parseProto(name, text).dependency.flatMap((imported) => this.#reference(imported));
    this.#open.pop();
    return { text, references };
  }

  #reference(name: string): SchemaReference[] {
    const known = this.#read.get(name);
    if (known !== undefined) return [{ name, schema: known }];
    if (isAbsolute(name) || name.split('/').includes('..')) throw new Failure('schema_unusable', `expected imports below a folder, found ${JSON.stringify(name.slice(0, 60))}`);
    const path = this.#folders.map((folder) => join(folder, name)).find((candidate) => existsSync(candidate));
    if (path === undefined && isBuiltIn(name)) return [];
    if (path === undefined) throw new Failure('schema_unusable', `expected the imported file ${name.slice(0, 60)} in ${this.#folders.join(', ')}, found none`);
    if (this.#open.includes(name) || path === this.#path) throw new Failure('schema_unusable', `expected no file to import itself, found that of ${name.slice(0, 60)}`);
    if (this.#open.length >= maxImports) throw new Failure('schema_unusable', `expected imports at most ${maxImports} files deep, found more`);
    const schema = this.#schemaOf(name, path);
    this.#read.set(name, schema);
    return [{ name, schema }];
  }
}

const maxImports = 100;

function textOf(path: string): string {
  const bytes = readFileSync(path);
  if (bytes.length > maxSchemaBytes) throw new Failure('schema_unusable', `expected a schema of at most 1 MiB, found ${bytes.length} bytes in ${path}`);
  return bytes.toString('utf8');
}

function fromSet({ path, message }: ProtobufSource): SchemaText {
  const bytes = readFileSync(path);
  if (bytes.length > 8 * maxSchemaBytes) throw new Failure('schema_unusable', `expected a descriptor set of at most 8 MiB, found ${bytes.length} bytes in ${path}`);
  const schemas = new Map<string, SchemaText>();
  let chosen: SchemaText | undefined;
  for (const { file, bytes: own } of filesOfSet(bytes)) {
    // Whatever a file imports is before it in the set.
    const references = file.dependency.flatMap((imported) => {
      const schema = schemas.get(imported);
      return schema === undefined || isBuiltIn(imported) ? [] : [{ name: imported, schema }];
    });
    const schema = { text: Buffer.from(own).toString('base64'), references };
    schemas.set(file.name, schema);
    if (message === null || defines(file, message)) chosen = schema;
  }
  if (chosen === undefined) throw new Failure('schema_unusable', message === null ? `expected a descriptor set with a file, found none in ${path}` : `expected the message ${message} in ${path}, found none of that name`);
  return chosen;
}

function defines(file: FileDescriptorProto, message: string): boolean {
  const within = (messages: readonly DescriptorProto[], scope: string): boolean =>
    messages.some(({ name, nestedType }) => {
      const full = scope === '' ? name : `${scope}.${name}`;
      return full === message || (message.startsWith(`${full}.`) && within(nestedType, full));
    });
  return within(file.messageType, file.package);
}
