import fc from 'fast-check';
import { Bytes } from '../../../src/codec/bytes.ts';

/*
 * A naive model of Avro's types: a shape says what its schema is and which values it has, in the form in which they are read.
 */

export type Shape =
  | { kind: 'plain'; schema: unknown; values: fc.Arbitrary<unknown>; avro: string }
  | { kind: 'enum'; symbols: string[] }
  | { kind: 'fixed'; size: number }
  | { kind: 'array'; items: Shape }
  | { kind: 'map'; values: Shape }
  | { kind: 'record'; fields: Shape[] }
  | { kind: 'union'; branches: Shape[] };

const bytes = (limits: fc.IntArrayConstraints) => fc.uint8Array(limits).map((value) => Bytes.view(value));
const two = (value: number) => String(value).padStart(2, '0');
const day = fc.tuple(fc.integer({ min: 0, max: 9999 }), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 28 })).map(([y, m, d]) => `${String(y).padStart(4, '0')}-${two(m)}-${two(d)}`);
const time = (digits: number) =>
  fc
    .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }), fc.integer({ min: 0, max: 59 }), fc.integer({ min: 0, max: 10 ** digits - 1 }))
    .map(([h, m, s, f]) => `${two(h)}:${two(m)}:${two(s)}.${String(f).padStart(digits, '0')}`);
/** Nanoseconds reach from 1678 to 2262. */
const moment = (digits: number, suffix: string) =>
  fc.tuple(digits === 9 ? fc.constantFrom('1700-02-28', '1969-12-31', '2026-11-27', '2262-04-10') : day, time(digits)).map(([date, clock]) => `${date}T${clock}${suffix}`);
const digits = (count: number, scale: number) =>
  fc.bigInt({ min: -(10n ** BigInt(count)) + 1n, max: 10n ** BigInt(count) - 1n }).map((unscaled) => {
    const text = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
    return `${unscaled < 0n ? '-' : ''}${scale === 0 ? text : `${text.slice(0, -scale)}.${text.slice(-scale)}`}`;
  });
const count = fc.integer({ min: 0, max: 0xffffffff });
const auto = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => (Number.isSafeInteger(Number(value)) ? Number(value) : value));

/** `avro` is what a union may have once: one decimal, in bytes or fixed, for their values look the same. A fixed gets its name from the walk. */
const plains: { schema: unknown; values: fc.Arbitrary<unknown>; avro: string }[] = [
  { schema: 'null', values: fc.constant(null), avro: 'null' },
  { schema: 'boolean', values: fc.boolean(), avro: 'boolean' },
  { schema: 'int', values: fc.integer(), avro: 'int' },
  { schema: 'long', values: fc.oneof(auto, fc.maxSafeInteger()), avro: 'long' },
  { schema: 'float', values: fc.float(), avro: 'float' },
  { schema: 'double', values: fc.double(), avro: 'double' },
  { schema: 'string', values: fc.string({ unit: 'binary' }), avro: 'string' },
  { schema: 'bytes', values: bytes({}), avro: 'bytes' },
  { schema: { type: 'int', logicalType: 'date' }, values: day, avro: 'int' },
  { schema: { type: 'int', logicalType: 'time-millis' }, values: time(3), avro: 'int' },
  { schema: { type: 'long', logicalType: 'time-micros' }, values: time(6), avro: 'long' },
  { schema: { type: 'long', logicalType: 'timestamp-millis' }, values: moment(3, 'Z'), avro: 'long' },
  { schema: { type: 'long', logicalType: 'timestamp-micros' }, values: moment(6, 'Z'), avro: 'long' },
  { schema: { type: 'long', logicalType: 'timestamp-nanos' }, values: moment(9, 'Z'), avro: 'long' },
  { schema: { type: 'long', logicalType: 'local-timestamp-millis' }, values: moment(3, ''), avro: 'long' },
  { schema: { type: 'long', logicalType: 'local-timestamp-micros' }, values: moment(6, ''), avro: 'long' },
  { schema: { type: 'long', logicalType: 'local-timestamp-nanos' }, values: moment(9, ''), avro: 'long' },
  { schema: { type: 'string', logicalType: 'uuid' }, values: fc.uuid(), avro: 'string' },
  { schema: { type: 'bytes', logicalType: 'decimal', precision: 12, scale: 3 }, values: digits(12, 3), avro: 'bytes' },
  { schema: { type: 'bytes', logicalType: 'decimal', precision: 40 }, values: digits(40, 0), avro: 'bytes' },
  { schema: { type: 'bytes', logicalType: 'big-decimal' }, values: fc.integer({ min: 0, max: 20 }).chain((scale) => digits(25, scale)), avro: 'bytes' },
  { schema: { type: 'fixed', size: 12, logicalType: 'duration' }, values: fc.record({ months: count, days: count, millis: count }, { noNullPrototype: true }), avro: 'fixed' },
  { schema: { type: 'fixed', size: 16, logicalType: 'uuid' }, values: fc.uuid(), avro: 'fixed' },
  { schema: { type: 'fixed', size: 8, logicalType: 'decimal', precision: 18, scale: 4 }, values: digits(18, 4), avro: 'bytes' }
];

