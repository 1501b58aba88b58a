import type { Tokens } from './tokens.ts';
import type { Features } from './tree.ts';

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

/** The features that an option sets, as `features.x = y` or `features = { x: y }`. */
export function featuresOf(options: Options): Features {
  const features: Record<string, string> = {};
  for (const name of ['field_presence', 'repeated_field_encoding', 'message_encoding']) {
    const value = options.get(`features.${name}`);
    if (value !== undefined) features[name] = value;
  }
  return features;
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
