import { create } from '@bufbuild/protobuf';
import { DescriptorProtoSchema, Edition, FieldDescriptorProto_Label as Label, FieldDescriptorProto_Type as Type, FieldDescriptorProtoSchema, FieldOptionsSchema } from '@bufbuild/protobuf/wkt';
import type { DescriptorProto, FieldDescriptorProto } from '@bufbuild/protobuf/wkt';
import { featuresOf, parseInlineOptions } from './options.ts';
import { parseMessageBody } from './parse.ts';
import type { MessageScope, Scope } from './parse.ts';
import type { Tokens } from './tokens.ts';

const { EDITION_PROTO2, EDITION_PROTO3 } = Edition;
const labels: ReadonlyMap<string, Label> = new Map([['optional', Label.OPTIONAL], ['required', Label.REQUIRED], ['repeated', Label.REPEATED]]);
const scalars: ReadonlyMap<string, Type> = new Map([
  ['double', Type.DOUBLE], ['float', Type.FLOAT], ['int32', Type.INT32], ['int64', Type.INT64], ['uint32', Type.UINT32], ['uint64', Type.UINT64], ['sint32', Type.SINT32], ['sint64', Type.SINT64],
  ['fixed32', Type.FIXED32], ['fixed64', Type.FIXED64], ['sfixed32', Type.SFIXED32], ['sfixed64', Type.SFIXED64], ['bool', Type.BOOL], ['string', Type.STRING], ['bytes', Type.BYTES]
]);
const notForKeys: ReadonlySet<Type | undefined> = new Set([undefined, Type.DOUBLE, Type.FLOAT, Type.BYTES]);

/** Reads a field, or a group, into the message or among the extensions of the scope. */
export function parseField(tokens: Tokens, scope: Scope | MessageScope, oneof: number | null, extendee: string | null, depth: number): void {
  const label = parseLabel(tokens, scope.edition, oneof);
  if (tokens.token === 'group' && !tokens.peekIs('.') && scope.edition === EDITION_PROTO2) {
    parseGroup(tokens, scope, label ?? Label.OPTIONAL, oneof, extendee, depth);
    return;
  }
  const type = tokens.fullName('the type of a field');
  const field = typed(type, tokens.name('the name of a field'), label ?? Label.OPTIONAL);
  if (label === Label.OPTIONAL && scope.edition === EDITION_PROTO3 && extendee === null) field.proto3Optional = true;
  parseNumber(tokens, field);
  add(scope, field, oneof, extendee);
  tokens.expect(';');
}

/** Reads group Name = 1 { … }: a field and the message that it holds, in one. */
export function parseGroup(tokens: Tokens, scope: Scope | MessageScope, label: Label, oneof: number | null, extendee: string | null, depth: number): void {
  tokens.expect('group');
  const name = tokens.name('the name of a group');
  const field = typed(name, name.toLowerCase(), label);
  field.type = Type.GROUP;
  parseNumber(tokens, field);
  scope.messages.push(parseMessageBody(tokens, name, scope.edition, depth + 1));
  add(scope, field, oneof, extendee);
}

/** Reads map<K, V> name = 1, which is short for a repeated message with a key and a value. */
export function parseMap(tokens: Tokens, scope: MessageScope): void {
  tokens.expect('map');
  tokens.expect('<');
  if (notForKeys.has(scalars.get(tokens.token))) throw tokens.failure('expected keys of an integer type, bool or string');
  const key = tokens.name('a type for the keys');
  tokens.expect(',');
  const value = tokens.fullName('a type for the values');
  tokens.expect('>');
  const name = tokens.name('the name of a field');
  const entry = entryName(name);
  const field = typed(entry, name, Label.REPEATED);
  parseNumber(tokens, field);
  scope.messages.push(mapEntry(entry, key, value));
  add(scope, field, null, null);
  tokens.expect(';');
}

function parseLabel(tokens: Tokens, edition: Edition, oneof: number | null): Label | null {
  const label = oneof === null && !tokens.peekIs('.') ? (labels.get(tokens.token) ?? null) : null;
  if (label !== null) tokens.next();
  if (label === Label.REQUIRED && edition !== EDITION_PROTO2) throw tokens.failure('expected no required field outside of proto2');
  if (label === null && oneof === null && edition === EDITION_PROTO2) throw tokens.failure('expected optional, required or repeated before a field of proto2');
  return label;
}

/** A field of that type. Whether a name is that of a message or of an enum is known when all files are. */
function typed(type: string, name: string, label: Label, number = 0): FieldDescriptorProto {
  const scalar = scalars.get(type);
  return create(FieldDescriptorProtoSchema, { name, number, label, ...(scalar === undefined ? { type: Type.MESSAGE, typeName: type } : { type: scalar }) });
}

/** Reads = 1 [options]. */
function parseNumber(tokens: Tokens, field: FieldDescriptorProto): void {
  tokens.expect('=');
  field.number = tokens.integer('the number of a field');
  const options = parseInlineOptions(tokens);
  const [packed, jsonName, features] = [options.get('packed'), options.get('json_name'), featuresOf(options)];
  if (jsonName !== undefined) field.jsonName = jsonName;
  if (packed === undefined && features === null) return;
  field.options = create(FieldOptionsSchema, features === null ? {} : { features });
  if (packed !== undefined) field.options.packed = packed === 'true';
}

function add(scope: Scope | MessageScope, field: FieldDescriptorProto, oneof: number | null, extendee: string | null): void {
  if (oneof !== null) field.oneofIndex = oneof;
  if (extendee === null) (scope as MessageScope).fields.push(field);
  else scope.extensions.push(Object.assign(field, { extendee }));
}

/** As protoc names it: some_field becomes SomeFieldEntry. */
function entryName(field: string): string {
  return `${field.replace(/(?:^|_)([a-z])|_/g, (_match, letter: string | undefined) => (letter ?? '').toUpperCase())}Entry`;
}

function mapEntry(name: string, key: string, value: string): DescriptorProto {
  const field = [typed(key, 'key', Label.OPTIONAL, 1), typed(value, 'value', Label.OPTIONAL, 2)];
  return create(DescriptorProtoSchema, { name, field, options: { mapEntry: true } });
}
