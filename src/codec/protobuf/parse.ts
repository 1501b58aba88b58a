import { create } from '@bufbuild/protobuf';
import { DescriptorProtoSchema, Edition, EnumDescriptorProtoSchema, EnumValueDescriptorProtoSchema, FieldDescriptorProto_Label, FileDescriptorProtoSchema, FileOptionsSchema, OneofDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import type { DescriptorProto, EnumDescriptorProto, EnumValueDescriptorProto, FieldDescriptorProto, FileDescriptorProto, OneofDescriptorProto } from '@bufbuild/protobuf/wkt';
import { featuresOf, parseInlineOptions, parseOption } from './options.ts';
import { parseField, parseGroup, parseMap } from './parse-field.ts';
import { Tokens } from './tokens.ts';

/** Messages nested deeper than this are refused, as values are (protoc's bound is 32). */
export const maxNesting = 100;

const { EDITION_PROTO2, EDITION_PROTO3, EDITION_2023, EDITION_2024 } = Edition;
const syntaxes: ReadonlyMap<string, Edition> = new Map([['proto2', EDITION_PROTO2], ['proto3', EDITION_PROTO3]]);
const editions: ReadonlyMap<string, Edition> = new Map([['2023', EDITION_2023], ['2024', EDITION_2024]]);

/** What can stand in a file and in a message. */
export interface Scope {
  readonly edition: Edition;
  readonly messages: DescriptorProto[];
  readonly enums: EnumDescriptorProto[];
  readonly extensions: FieldDescriptorProto[];
  readonly options: Map<string, string>;
}

/** What a message gathers while it is read. */
export interface MessageScope extends Scope {
  readonly fields: FieldDescriptorProto[];
  readonly oneofs: OneofDescriptorProto[];
}

/**
 * Reads a .proto file (https://protobuf.dev/reference/protobuf/proto3-spec, proto2-spec, edition-2023-spec) into its descriptor, in which names of
 * types are as they stand there. Of what it says only what changes bytes or values is kept: services, comments, defaults and custom options are read
 * over. Throws a `Failure` `schema_unusable` with the line. Takes time in proportion to the text.
 *
 * It is ours because @bufbuild/protobuf has none, and schemas come from a registry, from anybody: the parser of protobufjs 8.8.1 took 541 s for a mebibyte of
 * fields in one message, and lost fields named __proto__ and groups in oneofs.
 */
export function parseProto(file: string, text: string): FileDescriptorProto {
  const tokens = new Tokens(file, text);
  const scope: Scope = { edition: parseEdition(tokens), messages: [], enums: [], extensions: [], options: new Map() };
  const imports: string[] = [];
  let name: string | null = null;
  while (tokens.kind !== 'end') {
    if (tokens.take('package')) {
      if (name !== null) throw tokens.failure('expected one package');
      name = tokens.fullName('the name of the package');
      tokens.expect(';');
    } else if (tokens.take('import')) parseImport(tokens, imports);
    else if (tokens.take('service')) parseService(tokens);
    else if (!parseCommon(tokens, scope, 1)) throw tokens.failure('expected message, enum, extend, service, import, package or option');
  }
  const { edition, messages, enums, extensions, options } = scope;
  const features = featuresOf(options);
  const descriptor = create(FileDescriptorProtoSchema, { name: file, dependency: imports, messageType: messages, enumType: enums, extension: extensions });
  if (name !== null) descriptor.package = name;
  if (edition !== EDITION_PROTO2) descriptor.syntax = edition === EDITION_PROTO3 ? 'proto3' : 'editions';
  if (descriptor.syntax === 'editions') descriptor.edition = edition;
  if (features !== null) descriptor.options = create(FileOptionsSchema, { features });
  return descriptor;
}

/** Reads the body of a message, { … }. */
export function parseMessageBody(tokens: Tokens, name: string, edition: Edition, depth: number): DescriptorProto {
  if (depth > maxNesting) throw tokens.failure(`expected messages nested at most ${maxNesting} levels deep`);
  const scope: MessageScope = { edition, messages: [], enums: [], extensions: [], options: new Map(), fields: [], oneofs: [] };
  tokens.expect('{');
  while (!tokens.take('}')) parseMember(tokens, scope, depth);
  const { fields, oneofs, messages, enums, extensions, options } = scope;
  const messageSet = options.get('message_set_wire_format') === 'true' ? { options: { messageSetWireFormat: true } } : {};
  return create(DescriptorProtoSchema, { name, field: fields, oneofDecl: oneofs, nestedType: messages, enumType: enums, extension: extensions, ...messageSet });
}

function parseEdition(tokens: Tokens): Edition {
  const known = tokens.take('syntax') ? syntaxes : tokens.take('edition') ? editions : null;
  if (known === null) return EDITION_PROTO2;
  tokens.expect('=');
  const edition = known.get(tokens.token);
  if (edition === undefined) throw tokens.failure(known === syntaxes ? 'expected "proto2" or "proto3"' : 'expected an edition that is known: "2023" or "2024"');
  tokens.text('an edition');
  tokens.expect(';');
  return edition;
}

function parseImport(tokens: Tokens, imports: string[]): void {
  // An `import option` has options alone.
  const kept = !tokens.take('option');
  if (!tokens.take('public')) tokens.take('weak');
  const path = tokens.text('the name of a file');
  if (kept) imports.push(path);
  tokens.expect(';');
}

/** What may stand in files and messages alike; false where it is something else. */
function parseCommon(tokens: Tokens, scope: Scope, depth: number): boolean {
  if (tokens.take(';')) return true;
  if (tokens.take('option')) {
    parseOption(tokens, scope.options);
    tokens.expect(';');
  } else if (tokens.take('message')) scope.messages.push(parseMessageBody(tokens, tokens.name('the name of a message'), scope.edition, depth));
  else if (tokens.take('enum')) scope.enums.push(parseEnum(tokens));
  else if (tokens.take('extend')) parseExtend(tokens, scope, depth);
  else if (scope.edition === EDITION_2024 && (tokens.take('export') || tokens.take('local'))) return parseCommon(tokens, scope, depth);
  else return false;
  return true;
}

function parseMember(tokens: Tokens, scope: MessageScope, depth: number): void {
  if (tokens.kind !== 'name' && tokens.token !== '.' && tokens.token !== ';') throw tokens.failure('expected a field or }');
  if (tokens.peekIs('.')) parseField(tokens, scope, null, null, depth);
  else if (parseCommon(tokens, scope, depth + 1)) return;
  else if (tokens.take('reserved') || tokens.take('extensions')) skipRanges(tokens);
  else if (tokens.take('oneof')) parseOneof(tokens, scope, depth);
  else if (tokens.token === 'map' && tokens.peekIs('<')) parseMap(tokens, scope);
  else parseField(tokens, scope, null, null, depth);
}

function parseOneof(tokens: Tokens, scope: MessageScope, depth: number): void {
  const index = scope.oneofs.push(create(OneofDescriptorProtoSchema, { name: tokens.name('the name of the oneof') })) - 1;
  tokens.expect('{');
  while (!tokens.take('}')) {
    if (tokens.take('option')) {
      parseOption(tokens, new Map());
      tokens.expect(';');
    } else if (tokens.token === 'group' && !tokens.peekIs('.')) parseGroup(tokens, scope, FieldDescriptorProto_Label.OPTIONAL, index, null, depth);
    else if (!tokens.take(';')) parseField(tokens, scope, index, null, depth);
  }
}

function parseExtend(tokens: Tokens, scope: Scope, depth: number): void {
  const extendee = tokens.fullName('the name of a message');
  tokens.expect('{');
  while (!tokens.take('}')) if (!tokens.take(';')) parseField(tokens, scope, null, extendee, depth);
}

function skipRanges(tokens: Tokens): void {
  while (!tokens.take(';')) {
    if (tokens.token === '[') parseInlineOptionsLoosely(tokens);
    else if (tokens.kind === 'end' || tokens.token === '}') throw tokens.failure('expected ;');
    else tokens.next();
  }
}

/** Options of extension ranges declare extensions in a syntax of their own. */
function parseInlineOptionsLoosely(tokens: Tokens): void {
  for (let depth = 0; ; ) {
    if (tokens.kind === 'end') throw tokens.failure('expected ]');
    const [kind, token] = [tokens.kind, tokens.next()];
    if (kind === 'symbol' && (token === '[' || token === '{')) depth += 1;
    else if (kind === 'symbol' && (token === ']' || token === '}')) depth -= 1;
    if (depth === 0) return;
  }
}

function parseEnum(tokens: Tokens): EnumDescriptorProto {
  const name = tokens.name('the name of an enum');
  const value: EnumValueDescriptorProto[] = [];
  tokens.expect('{');
  while (!tokens.take('}')) {
    if (tokens.take(';')) continue;
    if (tokens.token === 'option' && !tokens.peekIs('=')) {
      tokens.next();
      parseOption(tokens, new Map());
    } else if (tokens.token === 'reserved' && !tokens.peekIs('=')) skipRanges(tokens);
    else value.push(parseEnumValue(tokens));
    tokens.take(';');
  }
  return create(EnumDescriptorProtoSchema, { name, value });
}

function parseEnumValue(tokens: Tokens): EnumValueDescriptorProto {
  const name = tokens.name('the name of a value');
  tokens.expect('=');
  const number = tokens.integer('a number');
  if (number !== (number | 0)) throw tokens.failure('expected a number of 32 bits before this');
  parseInlineOptions(tokens);
  return create(EnumValueDescriptorProtoSchema, { name, number });
}

function parseService(tokens: Tokens): void {
  tokens.name('the name of the service');
  if (tokens.token !== '{') throw tokens.failure('expected {');
  for (let depth = 0; ; ) {
    if (tokens.kind === 'end') throw tokens.failure('expected } at the end of a service');
    const [kind, token] = [tokens.kind, tokens.next()];
    if (kind === 'symbol' && token === '{') depth += 1;
    else if (kind === 'symbol' && token === '}') depth -= 1;
    if (depth === 0) return;
  }
}
