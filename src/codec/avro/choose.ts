import type { Logical } from './logical/logical.ts';
import { isObject } from './record-code.ts';
import { toBytes, toFloat, toInt, toLong } from './scalars.ts';
import type { Field, RecordSchema, Schema, UnionSchema } from './schema.ts';

/** The index of the branch that a value is written with; -1 where none fits. */
export type Choice = (value: unknown) => number;

/** A branch that is tried. */
interface Candidate {
  readonly index: number;
  fits(value: unknown): boolean;
}

/**
 * Which type of a union a value is written with, by the value alone. Always the first that fits, of:
 *
 * - null, a boolean, an array: that type.
 * - A number: int, long, float (where it has the number exactly), double, a logical type by its count, decimal, float rounded. Big integers the same.
 * - A text: string; an enum with this symbol; a logical type that has just this text, or takes it; int or long by digits; fixed of this length, bytes, by base64.
 * - Bytes: fixed of this length; bytes.
 * - An object: duration; a record that has all its properties; a map; a record of those fields that it needs. Of several records the one that
 *   leaves the fewest properties out. Of the fields the kind is looked at, not what is inside.
 *
 * Among equals the order of the schema decides. So a value goes to the same type each time, in bounded time; where two types take the same values
 * what is read may be written with the other one.
 */
export function choiceOf({ branches }: UnionSchema, text: boolean): Choice {
  const numbers = ordered(branches, text, numberOrder);
  const texts = ordered(branches, text, textOrder);
  const bytes = ordered(branches, text, bytesOrder);
  const objects = objectChoice(branches, text);
  const booleans = branches.findIndex(({ kind }) => kind === 'boolean');
  const arrays = branches.findIndex(({ kind }) => kind === 'array');
  const nulls = branches.findIndex(({ kind }) => kind === 'null');
  return (value) => {
    if (typeof value === 'string') return first(texts, value);
    if (typeof value === 'number' || typeof value === 'bigint') return first(numbers, value);
    if (typeof value === 'boolean') return booleans;
    if (value === null) return nulls;
    if (Array.isArray(value)) return arrays;
    if (value instanceof Uint8Array) return first(bytes, value);
    return isObject(value) ? objects(value) : -1;
  };
}

function first(candidates: readonly Candidate[], value: unknown): number {
  for (const candidate of candidates) if (candidate.fits(value)) return candidate.index;
  return -1;
}

/** A place in an order and a test, for each type that is in it; several for one that comes twice. */
type Order = (schema: Schema, text: boolean) => readonly (readonly [rank: number, fits: (value: unknown) => boolean])[];

function ordered(branches: readonly Schema[], text: boolean, order: Order): Candidate[] {
  return branches
    .flatMap((branch, index) => order(branch, text).map(([rank, fits]) => ({ rank, index, fits })))
    .sort((a, b) => a.rank - b.rank || a.index - b.index);
}

/** The logical type, where values are converted. */
function logicalOf(schema: Schema, text: boolean) {
  return text && 'logical' in schema ? schema.logical : null;
}

const numberOrder: Order = (schema, text) => {
  const logical = logicalOf(schema, text);
  if (logical !== null) {
    const within = schema.kind === 'int' ? toInt : toLong;
    if (logical.counts) return [[4, (value) => fitsCount(logical.write(value), within)]];
    return [[5, (value) => logical.write(value) !== undefined]];
  }
  // Integers have no -0.
  if (schema.kind === 'int') return [[0, (value) => toInt(value) !== null && !Object.is(value, -0)]];
  if (schema.kind === 'long') return [[1, (value) => toLong(value) !== null && !Object.is(value, -0)]];
  if (schema.kind === 'double') return [[3, (value) => typeof value === 'number' || (typeof value === 'bigint' && BigInt(Number(value)) === value)]];
  if (schema.kind !== 'float') return [];
  return [
    [2, isExactFloat],
    [6, (value) => toFloat(value) !== null]
  ];
};

function isExactFloat(value: unknown): boolean {
  const float = toFloat(value);
  return float !== null && Object.is(Math.fround(float), float);
}

function fitsCount(count: unknown, within: (value: unknown) => unknown): boolean {
  return count !== undefined && within(count) !== null;
}

