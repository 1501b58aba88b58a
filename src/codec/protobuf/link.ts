import { Failure } from '../../../actors/failure.ts';
import { linkField } from './link-field.ts';
import type { EnumTree, Features, FieldTree, FileTree, MessageTree } from './tree.ts';
import type { EnumType, FieldType, Linked, MessageType, Oneof } from './types.ts';

/** A type that is still being put together. */
export type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type MessageDraft = Mutable<MessageType> & { fields: FieldType[]; oneofs: Oneof[]; nested: MessageType[] };

/** Features that are all settled. */
export type Settled = Required<Features>;

const defaults: Readonly<Record<FileTree['edition'], Settled>> = {
  proto2: { field_presence: 'EXPLICIT', repeated_field_encoding: 'EXPANDED', message_encoding: 'LENGTH_PREFIXED' },
  proto3: { field_presence: 'IMPLICIT', repeated_field_encoding: 'PACKED', message_encoding: 'LENGTH_PREFIXED' },
  '2023': { field_presence: 'EXPLICIT', repeated_field_encoding: 'PACKED', message_encoding: 'LENGTH_PREFIXED' },
  '2024': { field_presence: 'EXPLICIT', repeated_field_encoding: 'PACKED', message_encoding: 'LENGTH_PREFIXED' }
};

/** Turns files into types; the first is the schema's own. Which file imports which does not matter. Throws a `Failure` `schema_unusable`. */
export function link(files: readonly FileTree[]): Linked {
  const linker = new Linker();
  const messages = files.map((file) => linker.declare(file));
  linker.finish();
  return { messages: messages[0] ?? [], byName: linker.messages };
}

/** Where a name is used: in which scope, under which features. */
export interface Place {
  readonly scope: string;
  readonly features: Settled;
  readonly mapEntry: boolean;
}

class Linker {
  readonly messages = new Map<string, MessageDraft>();
  readonly #enums = new Map<string, EnumType>();
  readonly #later: (() => void)[] = [];
  readonly #found = new Map<string, MessageType | EnumType>();

  declare(file: FileTree): MessageType[] {
    const place = { scope: file.package, features: { ...defaults[file.edition], ...file.features }, mapEntry: false };
    for (const tree of file.enums) this.#declareEnum(tree, place);
    for (const tree of file.extensions) this.#extend(tree, place);
    return file.messages.map((tree) => this.#declareMessage(tree, place));
  }

  /** Fields, once all types are known; then what needs all fields. */
  finish(): void {
    for (const step of this.#later) step();
    for (const message of this.messages.values()) check(message);
  }

  #declareMessage(tree: MessageTree, outer: Place): MessageType {
    const name = join(outer.scope, tree.name);
    if (tree.messageSet) throw new Failure('schema_unusable', `expected messages without message_set_wire_format, found it in ${name}`);
    const place = { scope: name, features: { ...outer.features, ...tree.features }, mapEntry: tree.mapEntry };
    const message: MessageDraft = { kind: 'message', name, fields: [], oneofs: [], nested: [], mapEntry: tree.mapEntry };
    this.#unused(name);
    this.messages.set(name, message);
    for (const inner of tree.enums) this.#declareEnum(inner, place);
    for (const inner of tree.messages) message.nested.push(this.#declareMessage(inner, place));
    for (const inner of tree.extensions) this.#extend(inner, place);
    this.#later.push(() => { this.#linkFields(tree, message, place); });
    return message;
  }

  #declareEnum({ name, values }: EnumTree, { scope }: Place): void {
    const full = join(scope, name);
    this.#unused(full);
    const names = new Map<number, string>();
    for (const [value, number] of values) {
      if (number !== (number | 0)) throw new Failure('schema_unusable', `expected numbers of 32 bits in ${full}, found ${number}`);
      if (!names.has(number)) names.set(number, value);
    }
    this.#enums.set(full, { kind: 'enum', name: full, numbers: new Map(values), names });
  }

  #linkFields(tree: MessageTree, message: MessageDraft, place: Place): void {
    const oneofs = tree.oneofs.map((name) => ({ name, members: [] as FieldType[] }));
    for (const field of tree.fields) {
      const oneof = field.oneof === null ? null : (oneofs[field.oneof] ?? null);
      const features = field.oneof === null ? place.features : { ...place.features, ...tree.oneofFeatures[field.oneof] };
      const linked = linkField(field, field.name, oneof, { ...place, features }, (name) => this.#find(name, place.scope));
      oneof?.members.push(linked);
      message.fields.push(linked);
    }
    message.oneofs.push(...oneofs.filter(({ members }) => members.length > 0));
  }

  #extend(tree: FieldTree, place: Place): void {
    this.#later.push(() => {
      const message = this.#find(tree.extendee ?? '', place.scope);
      if (message.kind !== 'message') throw new Failure('schema_unusable', `expected a message behind extend, found ${message.name}`);
      const key = `[${join(place.scope, tree.name)}]`;
      (message as MessageDraft).fields.push(linkField(tree, key, null, place, (name) => this.#find(name, place.scope)));
    });
  }

  #find(name: string, scope: string): MessageType | EnumType {
    const use = `${scope}:${name}`;
    const found = this.#found.get(use) ?? this.#search(name, scope);
    this.#found.set(use, found);
    return found;
  }

  /** The type a name stands for: the innermost scope that has it counts. */
  #search(name: string, scope: string): MessageType | EnumType {
    for (let within = name.startsWith('.') ? '' : scope; ; within = within.slice(0, Math.max(0, within.lastIndexOf('.')))) {
      const full = name.startsWith('.') ? name.slice(1) : join(within, name);
      const found = this.messages.get(full) ?? this.#enums.get(full);
      if (found !== undefined) return found;
      if (within === '') throw new Failure('schema_unusable', `expected a definition of ${name}, which ${scope === '' ? 'the schema' : scope} uses, found none in its files; a file that it imports may be missing`);
    }
  }

  #unused(name: string): void {
    if (this.messages.has(name) || this.#enums.has(name)) throw new Failure('schema_unusable', `expected one definition of ${name}, found two`);
  }
}

/** Sorts fields by number; numbers and names may be there once. */
function check(message: MessageDraft): void {
  message.fields.sort((a, b) => a.number - b.number);
  const keys = new Set<string>();
  message.fields.forEach(({ key, number }, index) => {
    if (number < 1 || number > 536_870_911) throw new Failure('schema_unusable', `expected field numbers from 1 to 536870911 in ${message.name}, found ${number}`);
    if (message.fields[index - 1]?.number === number) throw new Failure('schema_unusable', `expected each field number once in ${message.name}, found ${number} twice`);
    if (keys.has(key)) throw new Failure('schema_unusable', `expected each field name once in ${message.name}, found ${key} twice`);
    keys.add(key);
  });
  // What is wrong with a map is told now, not with the first record.
  for (const field of message.fields) void field.map;
}

function join(scope: string, name: string): string {
  return scope === '' ? name : `${scope}.${name}`;
}
