import { FieldDescriptorProto_Type as Type } from '@bufbuild/protobuf/wkt';
import type { DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import { Failure } from '../../../actors/failure.ts';

/** What may stand in a file and in a message. */
interface Scope {
  readonly enumType: readonly EnumDescriptorProto[];
  readonly extension: readonly FieldDescriptorProto[];
}

/**
 * Gives types their full names, and says which are enums, as protoc does and @bufbuild/protobuf expects it (https://protobuf.dev/programming-guides/proto3#name-resolution);
 * a file from a descriptor has that already. Throws a `Failure` `schema_unusable`.
 */
export function completeNames(files: readonly FileDescriptorProto[]): void {
  const names = new Names();
  for (const file of files) names.declare(file, file.messageType, file.package);
  for (const file of files) names.complete(file, file.messageType, file.package);
}

class Names {
  readonly #kinds = new Map<string, 'message' | 'enum' | 'extension'>();
  readonly #found = new Map<string, string>();

  declare(scope: Scope, messages: readonly DescriptorProto[], name: string): void {
    for (const one of scope.enumType) this.#declare(join(name, one.name), 'enum');
    for (const one of scope.extension) this.#declare(join(name, one.name), 'extension');
    for (const message of messages) {
      const full = join(name, message.name);
      if (message.options?.messageSetWireFormat === true) throw new Failure('schema_unusable', `expected messages without message_set_wire_format, found it in ${full}`);
      this.#declare(full, 'message');
      this.declare(message, message.nestedType, full);
    }
  }

  complete(scope: Scope, messages: readonly DescriptorProto[], name: string): void {
    for (const field of scope.extension) {
      const extendee = this.#find(field.extendee, name);
      if (this.#kinds.get(extendee) !== 'message') throw new Failure('schema_unusable', `expected a message behind extend, found ${extendee}`);
      field.extendee = `.${extendee}`;
      this.#complete(field, name);
    }
    for (const message of messages) {
      const full = join(name, message.name);
      for (const field of message.field) this.#complete(field, full);
      this.complete(message, message.nestedType, full);
    }
  }

  #complete(field: FieldDescriptorProto, scope: string): void {
    if (field.typeName === '') return;
    const full = this.#find(field.typeName, scope);
    const type = this.#kinds.get(full) === 'enum' ? Type.ENUM : field.type === Type.GROUP ? Type.GROUP : Type.MESSAGE;
    field.typeName = `.${full}`;
    field.type = type;
  }

  #find(name: string, scope: string): string {
    const use = `${scope}:${name}`;
    const found = this.#found.get(use) ?? this.#search(name, scope);
    this.#found.set(use, found);
    return found;
  }

  /** The full name of the type that a name stands for: the innermost scope that has it counts. */
  #search(name: string, scope: string): string {
    for (let within = name.startsWith('.') ? '' : scope; ; within = within.slice(0, Math.max(0, within.lastIndexOf('.')))) {
      const full = name.startsWith('.') ? name.slice(1) : join(within, name);
      const kind = this.#kinds.get(full);
      if (kind === 'message' || kind === 'enum') return full;
      if (within === '') throw new Failure('schema_unusable', `expected a definition of ${name}, which ${scope === '' ? 'the schema' : scope} uses, found none in its files; a file that it imports may be missing`);
    }
  }

  #declare(name: string, kind: 'message' | 'enum' | 'extension'): void {
    if (this.#kinds.has(name)) throw new Failure('schema_unusable', `expected one definition of ${name}, found two`);
    this.#kinds.set(name, kind);
  }
}

function join(scope: string, name: string): string {
  return scope === '' ? name : `${scope}.${name}`;
}