const textOrder: Order = (schema, text) => {
  const logical = logicalOf(schema, text);
  if (logical !== null) {
    return [
      [2, (value) => isOwnText(logical, value)],
      [2.5, (value) => logical.write(value) !== undefined]
    ];
  }
  if (schema.kind === 'string') return [[0, () => true]];
  if (schema.kind === 'enum') {
    const symbols = new Set<unknown>(schema.symbols);
    return [[1, (value) => symbols.has(value)]];
  }
  if (schema.kind === 'int') return [[3, (value) => toInt(value) !== null]];
  if (schema.kind === 'long') return [[4, (value) => toLong(value) !== null]];
  if (schema.kind === 'fixed') return [[5, (value) => toBytes(value)?.length === schema.size]];
  return schema.kind === 'bytes' ? [[6, (value) => toBytes(value) !== null]] : [];
};

/** Whether a value is the very text that is read for it: 0.50 is a decimal of scale 2 rather than of scale 4. */
function isOwnText(logical: Logical, value: unknown): boolean {
  const underlying = logical.write(value);
  return underlying !== undefined && logical.read(underlying) === value;
}

const bytesOrder: Order = (schema, text) => {
  if (logicalOf(schema, text) !== null) return [];
  if (schema.kind === 'fixed') return [[0, (value) => (value as Uint8Array).length === schema.size]];
  return schema.kind === 'bytes' ? [[1, () => true]] : [];
};

function objectChoice(branches: readonly Schema[], text: boolean): Choice {
  const durations = branches.flatMap((schema, index) => {
    const logical = logicalOf(schema, text);
    return logical?.name === 'duration' ? [{ index, fits: (value: unknown) => logical.write(value) !== undefined }] : [];
  });
  const records = branches.flatMap((schema, index) => (schema.kind === 'record' ? [{ index, leftOut: counter(schema, text) }] : []));
  const map = branches.findIndex(({ kind }) => kind === 'map');
  return (value) => {
    const duration = first(durations, value);
    if (duration >= 0) return duration;
    // Sorting keeps the order of the schema among equals.
    const best = records.map(({ index, leftOut }) => ({ index, count: leftOut(value as Record<string, unknown>) })).sort((a, b) => a.count - b.count)[0];
    if (best !== undefined && (best.count === 0 || (map < 0 && best.count < Infinity))) return best.index;
    // None fits: where there is one alone, it says why.
    return map >= 0 ? map : records.length === 1 ? (best?.index ?? -1) : -1;
  };
}

/** How many properties of an object a record leaves out; Infinity where it cannot be written from it. */
function counter({ fields }: RecordSchema, text: boolean): (value: Readonly<Record<string, unknown>>) => number {
  const tests = fields.map((field) => ({ name: field.name, optional: isOptional(field), fits: kindTest(field.type, text) }));
  return (value) => {
    let met = 0;
    for (const { name, optional, fits } of tests) {
      const part = Object.hasOwn(value, name) ? value[name] : undefined;
      if (part === undefined ? !optional : !fits(part)) return Infinity;
      if (part !== undefined) met++;
    }
    return Object.keys(value).filter((key) => value[key] !== undefined).length - met;
  };
}

function isOptional({ type, fallback }: Field): boolean {
  return fallback !== undefined || type.kind === 'null' || (type.kind === 'union' && type.branches.some(({ kind }) => kind === 'null'));
}

/** Whether a value is of a type, without looking into arrays and objects. */
function kindTest(schema: Schema, text: boolean): (value: unknown) => boolean {
  if (logicalOf(schema, text)?.name === 'duration') return isObject;
  if (schema.kind === 'null') return (value) => value === null;
  if (schema.kind === 'boolean') return (value) => typeof value === 'boolean';
  if (schema.kind === 'array') return (value) => Array.isArray(value);
  if (schema.kind === 'map' || schema.kind === 'record') return isObject;
  if (schema.kind !== 'union') return scalarTest(schema, text);
  const tests = schema.branches.map((branch) => kindTest(branch, text));
  return (value) => tests.some((test) => test(value));
}

function scalarTest(schema: Schema, text: boolean): (value: unknown) => boolean {
  const numbers = numberOrder(schema, text);
  const texts = textOrder(schema, text);
  const bytes = bytesOrder(schema, text);
  return (value) => {
    const tests = typeof value === 'string' ? texts : value instanceof Uint8Array ? bytes : typeof value === 'number' || typeof value === 'bigint' ? numbers : [];
    return tests.some(([, fits]) => fits(value));
  };
}
