import { create } from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence, FeatureSet_MessageEncoding, FeatureSet_RepeatedFieldEncoding, FeatureSetSchema } from '@bufbuild/protobuf/wkt';
import type { FeatureSet } from '@bufbuild/protobuf/wkt';
import type { Tokens } from './tokens.ts';

/** Options by name; of one whose value is in braces the plain fields of that, as name.field. Extensions' names are in parentheses. */
export type Options = ReadonlyMap<string, string>;

const open = new Set(['{', '[', '<']);
const close = new Set(['}', ']', '>']);

/** Reads name = value, the current token being the name, into `into`. */
export function parseOption(tokens: Tokens, into: Map<string, string>): void {
  let name = optionPart(tokens);
  while (tokens.take('.')) name += `.${optionPart(tokens)}`;
  tokens.expect('=');
  if (tokens.token === '{' && tokens.kind === 'symbol') aggregate(tokens, name, into);
  else into.set(name, constant(tokens));
}

/** Reads [name = value, …] where it stands. */
export function parseInlineOptions(tokens: Tokens): Options {
  const options = new Map<string, string>();
  if (!tokens.take('[')) return options;
  do parseOption(tokens, options);
  while (tokens.take(','));
  tokens.expect(']');
  return options;
}

/** The features of editions that change bytes or values, as `features.x = y` or `features = { x: y }` set them; null where nothing does. */
export function featuresOf(options: Options): FeatureSet | null {
  const [presence, packing, encoding] = ['field_presence', 'repeated_field_encoding', 'message_encoding'].map((name) => options.get(`features.${name}`));
  if (presence === undefined && packing === undefined && encoding === undefined) return null;
  const features = create(FeatureSetSchema);
  set(features, 'fieldPresence', FeatureSet_FieldPresence, presence);
  set(features, 'repeatedFieldEncoding', FeatureSet_RepeatedFieldEncoding, packing);
  set(features, 'messageEncoding', FeatureSet_MessageEncoding, encoding);
  return features;
}

function set<K extends 'fieldPresence' | 'repeatedFieldEncoding' | 'messageEncoding'>(features: FeatureSet, key: K, names: Readonly<Record<string, FeatureSet[K] | string>>, name: string | undefined): void {
  const number = name !== undefined && Object.hasOwn(names, name) ? names[name] : undefined;
  if (typeof number === 'number') features[key] = number;
}

function optionPart(tokens: Tokens): string {
  if (!tokens.take('(')) return tokens.name('the name of an option');
  const name = tokens.fullName('the name of an extension');
  tokens.expect(')');
  return `(${name})`;
}

function constant(tokens: Tokens): string {
  if (tokens.kind === 'text') return tokens.text('a value');
  const sign = tokens.take('-') ? '-' : tokens.take('+') ? '' : '';
  if (tokens.kind === 'number') return sign + tokens.next();
  return sign + tokens.fullName('a value');
}

/** Everything up to the closing brace; what it nests is not kept. */
function aggregate(tokens: Tokens, name: string, into: Map<string, string>): void {
  tokens.expect('{');
  for (let depth = 1; depth > 0; ) {
    if (tokens.kind === 'end') throw tokens.failure('expected } at the end of an option');
    const [kind, token] = [tokens.kind, tokens.next()];
    if (kind === 'symbol' && open.has(token)) depth += 1;
    else if (kind === 'symbol' && close.has(token)) depth -= 1;
    else if (kind === 'name' && depth === 1 && tokens.take(':') && tokens.kind === 'name') into.set(`${name}.${token}`, tokens.token);
  }
}
