import { featuresOf, parseInlineOptions, parseOption } from './options.ts';
import { parseField, parseGroup, parseMap } from './parse-field.ts';
import { Tokens } from './tokens.ts';
import type { Edition, EnumTree, FieldTree, Features, FileTree, MessageTree } from './tree.ts';

/** Messages nested deeper than this are refused, as values are (protoc's bound is 32). */
export const maxNesting = 100;

const editions: ReadonlySet<string> = new Set(['2023', '2024']);

/** What can stand in a file and in a message. */
export interface Scope {
  readonly edition: Edition;
  readonly messages: MessageTree[];
  readonly enums: EnumTree[];
  readonly extensions: FieldTree[];
  readonly options: Map<string, string>;
}

/** What a message gathers while it is read. */
export interface MessageScope extends Scope {
  readonly fields: FieldTree[];
  readonly oneofs: string[];
  readonly oneofFeatures: Features[];
}

/**
 * Reads a .proto file (https://protobuf.dev/reference/protobuf/proto3-spec, proto2-spec, edition-2023-spec). Of what it says only what
 * changes bytes or values is kept: services, comments, defaults and custom options are read over. Throws a `Failure` `schema_unusable` with
 * the line. Takes time in proportion to the text.
 */
export function parseProto(file: string, text: string): FileTree {
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
  return { name: file, edition: scope.edition, package: name ?? '', imports, features: featuresOf(scope.options), messages: scope.messages, enums: scope.enums, extensions: scope.extensions };
}

/** Reads the body of a message, { … }. */
export function parseMessageBody(tokens: Tokens, name: string, edition: Edition, depth: number): MessageTree {
  if (depth > maxNesting) throw tokens.failure(`expected messages nested at most ${maxNesting} levels deep`);
  const scope: MessageScope = { edition, messages: [], enums: [], extensions: [], options: new Map(), fields: [], oneofs: [], oneofFeatures: [] };
  tokens.expect('{');
  while (!tokens.take('}')) parseMember(tokens, scope, depth);
  const { fields, oneofs, oneofFeatures, messages, enums, extensions, options } = scope;
  return { name, features: featuresOf(options), fields, oneofs, oneofFeatures, messages, enums, extensions, mapEntry: false, messageSet: options.get('message_set_wire_format') === 'true' };
}

function parseEdition(tokens: Tokens): Edition {
  if (tokens.take('syntax')) {
    tokens.expect('=');
    if (tokens.token !== 'proto2' && tokens.token !== 'proto3') throw tokens.failure('expected "proto2" or "proto3"');
  } else if (tokens.take('edition')) {
    tokens.expect('=');
    if (!editions.has(tokens.token)) throw tokens.failure('expected an edition that is known: "2023" or "2024"');
  } else return 'proto2';
  const edition = tokens.text('an edition') as Edition;
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
  else if (scope.edition === '2024' && (tokens.take('export') || tokens.take('local'))) return parseCommon(tokens, scope, depth);
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
  const index = scope.oneofs.push(tokens.name('the name of the oneof')) - 1;
  const options = new Map<string, string>();
  tokens.expect('{');
  while (!tokens.take('}')) {
    if (tokens.take('option')) {
      parseOption(tokens, options);
      tokens.expect(';');
    } else if (tokens.token === 'group' && !tokens.peekIs('.')) parseGroup(tokens, scope, 'optional', index, null, depth);
    else if (!tokens.take(';')) parseField(tokens, scope, index, null, depth);
  }
  scope.oneofFeatures.push(featuresOf(options));
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

function parseEnum(tokens: Tokens): EnumTree {
  const name = tokens.name('the name of an enum');
  const values: [string, number][] = [];
  const options = new Map<string, string>();
  tokens.expect('{');
  while (!tokens.take('}')) {
    if (tokens.take(';')) continue;
    if (tokens.token === 'option' && !tokens.peekIs('=')) {
      tokens.next();
      parseOption(tokens, options);
    } else if (tokens.token === 'reserved' && !tokens.peekIs('=')) skipRanges(tokens);
    else {
      const value = tokens.name('the name of a value');
      tokens.expect('=');
      values.push([value, tokens.integer('a number')]);
      parseInlineOptions(tokens);
    }
    tokens.take(';');
  }
  return { name, values };
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
