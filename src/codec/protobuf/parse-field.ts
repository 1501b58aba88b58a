import { featuresOf, parseInlineOptions } from './options.ts';
import type { Options } from './options.ts';
import { parseMessageBody } from './parse.ts';
import type { MessageScope, Scope } from './parse.ts';
import type { Tokens } from './tokens.ts';
import type { FieldTree, MessageTree } from './tree.ts';

type Label = FieldTree['label'];

const labels: ReadonlySet<string> = new Set(['optional', 'required', 'repeated']);

/** Reads a field, or a group, into the message or among the extensions of the scope. */
export function parseField(tokens: Tokens, scope: Scope | MessageScope, oneof: number | null, extendee: string | null, depth: number): void {
  const label = oneof === null && labels.has(tokens.token) && !tokens.peekIs('.') ? (tokens.next() as Label) : null;
  if (label === 'required' && scope.edition !== 'proto2') throw tokens.failure('expected no required field outside of proto2');
  if (label === null && oneof === null && scope.edition === 'proto2') throw tokens.failure('expected optional, required or repeated before a field of proto2');
  if (tokens.token === 'group' && !tokens.peekIs('.') && scope.edition === 'proto2') {
    parseGroup(tokens, scope, label ?? 'optional', oneof, extendee, depth);
    return;
  }
  const type = tokens.fullName('the type of a field');
  const name = tokens.name('the name of a field');
  const explicit = label === 'optional' && scope.edition === 'proto3';
  add(scope, { ...plain, ...numberAndOptions(tokens), name, type, label: label ?? 'optional', explicit, oneof, extendee });
  tokens.expect(';');
}

/** Reads group Name = 1 { … }: a field and the message that it holds, in one. */
export function parseGroup(tokens: Tokens, scope: Scope | MessageScope, label: Label, oneof: number | null, extendee: string | null, depth: number): void {
  tokens.expect('group');
  const type = tokens.name('the name of a group');
  const field = { ...plain, ...numberAndOptions(tokens), name: type.toLowerCase(), type, label, group: true, oneof, extendee };
  scope.messages.push(parseMessageBody(tokens, type, scope.edition, depth + 1));
  add(scope, field);
}

/** Reads map<K, V> name = 1, which is short for a repeated message with a key and a value. */
export function parseMap(tokens: Tokens, scope: MessageScope): void {
  tokens.expect('map');
  tokens.expect('<');
  const key = tokens.name('a type for the keys');
  tokens.expect(',');
  const value = tokens.fullName('a type for the values');
  tokens.expect('>');
  const name = tokens.name('the name of a field');
  const entry = entryName(name);
  scope.messages.push(mapEntry(entry, key, value));
  add(scope, { ...plain, ...numberAndOptions(tokens), name, type: entry, label: 'repeated' });
  tokens.expect(';');
}

const plain = { label: 'optional' as Label, group: false, explicit: false, oneof: null, extendee: null } satisfies Partial<FieldTree>;

function numberAndOptions(tokens: Tokens): Pick<FieldTree, 'number' | 'packed' | 'jsonName' | 'features'> {
  tokens.expect('=');
  const number = tokens.integer('the number of a field');
  const options: Options = parseInlineOptions(tokens);
  const packed = options.get('packed');
  return { number, packed: packed === undefined ? null : packed === 'true', jsonName: options.get('json_name') ?? null, features: featuresOf(options) };
}

function add(scope: Scope | MessageScope, field: FieldTree): void {
  if (field.extendee !== null) scope.extensions.push(field);
  else (scope as MessageScope).fields.push(field);
}

/** As protoc names it: some_field becomes SomeFieldEntry. */
function entryName(field: string): string {
  return `${field.replace(/(?:^|_)([a-z])|_/g, (_match, letter: string | undefined) => (letter ?? '').toUpperCase())}Entry`;
}

function mapEntry(name: string, key: string, value: string): MessageTree {
  const field = { ...plain, packed: null, jsonName: null, features: {} };
  const fields = [{ ...field, name: 'key', number: 1, type: key }, { ...field, name: 'value', number: 2, type: value }];
  return { name, features: {}, fields, oneofs: [], oneofFeatures: [], messages: [], enums: [], extensions: [], mapEntry: true, messageSet: false };
}