const symbols = fc.uniqueArray(fc.constantFrom('A', 'B', 'C', '_d', 'constructor', 'toString', '__proto__', 'E5'), { minLength: 1 });

/** What a union has once here: of records and maps one alone, since an empty object may be either. */
const once = (shape: Shape) => (shape.kind === 'plain' ? shape.avro : shape.kind === 'map' ? 'record' : shape.kind);

/** Shapes of any type; schemas with unions in which a value could not be told what it was from are left out. */
export const shapes: fc.Arbitrary<Shape> = fc.letrec<{ shape: Shape; leaf: Shape; notUnion: Shape }>((tie) => ({
  leaf: fc.oneof(
    fc.constantFrom(...plains.map((plain): Shape => ({ kind: 'plain', ...plain }))),
    symbols.map((chosen): Shape => ({ kind: 'enum', symbols: chosen })),
    fc.integer({ min: 0, max: 20 }).map((size): Shape => ({ kind: 'fixed', size }))
  ),
  notUnion: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    tie('leaf'),
    tie('shape').map((items): Shape => ({ kind: 'array', items })),
    tie('shape').map((values): Shape => ({ kind: 'map', values })),
    fc.array(tie('shape'), { maxLength: 5 }).map((fields): Shape => ({ kind: 'record', fields }))
  ),
  shape: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    tie('notUnion'),
    fc.uniqueArray(tie('notUnion'), { minLength: 1, maxLength: 5, selector: once }).map((branches): Shape => ({ kind: 'union', branches }))
  )
})).shape;

/** Names of fields, among them those that every object inherits. */
const fieldNames = ['a', 'b', 'constructor', '__proto__', 'toString'];

/** Field `index` of the record named `name`; its fields are no other record's. */
export function fieldName(name: string, index: number): string {
  return index < 2 ? `${fieldNames[index]}_${name}` : (fieldNames[index] as string);
}

/** Each walk over a shape meets its parts in the same order, and so names them the same. */
export function namer(): (prefix: string) => string {
  let count = 0;
  return (prefix) => `${prefix}${count++}`;
}

export function schemaOf(shape: Shape, name = namer()): unknown {
  switch (shape.kind) {
    case 'plain': {
      const { schema } = shape;
      return typeof schema === 'object' && (schema as { type: string }).type === 'fixed' ? { ...schema, name: name('F') } : schema;
    }
    case 'enum':
      return { type: 'enum', name: name('E'), symbols: shape.symbols };
    case 'fixed':
      return { type: 'fixed', name: name('F'), size: shape.size };
    case 'array':
      return { type: 'array', items: schemaOf(shape.items, name) };
    case 'map':
      return { type: 'map', values: schemaOf(shape.values, name) };
    case 'record': {
      const own = name('R');
      return { type: 'record', name: own, fields: shape.fields.map((field, index) => ({ name: fieldName(own, index), type: schemaOf(field, name) })) };
    }
    case 'union':
      return shape.branches.map((branch) => schemaOf(branch, name));
  }
}

/** An object whose properties are all its own, whatever they are called. */
export function objectOf(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  const object = {};
  for (const [key, value] of entries) Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
  return object;
}

export function valuesOf(shape: Shape, name = namer()): fc.Arbitrary<unknown> {
  switch (shape.kind) {
    case 'plain':
      if ((shape.schema as { type?: string }).type === 'fixed') name('F');
      return shape.values;
    case 'enum':
      name('E');
      return fc.constantFrom(...shape.symbols);
    case 'fixed':
      name('F');
      return bytes({ minLength: shape.size, maxLength: shape.size });
    case 'array':
      return fc.array(valuesOf(shape.items, name), { maxLength: 4 });
    case 'map':
      return fc.uniqueArray(fc.tuple(fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor')), valuesOf(shape.values, name)), { maxLength: 4, selector: ([key]) => key }).map(objectOf);
    case 'record': {
      const own = name('R');
      return fc.tuple(...shape.fields.map((field) => valuesOf(field, name))).map((values) => objectOf(values.map((value, index) => [fieldName(own, index), value])));
    }
    case 'union':
      return fc.oneof(...shape.branches.map((branch) => valuesOf(branch, name)));
  }
}

/** A shape with one of its values. */
export const cases: fc.Arbitrary<{ shape: Shape; value: unknown }> = shapes.chain((shape) => valuesOf(shape).map((value) => ({ shape, value })));
