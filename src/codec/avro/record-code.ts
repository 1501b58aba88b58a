import type { Input } from './input.ts';
import type { Output } from './output.ts';
import { found, Refusal, within } from './refusal.ts';

/** Reads a value, and moves on behind it. */
export type Read = (input: Input) => unknown;
/** Writes a value. */
export type Write = (output: Output, value: unknown) => void;

/** A field in the bytes: how to get over it, and its name for messages. */
export interface ReadStep {
  readonly name: string;
  readonly read: Read;
}

/** A field of the record that comes out: the value of a step, or what stands for one that the bytes have not. */
export interface ReadField {
  readonly name: string;
  readonly from: number | Read;
}

/** A field that is written; `missing` writes what stands for one that a value has not. */
export interface WriteField {
  readonly name: string;
  readonly write: Write;
  readonly missing: (output: Output) => void;
}

/*
 * A function of its own for each record: an object literal gives V8 the shape at once, and each call has one target. A loop over the fields takes
 * twice as long (bench/codecs/avro.ts). Names are in the code only as string literals, and the parser lets no other characters in than letters,
 * digits and underscores.
 */

/** Reads the steps in order and makes the fields a plain object. */
export function recordReader(steps: readonly ReadStep[], fields: readonly ReadField[]): Read {
  const names = steps.map(({ name }) => name);
  const reads = steps.map(({ read }) => read);
  const rest = fields.map(({ from }) => from);
  const body = [
    ...reads.map((_, index) => `const r${index} = reads[${index}];`),
    ...rest.flatMap((from, index) => (typeof from === 'number' ? [] : [`const d${index} = rest[${index}];`])),
    'return function (input) {',
    '  input.enter();',
    '  let at = 0;',
    ...reads.map((_, index) => `  let v${index};`),
    '  try {',
    ...reads.map((_, index) => `    v${index} = r${index}(input); at = ${index + 1};`),
    '  } catch (error) {',
    '    throw within(error, names[at]);',
    '  }',
    '  input.depth--;',
    `  return { ${fields.map(({ name, from }, index) => `[${JSON.stringify(name)}]: ${typeof from === 'number' ? `v${from}` : `d${index}(input)`}`).join(', ')} };`,
    '};'
  ];
  return generate(['reads', 'rest', 'names', 'within'], body)(reads, rest, names, within) as Read;
}

/** Writes the fields in order from the properties of an object; others are left out. */
export function recordWriter(fields: readonly WriteField[]): Write {
  const names = fields.map(({ name }) => name);
  const writes = fields.map(({ write }) => write);
  const missing = fields.map((field) => field.missing);
  const body = [
    ...fields.flatMap((_, index) => [`const w${index} = writes[${index}];`, `const m${index} = missing[${index}];`]),
    'return function (output, value) {',
    '  if (!isObject(value)) throw refused(value);',
    '  output.enter();',
    '  let at = 0;',
    '  let v;',
    '  try {',
    ...names.flatMap((name, index) => [`    v = ${propertyOf(name)};`, `    if (v === undefined) m${index}(output); else w${index}(output, v);`, `    at = ${index + 1};`]),
    '  } catch (error) {',
    '    throw within(error, names[at]);',
    '  }',
    '  output.depth--;',
    '};'
  ];
  return generate(['writes', 'missing', 'names', 'within', 'isObject', 'refused'], body)(writes, missing, names, within, isObject, refused) as Write;
}

/** A property as code; one that every object inherits counts only where it is the value's own. */
function propertyOf(name: string): string {
  const literal = JSON.stringify(name);
  return name in Object.prototype ? `(Object.hasOwn(value, ${literal}) ? value[${literal}] : undefined)` : `value[${literal}]`;
}

/** Whether a value is what a record or a map is written from. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

function refused(value: unknown): Refusal {
  return new Refusal('unencodable', 'an object', found(value));
}

function generate(parameters: readonly string[], body: readonly string[]): (...parts: unknown[]) => unknown {
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- see above
  return new Function(...parameters, `'use strict';\n${body.join('\n')}`) as (...parts: unknown[]) => unknown;
}
