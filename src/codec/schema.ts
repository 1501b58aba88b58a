import type { ErrorObject, Options } from 'ajv';
import { Ajv } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import * as formats from 'ajv-formats';
import type { Validator } from '../../actors/component.ts';
import { patternProblem } from './linear-pattern.ts';

const draft7 = /^https?:\/\/json-schema\.org\/draft-07\/schema#?$/;
const draft2019 = /^https?:\/\/json-schema\.org\/draft\/2019-09\/schema#?$/;
const draft2020 = /^https?:\/\/json-schema\.org\/draft\/2020-12\/schema#?$/;

/** Longest text about a violation: enough to act on, too short to carry a record's value. */
const maxText = 200;

/** Longest text of a schema, in characters. */
export const maxSchemaText = 1024 * 1024;

/** Levels of a schema: the package walks it recursively. */
const maxSchemaDepth = 200;

/** Classes and characters that only patterns with flag u have. */
const beyondPlain = /\\[pP]\{|\\u\{/;

/** Patterns of a schema run on data, so they may not run away. The linear engine does not take flag u: without it a character beyond U+FFFF counts as two. */
const regExp = Object.assign(
  (pattern: string, flags: string): RegExp => {
    const problem = beyondPlain.test(pattern) ? 'expected a pattern without \\p{…} and \\u{…}, which the linear engine does not have' : patternProblem(pattern, flags);
    if (problem !== null) throw new Error(`pattern ${JSON.stringify(pattern.slice(0, 60))}: ${problem}`);
    return new RegExp(pattern, flags);
  },
  { code: 'new RegExp' }
);

const options: Options = { strict: false, allErrors: false, verbose: true, logger: false, addUsedSchema: false, unicodeRegExp: false, code: { regExp } };

/**
 * Compiles a JSON Schema: draft-07, which is also taken where `$schema` is absent, 2019-09 or 2020-12; `references` are others that it refers to, by URI.
 * Throws an Error that says what is wrong with the schema.
 */
export function compileSchema(schema: unknown, references: ReadonlyMap<string, unknown> = new Map()): Validator {
  if (typeof schema !== 'boolean' && (typeof schema !== 'object' || schema === null || Array.isArray(schema))) {
    throw new Error('expected an object, or true or false');
  }
  if (isDeep([schema, ...references.values()])) throw new Error(`expected a schema of at most ${maxSchemaDepth} levels, found more`);
  const ajv = validatorFor(schema);
  formats.default.default(ajv);
  for (const [uri, reference] of references) ajv.addSchema(reference as object, uri);
  const validate = ajv.compile(schema);
  return (value) => {
    try {
      return validate(value) ? null : describe(validate.errors?.[0]);
    } catch (error) {
      // A recursive schema on a deeply nested value ends the stack.
      if (error instanceof RangeError) return 'the value is nested too deeply to be checked';
      throw error;
    }
  };
}

function isDeep(schemas: readonly unknown[]): boolean {
  let level: readonly unknown[] = schemas;
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > maxSchemaDepth) return true;
    level = level.flatMap((value) => (typeof value === 'object' && value !== null ? (Object.values(value) as unknown[]) : []));
  }
  return false;
}

function validatorFor(schema: object | boolean): Ajv | Ajv2019 | Ajv2020 {
  const dialect: unknown = typeof schema === 'object' && '$schema' in schema ? schema.$schema : undefined;
  if (dialect === undefined) return new Ajv(options);
  if (typeof dialect === 'string' && draft7.test(dialect)) return new Ajv(options);
  if (typeof dialect === 'string' && draft2019.test(dialect)) return new Ajv2019(options);
  if (typeof dialect === 'string' && draft2020.test(dialect)) return new Ajv2020(options);
  throw new Error(`expected $schema of draft-07, 2019-09 or 2020-12, found ${JSON.stringify(dialect)}`);
}

function describe(error: ErrorObject | undefined): string {
  if (error === undefined) return 'the value does not meet the schema';
  const extra: unknown = error.params['additionalProperty'];
  const named = typeof extra === 'string' ? ` (${extra})` : '';
  const text = `${error.instancePath === '' ? 'value' : error.instancePath} ${error.message ?? 'is not valid'}${named}, found ${found(error)}`;
  return text.length <= maxText ? text : `${text.slice(0, maxText - 1)}…`;
}

/** A field's short form; of the whole value only its type. */
function found({ data, instancePath }: ErrorObject): string {
  if (data === null) return 'null';
  if (Array.isArray(data)) return `an array of ${data.length}`;
  if (typeof data === 'object') return `an object of ${Object.keys(data).length} fields`;
  if (instancePath === '') return `a ${typeof data}`;
  return JSON.stringify(data).slice(0, 60);
}
